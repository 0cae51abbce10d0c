"""Rows of the queue as a page shows them: whose they are, what flags them, who looks after them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.enrollment.models import Enrollment
from service.safety import queries as safety
from service.visits import queries as visits

Flag = Literal["hold", "alert", "none"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue: nothing in it says what the person told us."""

    enrollment_id: UUID
    patient_id: UUID
    patient_name: str
    state: str
    status: str
    since: datetime
    waited: timedelta
    flag: Flag
    owner_name: str
    visit_at: datetime | None
    mine: bool  # whether whoever looks at the list looks after this person
    moving_to: str | None  # a state we serve, where they live by now
    moving: bool  # they live in another state by now, served or not


def flags(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, Flag]:
    """Who has a standing hold, and who an alert that nobody has acknowledged."""
    on_hold, alerted = safety.flagged(session, patient_ids)
    return {one: "hold" if one in on_hold else "alert" if one in alerted else "none" for one in patient_ids}


def lines_of(session: Session, rows: Sequence[Enrollment], viewer: UUID | None, now: datetime) -> list[Waiting]:
    """`rows` as `viewer` sees them at `now`, in a fixed number of statements however many they are."""
    ids = [row.patient_id for row in rows]
    people, flagged, booked = accounts.patients(session, ids), flags(session, ids), visits.booked_at(session, ids)
    owners = accounts.carers_among(session, {row.owner_id for row in rows if row.owner_id})
    names = accounts.display_names(session, owners)
    own = accounts.looked_after(session, user_id=viewer, patient_ids=ids) if viewer else set()
    return [
        Waiting(
            enrollment_id=row.id,
            patient_id=row.patient_id,
            patient_name=f"{people[row.patient_id].given_name} {people[row.patient_id].family_name}",
            state=row.state,
            status=row.status,
            since=row.status_changed_at,
            waited=max(now - row.status_changed_at, timedelta(0)),
            flag=flagged[row.patient_id],
            owner_name=names.get(row.owner_id, "") if row.owner_id else "",
            visit_at=booked.get(row.patient_id),
            mine=row.patient_id in own,
            moving_to=row.moving_to,
            moving=row.moving_since is not None,
        )
        for row in rows
    ]
