"""Where somebody is signed in, and which browsers we know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from service.accounts.models import KnownDevice, SignIn
from service.accounts.rules import still_signed_in
from service.accounts.rules.devices import browser_words
from service.accounts.rules.factors import DEVICE_LIFE
from service.kit import crypto

LISTED = 50


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """One browser that is signed in now. Wall time."""

    id: UUID
    browser: str
    device: str
    place: str
    created_at: datetime
    seen_at: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Known:
    """One browser in which somebody signed in before. Where it `spares_step` the password is enough. Wall time."""

    id: UUID
    browser: str
    device: str
    first_seen_at: datetime
    seen_at: datetime
    spares_step: bool


def open_sign_ins(session: Session, *, user_id: UUID, kind: str, here: UUID, wall_now: datetime) -> list[OpenSignIn]:
    """Every browser that is signed in as this person, this one first, then the last seen first."""
    rows = session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None), SignIn.expires_at > wall_now)
        .order_by(SignIn.seen_at.desc())
        .limit(LISTED)
    )
    found = [
        OpenSignIn(
            row.id,
            *browser_words(_opened(row.agent_sealed, "agent", row.id)),
            place=_opened(row.address_sealed, "address", row.id),
            created_at=row.created_at,
            seen_at=row.seen_at,
            here=row.id == here,
        )
        for row in rows
        if still_signed_in(kind, row.created_at, row.seen_at, wall_now)
    ]
    return sorted(found, key=lambda one: not one.here)


def known_devices(session: Session, user_id: UUID, wall_now: datetime) -> list[Known]:
    """Every browser we know, with what it called itself when it last signed in; the last seen first."""
    last_agent = (
        select(SignIn.id, SignIn.agent_sealed, SignIn.device_id)
        .where(SignIn.user_id == user_id, SignIn.device_id.is_not(None))
        .ext(distinct_on(SignIn.device_id))
        .order_by(SignIn.device_id, SignIn.created_at.desc())
        .subquery()
    )
    rows = session.execute(
        select(KnownDevice, last_agent.c.id, last_agent.c.agent_sealed)
        .outerjoin(last_agent, last_agent.c.device_id == KnownDevice.id)
        .where(
            KnownDevice.user_id == user_id,
            KnownDevice.forgotten_at.is_(None),
            KnownDevice.seen_at > wall_now - DEVICE_LIFE,
        )
        .order_by(KnownDevice.seen_at.desc())
        .limit(LISTED)
    )
    return [
        Known(
            device.id,
            *browser_words(_opened(agent, "agent", sign_in_id) if sign_in_id else ""),
            first_seen_at=device.first_seen_at,
            seen_at=device.seen_at,
            spares_step=device.spares_step,
        )
        for device, sign_in_id, agent in rows
    ]


def _opened(sealed: bytes | None, column: str, row_id: UUID) -> str:
    return crypto.unseal(sealed, "sign_ins", column, row_id) if sealed is not None else ""
