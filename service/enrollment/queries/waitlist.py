"""The waitlist, seen from a link in a mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.enrollment.models import WaitlistEntry
from service.enrollment.rules.regions import REGIONS
from service.kit.ids import token_hash

LINK_LIFE = timedelta(hours=72)  # domain.md 8


@dataclass(frozen=True, slots=True)
class WaitlistPlace:
    """An entry as its owner's link shows it."""

    state_name: str
    confirmed: bool
    left: bool
    expired: bool


def place(session: Session, token: str, now: datetime) -> WaitlistPlace | None:
    """The entry behind a link, or None. Looking changes nothing: scanners open links too."""
    row = session.scalars(select(WaitlistEntry).where(WaitlistEntry.token_hash == token_hash(token))).one_or_none()
    if row is None:
        return None
    return WaitlistPlace(
        state_name=REGIONS.get(row.state, row.state),
        confirmed=row.confirmed_at is not None,
        left=row.left_at is not None,
        expired=row.confirmed_at is None and now - row.asked_at > LINK_LIFE,
    )
