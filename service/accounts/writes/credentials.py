"""What people sign in with, inside the caller's transaction: links, sign-ins that end, browsers that are forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.accounts.models import KnownDevice, OneTimeLink, SignIn, User
from service.audit import writes as audit
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.ids import new_id, new_token, token_hash


def new_link(
    session: Session,
    *,
    user_id: UUID,
    purpose: str,
    life: timedelta,
    wall_now: datetime,
    detail: dict[str, Any] | None = None,
) -> tuple[UUID, str]:
    """A single-use link. Returns its id and the token to mail, which is kept only as a hash."""
    link_id, token = new_id(), new_token()
    session.add(
        OneTimeLink(
            id=link_id,
            user_id=user_id,
            purpose=purpose,
            token_hash=token_hash(token),
            detail_sealed=None if detail is None else crypto.seal_json(detail, "one_time_links", "detail", link_id),
            created_at=wall_now,
            expires_at=wall_now + life,
        )
    )
    session.flush()
    return link_id, token


def spend_links(session: Session, *, user_id: UUID, purposes: Collection[str], wall_now: datetime) -> None:
    """No unused link of these purposes works any more."""
    session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.user_id == user_id,
            OneTimeLink.purpose.in_(purposes),
            OneTimeLink.used_at.is_(None),
        )
        .values(used_at=wall_now)
    )


def note_stale_link(session: Session, actor: Actor, *, token: str, purpose: str, action: str) -> None:
    """A link that was mailed once and no longer works was tried: that leaves a trace. A made-up one is nobody's."""
    found = session.scalar(
        select(OneTimeLink.user_id).where(OneTimeLink.token_hash == token_hash(token), OneTimeLink.purpose == purpose)
    )
    if found is not None:
        audit.record(session, actor, action, "user", found, outcome="refused", reason="link_expired")


def end_sign_ins(session: Session, *, user_id: UUID, wall_now: datetime, but: UUID | None = None) -> None:
    """Everybody who is signed in as `user_id` is signed out, `but` one sign-in where it is given.

    An app's secret that waits in one of the ended sign-ins goes too.
    """
    elsewhere = update(User).where(User.id == user_id, User.totp_pending_for.is_distinct_from(but))
    session.execute(elsewhere.values(totp_pending_sealed=None, totp_pending_for=None, totp_pending_at=None))
    standing = update(SignIn).where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
    if but is not None:
        standing = standing.where(SignIn.id != but)
    session.execute(standing.values(revoked_at=wall_now))


def forget_devices(session: Session, *, user_id: UUID, wall_now: datetime, but: UUID | None = None) -> None:
    """No browser spares the second step any more, `but` one device where it is given."""
    known = update(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.forgotten_at.is_(None))
    if but is not None:
        known = known.where(KnownDevice.id != but)
    session.execute(known.values(forgotten_at=wall_now))
