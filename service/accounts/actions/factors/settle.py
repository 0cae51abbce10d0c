"""What adding or removing any second step has in common."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts.actions.factors.shown import ENDED
from service.accounts.actions.sign_in import SignedIn
from service.accounts.models import SignIn, User
from service.accounts.queries.factors import has_factor, set_up_code_due
from service.accounts.writes import factors as proofs
from service.accounts.writes import set_up, sign_ins, tell_security_changed
from service.accounts.writes.credentials import end_sign_ins
from service.kit.errors import Conflict, NotAllowed, words

FIRST_STEP_FIRST = NotAllowed("second_step_due", words("Show your second step first. Then you may add another."))
CODE_FIRST = NotAllowed("set_up_code_due", words("Enter the code first that the owner of the practice gave you."))
LAST_OF_STAFF = Conflict(
    "last_second_step", words("This is your only second step, and staff need one. Add another first, then remove this.")
)


def changing(session: Session, user_id: UUID, sign_in_id: UUID, wall_now: datetime) -> tuple[User, SignIn]:
    """The account and the sign-in, both locked.

    Raises NotAllowed for a half-done sign-in of somebody who has a second step to show, and for staff who have none and
    did not show here the code that was handed over: a password, or a mailbox, must not become a way in.
    """
    user = proofs.locked_user(session, user_id)
    row = sign_ins.standing_sign_in(session, sign_in_id, user_id)
    if row is None:
        raise ENDED
    halfway = row.second_factor_at is None and (user.kind == "staff" or row.device_id is None)
    if halfway and (user.kind == "patient" or has_factor(session, user)):
        raise FIRST_STEP_FIRST
    if halfway and set_up_code_due(session, user_id, sign_in_id, wall_now):
        raise CODE_FIRST
    return user, row


def added(
    session: Session,
    user: User,
    row: SignIn,
    what: str,
    device_cookie: str | None,
    *,
    end_others: bool,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Tell the owner, end other sign-ins where asked, and go on under a new token.

    For staff who set up their first one this is the second step of the sign-in itself.
    """
    cookie = None
    if user.kind == "staff" and row.second_factor_at is None:
        cookie = sign_ins.come_in(session, row, device_cookie, spares_step=False, now=now, wall_now=wall_now)
        set_up.close(session, user, wall_now)
    _changed(session, user, row, what, end_others=end_others, now=now, wall_now=wall_now)
    return SignedIn(sign_ins.renew_token(row, wall_now), user.kind, device_cookie=cookie)


def removed(
    session: Session, user: User, row: SignIn, what: str, *, end_others: bool, now: datetime, wall_now: datetime
) -> str:
    """Tell the owner; recovery codes go with the last second step. Returns the new token. Raises Conflict for staff."""
    session.flush()
    if not has_factor(session, user):
        if user.kind == "staff":
            raise LAST_OF_STAFF
        proofs.drop_recovery_codes(session, user.id, wall_now)
    _changed(session, user, row, what, end_others=end_others, now=now, wall_now=wall_now)
    return sign_ins.renew_token(row, wall_now)


def _changed(
    session: Session, user: User, row: SignIn, what: str, *, end_others: bool, now: datetime, wall_now: datetime
) -> None:
    tell_security_changed(session, user_id=user.id, what=what, now=now)
    if end_others:
        end_sign_ins(session, user_id=user.id, wall_now=wall_now, but=row.id)
