"""Forms that came when a sign-in had ended, or before a fresh proof: kept sealed, for their sender alone, one hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.models import KeptForm, SignIn, User
from service.accounts.rules.idle import KEPT_AFTER, KEPT_LIFE, KEPT_MOST
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id, token_hash

Fields = list[tuple[str, str]]
GONE = NotFound(
    "nothing_kept",
    words("Nothing that you typed is waiting here. It was sent or thrown away already, or it is older than an hour."),
)
SENT = Conflict("kept_sent", words("This was sent already. Nothing was done twice."))


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was sent. `others` are further ones of the same person."""

    id: UUID
    path: str
    fields: Fields
    kept_at: datetime
    expires_at: datetime
    others: list[UUID]


def keep_after_sign_in(
    *, token: str, path: str, fields: Fields, before: UUID | None = None, address: str | None, wall_now: datetime
) -> UUID | None:
    """Keep a form for whoever's sign-in `token` was, where it ended by idling or by age. `before`: where it says that
    it was kept already. If that is so, it goes on waiting there, once.

    None, and nothing is kept, for a sign-in that was revoked, never got past its second step or ended days ago, for a
    closed account, and for somebody who has many kept forms already.
    """
    with db.transaction() as session:
        row = session.execute(
            select(SignIn.user_id, SignIn.id, SignIn.second_factor_at, SignIn.device_id, User.kind, User.role)
            .join(User, User.id == SignIn.user_id)
            .where(
                SignIn.token_hash == token_hash(token),
                SignIn.revoked_at.is_(None),
                SignIn.seen_at > wall_now - KEPT_AFTER,
                User.deactivated_at.is_(None),
            )
        ).one_or_none()
        if row is None or (row.second_factor_at is None and (row.kind == "staff" or row.device_id is None)):
            return None
        actor = Actor(row.kind, row.user_id, row.role, sign_in_id=row.id, address=address)
        return _keep(session, actor, path, fields, before, wall_now)


def keep_before_proof(
    *, path: str, fields: Fields, before: UUID | None = None, actor: Actor, wall_now: datetime
) -> UUID | None:
    """Keep a form for `actor`, who is signed in and must prove first that it is them. `before` as above."""
    with db.transaction() as session:
        return _keep(session, actor, path, fields, before, wall_now)


def _keep(
    session: Session, actor: Actor, path: str, fields: Fields, before: UUID | None, wall_now: datetime
) -> UUID | None:
    user_id = actor.user_id
    assert user_id is not None
    # Locked, so that the count holds for forms that come together.
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    there = select(KeptForm.id).where(*_waiting(user_id, wall_now), KeptForm.id == before, KeptForm.path == path)
    if before is not None and session.scalar(there) is not None:
        return before
    waiting = select(func.count()).select_from(KeptForm).where(*_waiting(user_id, wall_now))
    if (session.scalar(waiting) or 0) >= KEPT_MOST:
        return None
    kept_id = new_id()
    session.add(
        KeptForm(
            id=kept_id,
            user_id=user_id,
            path=path,
            fields_sealed=crypto.seal_json(fields, "kept_forms", "fields", kept_id),
            created_at=wall_now,
            expires_at=wall_now + KEPT_LIFE,
        )
    )
    audit.record(session, actor, "form.keep", "kept_form", kept_id)
    return kept_id


def open_kept(*, kept_id: UUID, user_id: UUID, wall_now: datetime) -> Kept:
    """The form, for its sender. Raises NotFound for anybody else, and once it is used or an hour old."""
    with db.reading() as session:
        rows = list(session.scalars(select(KeptForm).where(*_waiting(user_id, wall_now)).order_by(KeptForm.id)))
    found = next((row for row in rows if row.id == kept_id), None)
    if found is None:
        raise GONE
    fields = cast("list[list[str]]", crypto.unseal_json(found.fields_sealed, "kept_forms", "fields", kept_id))
    return Kept(
        id=kept_id,
        path=found.path,
        fields=[(name, value) for name, value in fields],
        kept_at=found.created_at,
        expires_at=found.expires_at,
        others=[row.id for row in rows if row.id != kept_id],
    )


def claim(*, kept_id: UUID, path: str, actor: Actor, wall_now: datetime) -> None:
    """It is being sent now, to the path it was kept for. Raises NotFound, and Conflict the second time.

    Not asked is how old it is: the page with it may have been open for longer than an hour, and they are signed in.
    """
    with db.transaction() as session:
        row = session.get(KeptForm, kept_id, with_for_update=True)
        if row is None or row.user_id != actor.user_id or row.path != path:
            raise GONE
        if row.used_at is not None:
            raise SENT
        row.used_at = wall_now
        audit.record(session, actor, "form.send_kept", "kept_form", kept_id)


def settle(*, kept_id: UUID, done: bool) -> None:
    """After the attempt: what arrived is emptied, what met a broken page may be sent again."""
    with db.transaction() as session:
        row = session.get_one(KeptForm, kept_id, with_for_update=True)
        if done:
            _empty(row)
        else:
            row.used_at = None


def throw_away(*, kept_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """They do not want it any more. Raises NotFound."""
    with db.transaction() as session:
        row = session.get(KeptForm, kept_id, with_for_update=True)
        if row is None or row.user_id != actor.user_id or row.used_at is not None:
            raise GONE
        row.used_at = wall_now
        _empty(row)
        audit.record(session, actor, "form.throw_away", "kept_form", kept_id)


def _empty(row: KeptForm) -> None:
    row.fields_sealed = crypto.seal_json([], "kept_forms", "fields", row.id)


def _waiting(user_id: UUID, wall_now: datetime) -> tuple[Any, ...]:
    return (KeptForm.user_id == user_id, KeptForm.used_at.is_(None), KeptForm.expires_at > wall_now)
