"""The rooms of visits as staff see them: who has come, and how to reach them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.queries.people import PatientDetails
from service.accounts.queries.settings import own_settings
from service.catalog.rules import engine
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Enrollment
from service.enrollment.queries.queue import UpcomingVisit
from service.visits import queries as visits
from service.visits.queries import AskedFor, Attestation, Visit
from service.visits.rules.arrival import Arrival, arrival
from service.visits.rules.times import strictest_day


@dataclass(frozen=True, slots=True)
class StaffRoom:
    """One visit on its day. `room` is its name, for the clinician of the visit alone. `callback` (E.164), said for this
    visit, `on_file`, their number in words, and `asked` are opened; `help_to` is where an ambulance would go, for
    clinicians. `licensed`: may its clinician see them now?
    """

    visit: Visit
    enrollment_id: UUID | None
    patient: PatientDetails
    arrival: Arrival
    attested: Attestation | None
    callback: str
    on_file: str
    help_to: str
    asked: AskedFor | None
    by_phone_at: datetime | None
    licensed: bool
    room: str | None


def licensed(session: Session, visit: Visit, state: str, catalog: Catalog, now: datetime) -> bool:
    """Does the visit's clinician practise here, with a license that counts in `state` on either one's calendar?

    Without one the room opens for nobody: a visit may not begin that could not be signed (domain.md 2.1, G-LOC).
    """
    place, clinician = catalog.states.get(state), visits.practitioner(session, visit.practitioner_id)
    if place is None or clinician is None:
        return False
    day = strictest_day(now, accounts.patient(session, visit.patient_id).time_zone, clinician.time_zone)
    return engine.holds(visits.held_here(session, clinician.id, day), place.licenses_on(day), state, day)


def arrivals(session: Session, found: Sequence[UpcomingVisit], catalog: Catalog, now: datetime) -> dict[UUID, Arrival]:
    """Who of several has come, by visit."""
    rooms = visits.rooms_of(session, [one.visit.id for one in found])
    return {
        one.visit.id: _arrival(one.visit, rooms[one.visit.id], one.lives_in, catalog, now)
        for one in found
        if one.visit.id in rooms
    }


def staff_room(
    session: Session, visit: Visit, *, viewer: UUID | None, clinical: bool, catalog: Catalog, now: datetime
) -> StaffRoom:
    """One visit's room for whoever looks after the patient. The caller noted the look."""
    patient, room = accounts.patient(session, visit.patient_id), visits.room_of(session, visit.id)
    clinician = visits.practitioner(session, visit.practitioner_id)
    attested = room.attested if room else None
    current = select(Enrollment.id).where(Enrollment.patient_id == visit.patient_id)
    reach = visits.reach(session, attested.id) if attested else None
    may_meet = licensed(session, visit, patient.state, catalog, now)
    mine = clinician is not None and clinician.user_id == viewer
    return StaffRoom(
        visit=visit,
        enrollment_id=session.scalars(current.order_by(Enrollment.created_at.desc()).limit(1)).first(),
        patient=patient,
        arrival=_arrival(visit, room, patient.state, catalog, now) if room else "ahead",
        attested=attested,
        callback=reach.callback if reach else "",
        on_file=accounts.callers(session, [visit.patient_id])[visit.patient_id].phone,
        help_to=(reach.emergency_address or _home(session, patient)) if reach and clinical else "",
        asked=visits.asked_for(session, visit.id),
        by_phone_at=room.by_phone_at if room else None,
        licensed=may_meet,
        room=room.name if room and mine and may_meet else None,
    )


def _home(session: Session, patient: PatientDetails) -> str:
    """The address on file, as far as there is one."""
    own = own_settings(session, patient.user_id).patient
    address = own.address if own else None
    parts = [address.line1, address.line2, address.city] if address else []
    return ", ".join([*(part for part in parts if part), f"{patient.state} {patient.zip_code}"])


def _arrival(visit: Visit, room: visits.Room, state: str, catalog: Catalog, now: datetime) -> Arrival:
    return arrival(
        attested_state=room.attested.state if room.attested else None,
        visit_state=state,
        by_phone=room.by_phone_at is not None,
        starts_at=visit.starts_at,
        now=now,
        rules=catalog.visits,
    )
