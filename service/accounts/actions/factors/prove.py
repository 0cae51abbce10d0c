"""Proving once more that it is you, before something risky. Wall time, but `now`, which dates a mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts.actions import tries
from service.accounts.actions.factors.second_step import SENT_ALREADY
from service.accounts.actions.factors.shown import ENDED, WAIT, WRONG, Shown, is_right
from service.accounts.models import SignIn, User
from service.accounts.queries.factors import has_factor
from service.accounts.rules.passkeys import Site
from service.accounts.writes import factors as proofs
from service.accounts.writes import sign_ins
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.kit.passwords import verify_password

PASSWORD_WRONG = Rejected("password_wrong", words("That password is not right. Check it and try again."))


def prove(
    *,
    sign_in_id: UUID,
    user_id: UUID,
    shown: Shown,
    site: Site,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> str:
    """Note that the person proved it again, and give the sign-in a new token, which is returned.

    For people without a second step of their own `shown` is the code that `send_proof_code` mailed.
    Raises Rejected for what is not right or was used, NotAllowed while the account must wait.
    """
    with db.transaction() as session:
        user, row = _halves(session, user_id, sign_in_id)
        right = is_right(session, user, row, shown, purpose="prove", site=site, now=now, wall_now=wall_now)
        if right:
            row.proved_at = wall_now
            token = sign_ins.renew_token(row, wall_now)
        outcome = "done" if right else "refused"
        audit.record(session, actor, "account.prove", "user", user_id, reason=shown.way, outcome=outcome)
    if not right:
        raise WRONG.get(shown.way, WRONG["app"])
    return token


def send_proof_code(
    *, sign_in_id: UUID, user_id: UUID, password: str, actor: Actor, now: datetime, wall_now: datetime
) -> None:
    """Check the password, then mail the code that is the other half of the proof.

    Raises Rejected for another password, NotAllowed while the account must wait, or where a code left just now.
    """
    with db.transaction() as session:
        user, _ = _halves(session, user_id, sign_in_id)
        allowed = tries.allow_code(session, user_id, wall_now) is not None
        stored = None if user.kind != "patient" or has_factor(session, user) else user.password_hash
    if not allowed:
        raise WAIT
    right = verify_password(stored, password)  # slow: outside any transaction
    with db.transaction() as session:
        _halves(session, user_id, sign_in_id)
        # The count of tries goes on until the code is right too: knowing the password buys no guesses.
        sent = right and proofs.mail_code(
            session, user_id=user_id, sign_in_id=sign_in_id, purpose="prove", now=now, wall_now=wall_now
        )
        outcome = "done" if sent else "refused"
        audit.record(session, actor, "account.send_code", "user", user_id, reason="prove", outcome=outcome)
    if not right:
        raise PASSWORD_WRONG
    if not sent:
        raise SENT_ALREADY


def _halves(session: Session, user_id: UUID, sign_in_id: UUID) -> tuple[User, SignIn]:
    user = proofs.locked_user(session, user_id)
    row = sign_ins.standing_sign_in(session, sign_in_id, user_id)
    if row is None:
        raise ENDED
    return user, row
