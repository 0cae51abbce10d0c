"""Where a patient stands, asked of five rooms in one statement: a home page is opened more often than any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, literal, select, true
from sqlalchemy.orm import Session

from service.billing.queries import CARD_OF_PATIENT, MembershipCard
from service.checkins.queries import CheckInDetails
from service.checkins.queries.pages import NUMBERED_OF_PATIENT, listed
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
    check_ins: tuple[CheckInDetails, ...]  # the newest first


_ROOMS: tuple[tuple[type, Subquery], ...] = (
    (EnrollmentDetails, LATEST_OF_PATIENT.subquery("latest_enrollment")),
    (MembershipCard, CARD_OF_PATIENT.subquery("membership_card")),
    (Visit, BOOKED_OF_PATIENT.subquery("booked_visit")),
)
_CHECK_INS = NUMBERED_OF_PATIENT.subquery("check_ins")
_ABOUT_CHECK_IN = tuple(column for column in _CHECK_INS.c if column is not _CHECK_INS.c.nth)


def _statement() -> Select[Any]:
    """Each room's own statement, joined to a row that is always there; a row more for each check-in after the first.

    Only the first row says where they stand: the others leave that empty, which costs next to nothing to read.
    """
    here = select(literal(1).label("one")).subquery("here")
    whole: Any = here
    for _, room in _ROOMS:
        whole = whole.outerjoin(room, true())
    whole = whole.outerjoin(_CHECK_INS, _CHECK_INS.c.nth == here.c.one, full=True)
    said = (HOLD_STANDS, *(column for _, room in _ROOMS for column in room.c))
    return select(*_ABOUT_CHECK_IN, *said).select_from(whole).order_by(_CHECK_INS.c.nth)


_STANDING = Asked(_statement())


def standing(session: Session | Line, patient_id: UUID, limit: int = 60) -> Standing:
    """Where the patient stands, with at most `limit` check-ins."""
    rows = _STANDING.rows(session, patient_id=patient_id, limit=limit)
    width = len(_ABOUT_CHECK_IN)
    on_hold, *rest = rows[0][width:]
    found: list[Any] = []
    for kind, room in _ROOMS:
        mine, rest = rest[: len(room.c)], rest[len(room.c) :]
        found.append(None if mine[0] is None else kind(*mine))  # each begins with its id
    enrollment, membership, visit = found
    check_ins = tuple(listed(row[:width]) for row in rows if row[0] is not None)
    return Standing(on_hold, enrollment, membership, visit, check_ins)
