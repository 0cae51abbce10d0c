"""What somebody shows to prove that it is them, and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.accounts.actions import tries
from service.accounts.models import SignIn, User
from service.accounts.queries.factors import has_factor
from service.accounts.rules import FREE_FAILURES
from service.accounts.rules.passkeys import Site, Unfit
from service.accounts.writes import factors as proofs
from service.accounts.writes.letters import tell_codes_tried
from service.kit.errors import NotAllowed, Rejected, words

WAIT = NotAllowed("code_wait", words("There were too many tries. Wait a few minutes, then try again."))
ENDED = NotAllowed("signed_out", words("You were signed out meanwhile. Sign in again."))
WRONG = {
    "app": Rejected("code_wrong", words("That code is not right, or was used already. Wait for the next one.")),
    "recovery": Rejected("code_wrong", words("That is not one of your recovery codes, or it was used already.")),
    "mail": Rejected(
        "code_wrong", words("That code is not right, or is older than 10 minutes. Check it, or have a new one mailed.")
    ),
    "passkey": Rejected(
        "code_wrong", words("That passkey did not work here. Try it once more, or choose another way.")
    ),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One try. `way` is app, recovery, mail or passkey; for a passkey `code` is the browser's answer (JSON)."""

    way: str
    code: str
    challenge: bytes = b""


def is_right(
    session: Session,
    user: User,
    row: SignIn,
    shown: Shown,
    *,
    purpose: str,
    site: Site,
    now: datetime,
    wall_now: datetime,
) -> bool:
    """Count the try, then judge it. Raises NotAllowed, and judges nothing, while the account must wait.

    Whoever gets here knew the password: after the fifth wrong try the owner is told. A mailed code speaks only for
    people without a second step of their own: it must not be a way around one.
    """
    tried = tries.allow_code(session, user.id, wall_now)
    if tried is None:
        raise WAIT
    if shown.way == "app":
        right = proofs.app_code_is_right(user, shown.code, wall_now)
    elif shown.way == "passkey":
        right = _passkey(session, user, shown, site, wall_now)
    elif has_factor(session, user):
        right = shown.way == "recovery" and proofs.use_recovery_code(session, user.id, shown.code, now, wall_now)
    else:
        right = (
            shown.way == "mail"
            and user.kind == "patient"
            and proofs.use_mailed_code(session, sign_in_id=row.id, purpose=purpose, code=shown.code, wall_now=wall_now)
        )
    if right:
        tries.forget(session, tries.of_code(user.id), wall_now=wall_now)
    elif tried >= FREE_FAILURES:
        tell_codes_tried(session, user_id=user.id, now=now, wall_now=wall_now)
    return right


def _passkey(session: Session, user: User, shown: Shown, site: Site, wall_now: datetime) -> bool:
    try:
        proofs.use_passkey(session, site, shown.code, shown.challenge, wall_now, of=user.id)
    except Unfit:
        return False
    return True
