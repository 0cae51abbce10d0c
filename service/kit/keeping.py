"""Nothing typed is lost: a form that arrives after its sender's sign-in ran out is kept for them, and for nobody else.

Likewise a form that needs a fresh proof first. The page at KEPT then lets them send it once, or throw it away. Who a
sender was, and where forms are kept, is the `Keeper`'s business; a form with a password or a code never reaches it.
"""

from __future__ import annotations

import re
from typing import Protocol
from uuid import UUID

import structlog
from flask import Flask, Response, current_app, g, request, session
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError

from service.kit import access

log = structlog.get_logger(__name__)

KEPT = "accounts.kept"
FIELD = "kept_form"  # in a form that was kept before: which
MOST = 120 * 1024  # bytes; a form may have 128 KB, and gets one field more when it is sent again
# What proves who somebody is, or pays, is never kept, not even sealed, nor is the form around it.
# A test looks at the name of every password field in the house.
SECRET = re.compile(
    r"passw|passkey|token|secret|credential|cvc|(^|[_-])(otp|pin|card|code)s?$|^(old|new|current|again)$", re.IGNORECASE
)
NO_SECRET = frozenset({"zip_code"})

Fields = list[tuple[str, str]]


class Keeper(Protocol):
    """Where forms are kept."""

    def after_sign_in(self, token: str, path: str, fields: Fields) -> UUID | None:
        """Keep it for whoever's sign-in `token` was, if that ended by itself. None when it is not kept."""

    def before_proof(self, path: str, fields: Fields) -> UUID | None:
        """Keep it for whoever is signed in."""

    def claim(self, kept_id: UUID, path: str) -> None:
        """It is being sent. Raises NotFound for one that is not theirs, Conflict the second time."""

    def settle(self, kept_id: UUID, *, done: bool) -> None:
        """It arrived, or it did not and may be sent again."""


def install(app: Flask, keeper: Keeper) -> None:
    """Keep forms with `keeper`."""
    app.extensions["homeward_keeper"] = keeper
    app.after_request(_settle)


def keepable(sent: Fields) -> Fields:
    """What of a form is kept: all that was typed, or nothing of one that carries a secret or is too big."""
    fields = [(name, value) for name, value in sent if name not in (FIELD, "csrf_token")]
    if any(SECRET.search(name) and name not in NO_SECRET for name, _ in fields):
        return []
    if sum(len(name.encode()) + len(value.encode()) for name, value in fields) > MOST:
        return []
    return fields if any(value.strip() for _, value in fields) else []


def keep(door: access.Door, csrf: CSRFProtect) -> UUID | None:
    """Keep the form of this request, which its door turned away. None where nothing was kept."""
    keeper: Keeper | None = current_app.extensions.get("homeward_keeper")
    if keeper is None or request.method != "POST" or door.kind not in ("patient", "staff", "signed_in"):
        return None
    fields = keepable(list(request.form.items(multi=True)))
    token = session.get("_user_id")
    if not fields or token is None or len(request.full_path) > 2000 or not _came_from_our_page(csrf):
        return None
    path = request.full_path.rstrip("?")
    try:
        if current_user.is_authenticated:
            return keeper.before_proof(path, fields)
        return keeper.after_sign_in(token, path, fields)
    except SQLAlchemyError as error:
        log.warning("a form could not be kept", error=type(error).__name__)  # help, where it is due, still comes
        return None


def keep_on(door: access.Door, csrf: CSRFProtect) -> UUID | None:
    """The same for a form that was let in and then turned away: one that was kept before waits on where it was."""
    kept_id: UUID | None = g.pop("kept_form", None)
    if kept_id is None:
        return keep(door, csrf)
    keeper: Keeper = current_app.extensions["homeward_keeper"]
    keeper.settle(kept_id, done=False)
    return kept_id


def claim() -> None:
    """Where this form was kept before, it is sent now, and only once."""
    if request.method != "POST" or FIELD not in request.form:
        return
    keeper: Keeper | None = current_app.extensions.get("homeward_keeper")
    if keeper is None or not current_user.is_authenticated:
        return
    kept_id = _id(request.form[FIELD])
    keeper.claim(kept_id, request.full_path.rstrip("?"))
    g.kept_form = kept_id


def _settle(response: Response) -> Response:
    kept_id = g.pop("kept_form", None)
    if kept_id is not None:
        keeper: Keeper = current_app.extensions["homeward_keeper"]
        try:
            # A page that asks for something more carries what was typed itself. Any other no leaves it waiting here.
            keeper.settle(kept_id, done=response.status_code < 400 or response.status_code == 422)
        except SQLAlchemyError as error:
            log.warning("a kept form was sent and not crossed out", error=type(error).__name__)
    return response


def _came_from_our_page(csrf: CSRFProtect) -> bool:
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's
