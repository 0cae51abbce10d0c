"""The visits ahead, each with the record it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.enrollment.models import Enrollment
from service.enrollment.rules.queue import OVER
from service.visits import queries as visits
from service.visits.queries import Visit

SHOWN = 100


@dataclass(frozen=True, slots=True)
class UpcomingVisit:
    """A booked visit, with the record it belongs to. `lives_in` is the state it is for."""

    enrollment_id: UUID | None
    patient_name: str
    lives_in: str
    visit: Visit


def visits_ahead(session: Session, now: datetime, of: UUID | None = None) -> tuple[UpcomingVisit, ...]:
    """The next visits that are booked, soonest first, and those whose time has passed unrecorded.

    `of`: with the clinician of this account alone.
    """
    found = visits.booked_visits(session, now=now, limit=SHOWN, of=of)
    ids = [visit.patient_id for visit in found]
    people = accounts.patients(session, ids)
    query = select(Enrollment.patient_id, Enrollment.id).where(
        Enrollment.patient_id.in_(ids), Enrollment.status.not_in(OVER)
    )
    records = {row.patient_id: row.id for row in session.execute(query)}
    return tuple(
        UpcomingVisit(
            records.get(visit.patient_id),
            f"{people[visit.patient_id].given_name} {people[visit.patient_id].family_name}",
            people[visit.patient_id].state,
            visit,
        )
        for visit in found
    )
