"""In and out of the door. Every moment here is wall time."""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.accounts.actions import tries
from service.accounts.models import SignIn, User
from service.accounts.queries import user_by_email
from service.accounts.rules import ABSOLUTE, TOTP_PERIOD, normal_email
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.kit.ids import new_id, new_token, token_hash
from service.kit.passwords import verify_password

WRONG = Rejected(
    "sign_in_wrong",
    words(
        "The email address or password is not right. Check both and try again. "
        "If you have just joined, open the link we mailed you first."
    ),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: the token for the cookie, and whether a second factor is still to come."""

    token: str
    kind: str
    needs_second_factor: bool


def sign_in(*, email: str, password: str, actor: Actor, wall_now: datetime) -> SignedIn:
    """Check the password and open a sign-in under a new token.

    Raises Rejected for a wrong pair, an unknown or unproved address and a closed account alike; NotAllowed while one
    must wait after too many tries. Unknown addresses take the same time and count their failures too.
    """
    try:
        address = normal_email(email)
    except Rejected:
        verify_password(None, password)
        raise WRONG from None
    with db.transaction() as session:  # counted before it is judged: many tries at once are many tries
        allowed = tries.allow_password(session, address, actor.address, wall_now)
        user = user_by_email(session, address)
        stored = user.password_hash if user and user.deactivated_at is None else None
    if not allowed:
        raise NotAllowed(
            "sign_in_wait",
            words("There were too many tries for this address. Wait a few minutes, then try again."),
        )
    right = verify_password(stored, password)  # slow: outside any transaction
    with db.transaction() as session:
        if not right or user is None:
            audit.record(session, actor, "account.sign_in", "user", user.id if user else None, outcome="refused")
        else:
            tries.forget_password(session, address, actor.address, wall_now)
            token = _open(session, user, wall_now)
            audit.record(session, _as(actor, user), "account.sign_in", "user", user.id)
    if not right or user is None:
        raise WRONG
    return SignedIn(token, user.kind, needs_second_factor=user.kind == "staff")


def _as(actor: Actor, user: User) -> Actor:
    return Actor(
        "staff" if user.kind == "staff" else "patient",
        user.id,
        user.role,
        address=actor.address,
        user_agent=actor.user_agent,
    )


def _open(session: Session, user: User, wall_now: datetime) -> str:
    token = new_token()
    session.add(
        SignIn(
            id=new_id(),
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=wall_now,
            seen_at=wall_now,
            expires_at=wall_now + ABSOLUTE,
        )
    )
    return token


def second_factor(*, sign_in_id: UUID, user_id: UUID, code: str, actor: Actor, wall_now: datetime) -> str:
    """Check a time-based code and replace the sign-in's token. Returns the new token.

    A code works once, and one period (30 s) early or late. Raises Rejected for a wrong or used code, NotAllowed
    while the account must wait.
    """
    wrong = False
    token = new_token()
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        if not tries.allow(session, tries.of_code(user_id), wall_now):
            raise NotAllowed("code_wait", words("There were too many tries. Wait a few minutes, then try again."))
        step = _matching_step(user, code, wall_now)
        if step is None:
            wrong = True
        else:
            user.totp_last_step = step
            tries.forget(session, tries.of_code(user_id), wall_now=wall_now)
            session.execute(
                update(SignIn)
                .where(SignIn.id == sign_in_id, SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
                .values(token_hash=token_hash(token), second_factor_at=wall_now, seen_at=wall_now)
            )
        audit.record(session, actor, "account.second_factor", "user", user_id, outcome="refused" if wrong else "done")
    if wrong:
        raise Rejected("code_wrong", words("That code is not right, or was used already. Wait for the next one."))
    return token


def _matching_step(user: User, code: str, wall_now: datetime) -> int | None:
    """The time step that `code` belongs to and that is newer than the last one used."""
    if user.totp_sealed is None:
        return None
    totp = pyotp.TOTP(crypto.unseal(user.totp_sealed, "users", "totp", user.id), interval=TOTP_PERIOD)
    # Whatever script the digits were typed in, and with whatever between them.
    digits = "".join(str(unicodedata.decimal(letter)) for letter in code if letter.isdecimal())
    current = int(wall_now.timestamp()) // TOTP_PERIOD
    for step in (current, current - 1, current + 1):
        fresh = user.totp_last_step is None or step > user.totp_last_step
        if fresh and hmac.compare_digest(totp.at(step * TOTP_PERIOD), digits):
            return step
    return None


def sign_out(*, sign_in_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Revoke this sign-in. Twice is once."""
    with db.transaction() as session:
        session.execute(
            update(SignIn).where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None)).values(revoked_at=wall_now)
        )
        audit.record(session, actor, "account.sign_out", "user", actor.user_id)


def touch(*, sign_in_id: UUID, wall_now: datetime) -> None:
    """Note that the person was here, so that the idle limit counts from now."""
    with db.transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=wall_now))
