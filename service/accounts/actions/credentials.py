"""A new password, by somebody who is signed in and knows the old one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import writes as letters
from service.accounts.actions import tries
from service.accounts.models import SignIn, User
from service.accounts.queries.people import names_of
from service.accounts.rules import password_problem
from service.accounts.rules.links import NEW_EMAIL, RESET
from service.accounts.writes import credentials as writes
from service.accounts.writes import sign_ins
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.kit.passwords import hash_password, verify_password

WRONG = Rejected("password_wrong", words("That is not your present password. Check it and try again."))
SAME = Rejected("password_same", words("That is your present password. Choose a new one."))
WAIT = NotAllowed("password_wait", words("There were too many tries. Wait a few minutes, then try again."))


def change_password(
    *,
    user_id: UUID,
    sign_in_id: UUID,
    old: str,
    new: str,
    end_others: bool,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> str | None:
    """Set a new password, mail word of it, and with `end_others` sign out and forget every other browser.

    Returns the new token of this sign-in, None where it ended meanwhile. Raises Rejected for a wrong old or an unfit
    new password, NotAllowed after too many tries.
    """
    stored = prove_password(
        user_id=user_id, password=old, actor=actor, doing="account.change_password", wall_now=wall_now
    )
    with db.reading() as session:
        user = session.scalars(select(User).where(User.id == user_id)).one()
        email = crypto.unseal(user.email_sealed, "users", "email", user_id)
        about = [*names_of(user.display_name_sealed, user_id), email]
    if new == old:
        raise SAME
    if problem := password_problem(new, about):
        raise Rejected("password_unfit", problem)
    hashed = hash_password(new)  # slow: outside any transaction
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        if user.password_hash != stored:
            raise WRONG  # it was changed elsewhere meanwhile
        user.password_hash, user.password_changed_at = hashed, wall_now
        writes.spend_links(session, user_id=user_id, purposes=(RESET, NEW_EMAIL), wall_now=wall_now)
        if end_others:
            writes.end_sign_ins(session, user_id=user_id, wall_now=wall_now, but=sign_in_id)
            device = device_of(session, sign_in_id)
            writes.forget_devices(session, user_id=user_id, wall_now=wall_now, but=device)
        letters.tell_security_changed(session, user_id=user_id, what="password_changed", now=now)
        audit.record(session, actor, "account.change_password", "user", user_id)
        return sign_ins.renewed_token(session, sign_in_id, user_id, wall_now)


def prove_password(*, user_id: UUID, password: str, actor: Actor, doing: str, wall_now: datetime) -> str:
    """Check somebody's present password, with back-off. Returns the stored hash that it fits.

    A wrong one is noted as a refused `doing`. Raises Rejected, or NotAllowed after too many tries.
    """
    key = crypto.index(f"password:{user_id}", "password")
    with db.transaction() as session:
        allowed = tries.allow(session, key, wall_now)
        stored = session.scalars(
            select(User.password_hash).where(User.id == user_id, User.deactivated_at.is_(None))
        ).one_or_none()
        if not allowed:
            audit.record(session, actor, doing, "user", user_id, outcome="refused", reason="password_wait")
    if not allowed:
        raise WAIT
    right = verify_password(stored, password)  # slow: outside any transaction
    with db.transaction() as session:
        if right:
            tries.forget(session, key, wall_now=wall_now)
        else:
            audit.record(session, actor, doing, "user", user_id, outcome="refused", reason="password_wrong")
    if not right or stored is None:
        raise WRONG
    return stored


def device_of(session: Session, sign_in_id: UUID) -> UUID | None:
    """The known browser that a sign-in happened in, if it is one."""
    return session.scalar(select(SignIn.device_id).where(SignIn.id == sign_in_id))
