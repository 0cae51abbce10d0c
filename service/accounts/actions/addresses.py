"""Proving that an address is one's own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from service.accounts import writes
from service.accounts.models import OneTimeLink, User
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.kit.ids import token_hash

EXPIRED = Rejected(
    "link_expired", words("This link has expired or was used already. Sign in and we will send you a new one.")
)


def link_is_open(*, token: str, wall_now: datetime) -> bool:
    """May this confirmation link still be used? Looking changes nothing: scanners open links too."""
    with db.reading() as session:
        link = session.scalars(select(OneTimeLink).where(OneTimeLink.token_hash == token_hash(token))).one_or_none()
        return link is not None and link.used_at is None and link.expires_at > wall_now


def confirm_address(*, token: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Use a confirmation link up. A second press of the button finds the address confirmed and is content.

    Raises Rejected for an unknown or expired link.
    """
    with db.transaction() as session:
        found = session.execute(
            select(OneTimeLink, User)
            .join(User, User.id == OneTimeLink.user_id)
            .where(OneTimeLink.token_hash == token_hash(token), OneTimeLink.purpose == "confirm_email")
            .with_for_update()
        ).one_or_none()
        if found is None:
            raise EXPIRED
        link, user = found
        if link.used_at is not None and user.email_confirmed_at is not None:
            return
        if link.expires_at <= wall_now or link.used_at is not None:
            raise EXPIRED
        link.used_at = wall_now
        user.email_confirmed_at = user.email_confirmed_at or now
        audit.record(session, actor, "account.confirm_address", "user", user.id)


def send_confirmation_again(*, user_id: UUID, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Another confirmation mail, at most one a minute. Nothing happens when the address is confirmed."""
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        newest = session.scalar(
            select(OneTimeLink.created_at)
            .where(OneTimeLink.user_id == user_id, OneTimeLink.purpose == "confirm_email")
            .order_by(OneTimeLink.created_at.desc())
            .limit(1)
        )
        too_soon = newest is not None and (wall_now - newest).total_seconds() < 60
        if user.email_confirmed_at is None and not too_soon:
            writes.send_confirmation(session, user_id=user_id, now=now)
            audit.record(session, actor, "account.send_confirmation", "user", user_id)
