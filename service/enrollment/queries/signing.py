"""What the house itself knows when a visit is signed: for the rules, and to be signed along with the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.accounts.queries.settings import own_patient
from service.catalog.rules.dated import REGISTRATION_KINDS
from service.catalog.rules.states import State
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.enrollment.models import Enrollment
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits.queries import Attestation, Practitioner, Visit
from service.visits.rules.encounters import Circumstances, Credential, Kind
from service.visits.rules.times import strictest_day

FORMAT = 2  # of what is signed; 1 were the columns of a row alone


@dataclass(frozen=True, slots=True)
class Begun:
    """What the form starts with: the clinician's clock, and how to reach the patient as far as that is known.

    Prefilled is only what the clinician confirms with a tick of their own.
    """

    zone: str
    emergency_address: str
    callback: str
    county_fips: str


@dataclass(frozen=True, slots=True)
class VisitToSign:
    """A visit about to be recorded. `license` is None where the clinician has none that counts there today.

    `disclosures`: what the state wants said before a visit, by key. `around` is signed with the record.
    """

    visit: Visit
    kind: Kind
    state: State | None
    known: Circumstances
    license: Credential | None
    pdmp_system: str
    disclosures: Mapping[str, str]
    attestation: Attestation | None
    around: Mapping[str, Any]


def visit_to_sign(
    session: Session,
    catalog: Catalog,
    enrollment: Enrollment,
    visit: Visit,
    clinician: Practitioner,
    now: datetime,
) -> VisitToSign:
    """Everything a signature rests on beside the clinician's own word, read now."""
    patient = accounts.patient(session, enrollment.patient_id)
    # What runs out at midnight has run out as soon as it is midnight for either of them.
    day = strictest_day(now, patient.time_zone, clinician.time_zone)
    kind = kind_of(visit, enrollment.moving_to)
    code = enrollment.moving_to if kind == "transfer" and enrollment.moving_to else enrollment.state
    state = catalog.states.get(code)
    asked = state.pdmp_on(day) if state else None
    credentials = visits.credentials_of(session, clinician.id)
    attestation = visits.attestation_of(session, visit.id)
    counting = [one for one in credentials if one.state == code and not one.ended and day < one.expires_on]
    licensed = state.licenses_on(day) if state else ()
    known = Circumstances(
        now=now,
        day=day,
        kind=kind,
        starts_at=visit.starts_at,
        state=code,
        program=enrollment.program,
        residence=patient.state,
        policies=tuple(catalog.policies),
        counties=frozenset(county.fips for county in state.counties) if state else frozenset(),
        pdmp_system=asked.system if asked else "",
        credentials=credentials,
        earlier_exam_on=visits.in_person_exam_on(session, patient.id),
        document_until=visits.document_until(session, patient.id),
        on_hold=safety.standing_hold(session, patient.id),
    )
    around = {
        "format": FORMAT,
        "practitioner": clinician.title,
        "time_zone": patient.time_zone,
        "registrations": [one for one in counting if one.kind in REGISTRATION_KINDS],
        "attested": attestation,
        "consents": _consents(session, patient.id, code, catalog, now, patient.time_zone) if state else {},
    }
    return VisitToSign(
        visit=visit,
        kind=kind,
        state=state,
        known=known,
        license=next((one for one in counting if one.kind in licensed), None),
        pdmp_system=known.pdmp_system,
        disclosures=state.disclosures_on(day) if state else MappingProxyType({}),
        attestation=attestation,
        around=around,
    )


def booked_to_sign(
    session: Session, catalog: Catalog, enrollment_id: UUID, user_id: UUID, now: datetime
) -> tuple[VisitToSign, Begun] | None:
    """For the page: the booked visit as it would be signed by this user, and what the form starts with.

    None where nothing is booked, or they are no practitioner. Whoever asks has let them pass, and noted the look.
    """
    clinician, enrollment = visits.practitioner_of(session, user_id), session.get_one(Enrollment, enrollment_id)
    visit = visits.booked_visit(session, enrollment.patient_id)
    if clinician is None or visit is None:
        return None
    case = visit_to_sign(session, catalog, enrollment, visit, clinician, now)
    patient = own_patient(session.get_one(Patient, enrollment.patient_id))
    said, home = case.attestation, patient.address
    given = visits.reach(session, said.id) if said else None
    street = ", ".join(part for part in (home.line1, home.line2, home.city) if part) if home else ""
    at_home = (
        f"{street}, {patient.state} {patient.zip_code}" if street and (said is None or said.at_home_address) else ""
    )
    return case, Begun(
        zone=clinician.time_zone,
        emergency_address=(given.emergency_address if given else "") or at_home,
        callback=(given.callback if given else "") or patient.phone,
        county_fips=said.county_fips if said else patient.county_fips,
    )


def kind_of(visit: Visit, moving_to: str | None) -> Kind:
    """What a visit decides. A transfer whose patient moved back decides nothing any more."""
    if visit.kind == "transfer":
        return "transfer" if moving_to else "follow_up"
    return "follow_up" if visit.kind == "follow_up" else "consultation"


def _consents(
    session: Session, patient_id: UUID, state: str, catalog: Catalog, now: datetime, zone: str
) -> dict[str, dict[str, Any]]:
    """Each text in force in that state: its version, and when this patient signed it, if they have."""
    day = now.astimezone(ZoneInfo(zone)).date()
    return {
        task.document.key: {"version": task.document.version, "signed_at": task.signed_at}
        for task in consents.tasks(session, patient_id, state, catalog, day)
    }
