"""Ending sign-ins one did not want to leave open, and forgetting browsers. Every moment here is wall time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.actions.credentials import device_of
from service.accounts.models import KnownDevice, SignIn
from service.accounts.writes import credentials as writes
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotFound, words

NO_SUCH_SIGN_IN = NotFound("no_such_sign_in", words("We could not find that sign-in."))
NO_SUCH_DEVICE = NotFound("no_such_device", words("We could not find that browser."))


def end_one(*, user_id: UUID, sign_in_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """End one of one's own sign-ins. Twice is once. Raises NotFound, for somebody else's too."""
    with db.transaction() as session:
        query = select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user_id).with_for_update()
        found = session.scalars(query).one_or_none()
        if found is None:
            raise NO_SUCH_SIGN_IN
        if found.revoked_at is None:
            found.revoked_at = wall_now
            audit.record(session, actor, "account.end_sign_in", "sign_in", sign_in_id)


def end_others(*, user_id: UUID, sign_in_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Sign out everywhere but here, and forget the browsers that were signed in elsewhere."""
    with db.transaction() as session:
        writes.end_sign_ins(session, user_id=user_id, wall_now=wall_now, but=sign_in_id)
        _forget(session, user_id, wall_now, but=device_of(session, sign_in_id))
        audit.record(session, actor, "account.end_other_sign_ins", "user", user_id)


def end_all(*, user_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Sign out everywhere, here too, and forget every browser."""
    with db.transaction() as session:
        writes.end_sign_ins(session, user_id=user_id, wall_now=wall_now)
        _forget(session, user_id, wall_now)
        audit.record(session, actor, "account.end_all_sign_ins", "user", user_id)


def forget(*, user_id: UUID, device_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Forget one browser: its next sign-in needs the second step. Twice is once. Raises NotFound."""
    with db.transaction() as session:
        query = select(KnownDevice).where(KnownDevice.id == device_id, KnownDevice.user_id == user_id)
        found = session.scalars(query.with_for_update()).one_or_none()
        if found is None:
            raise NO_SUCH_DEVICE
        if found.forgotten_at is None:
            found.forgotten_at = wall_now
            audit.record(session, actor, "account.forget_device", "device", device_id)


def forget_all(*, user_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Forget every browser. Nobody is signed out by it."""
    with db.transaction() as session:
        _forget(session, user_id, wall_now)
        audit.record(session, actor, "account.forget_devices", "user", user_id)


def _forget(session: Session, user_id: UUID, wall_now: datetime, but: UUID | None = None) -> None:
    writes.forget_devices(session, user_id=user_id, wall_now=wall_now, but=but)
