"""Staff made without an invitation: the sandbox's demo people and nobody else (see invitations.py)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from service.accounts import writes
from service.accounts.models import ROLES, User
from service.accounts.rules import normal_email
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words
from service.kit.passwords import hash_password


def create_staff(
    *,
    email: str,
    password: str,
    display_name: str,
    role: str,
    actor: Actor,
    totp_secret: str,
    now: datetime,
) -> UUID:
    """Add a member of staff with a TOTP secret (base32), which the caller must hand over. Returns the user's id.

    Raises Rejected for an unknown role or unfit address, Conflict when the address has an account.
    """
    if role not in ROLES:
        raise Rejected("no_such_role", words("There is no such role."))
    address = normal_email(email)
    hashed = hash_password(password)
    given, _, family = display_name.partition(" ")
    with db.transaction() as session:
        user_id = writes.create_user(
            session,
            kind="staff",
            role=role,
            email=address,
            password_hash=hashed,
            names=(given, family),
            locale="en",
            now=now,
            confirmed_at=now,
        )
        if user_id is None:
            raise Conflict("address_taken", words("This address has an account already."))
        user = session.scalars(select(User).where(User.id == user_id)).one()
        user.totp_sealed = crypto.seal(totp_secret, "users", "totp", user_id)
        audit.record(session, actor, "staff.create", "user", user_id)
    return user_id
