"""Where a patient stands, asked of four rooms in one statement: a home page is opened more often than any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, literal, select, true
from sqlalchemy.orm import Session

from service.billing.queries import CARD_OF_PATIENT, MembershipCard
from service.enrollment.queries.records import LATEST_OF_PATIENT, EnrollmentDetails
from service.kit.asked import Asked
from service.kit.db import Line
from service.safety.queries import HOLD_STANDS
from service.visits.queries.visits import BOOKED_OF_PATIENT, Visit


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rooms say about one patient; None where a room knows nothing of them."""

    on_hold: bool
    enrollment: EnrollmentDetails | None
    membership: MembershipCard | None
    visit: Visit | None


_ROOMS: tuple[tuple[type, Subquery], ...] = (
    (EnrollmentDetails, LATEST_OF_PATIENT.subquery("latest_enrollment")),
    (MembershipCard, CARD_OF_PATIENT.subquery("membership_card")),
    (Visit, BOOKED_OF_PATIENT.subquery("booked_visit")),
)


def _statement() -> Select[Any]:
    """One row whatever is found: each room's own statement, joined to a row that is always there."""
    here = select(literal(1).label("one")).subquery("here")
    whole: Any = here
    for _, room in _ROOMS:
        whole = whole.outerjoin(room, true())
    return select(HOLD_STANDS, *(column for _, room in _ROOMS for column in room.c)).select_from(whole)


_STANDING = Asked(_statement())


def standing(session: Session | Line, patient_id: UUID) -> Standing:
    """Where the patient stands."""
    ((on_hold, *rest),) = _STANDING.rows(session, patient_id=patient_id)
    found = []
    for kind, room in _ROOMS:
        mine, rest = rest[: len(room.c)], rest[len(room.c) :]
        found.append(None if mine[0] is None else kind(*mine))  # each begins with its id
    return Standing(on_hold, *found)
