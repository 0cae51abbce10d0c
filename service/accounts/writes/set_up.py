"""Staff who have no second step: the code that lets them add their first, handed over by whoever removed the last one.

The password, and a mailbox that can replace it, must not be all it takes. Every moment here is wall time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import OneTimeLink, User
from service.accounts.rules.factors import SET_UP_LIFE, new_set_up_code, plain_recovery_code
from service.accounts.rules.links import SET_UP
from service.accounts.writes.credentials import spend_links
from service.kit import crypto
from service.kit.ids import new_id


def open_to_the_invited(user: User, wall_now: datetime) -> None:
    """The link of the invitation said who it is: for 72 hours no other code is asked for."""
    user.set_up_until = wall_now + SET_UP_LIFE


def hand_over(session: Session, user: User, wall_now: datetime) -> str:
    """A code that works for 72 hours, in place of any other. Returned this once, and kept only as a keyed digest."""
    close(session, user, wall_now)
    code = new_set_up_code()
    session.add(
        OneTimeLink(
            id=new_id(),
            user_id=user.id,
            purpose=SET_UP,
            token_hash=_digest(user.id, code),
            created_at=wall_now,
            expires_at=wall_now + SET_UP_LIFE,
        )
    )
    return code


def is_right(session: Session, user_id: UUID, code: str, wall_now: datetime) -> bool:
    """Is this the code that was handed over, while it works? It is used up when a second step is added."""
    found = exists().where(
        OneTimeLink.user_id == user_id,
        OneTimeLink.purpose == SET_UP,
        OneTimeLink.token_hash == _digest(user_id, code),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > wall_now,
    )
    return bool(session.scalar(select(found)))


def close(session: Session, user: User, wall_now: datetime) -> None:
    """Neither an invitation nor a code lets anybody add a first second step any more."""
    user.set_up_until = None
    spend_links(session, user_id=user.id, purposes=(SET_UP,), wall_now=wall_now)


def _digest(user_id: UUID, code: str) -> bytes:
    return crypto.index(f"{user_id}:{plain_recovery_code(code)}", "set_up_code")
