"""Clinicians, patients on their way in, and what a clinician records."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from config.settings import HOUSE
from service.accounts.models import Patient
from service.catalog.queries import catalog as shipped
from service.catalog.rules.dated import REGISTRATION_KINDS
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollments
from service.enrollment.actions import book, complete, decide, hold
from service.enrollment.models import Assessment
from service.enrollment.queries.assessments import questionnaire
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.ids import new_id, new_token, token_hash
from service.visits import queries, writes
from service.visits.rules.encounters import Identity, Reading, VisitRecord
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.care import looking_after

MADE_AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
WORKDAYS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Clinician:
    """A clinician who can be booked."""

    user_id: UUID
    practitioner_id: UUID
    license_ids: dict[str, UUID]

    @property
    def actor(self) -> Actor:
        return staff_actor("clinician", self.user_id)


@dataclass(frozen=True)
class Applicant:
    """A patient on the way in."""

    person: Person
    patient_id: UUID
    enrollment_id: UUID

    @property
    def actor(self) -> Actor:
        return Actor(
            "patient", self.person.user_id, patient_id=self.patient_id, sign_in_id=new_id(), address="203.0.113.9"
        )


def staff_actor(role: str, user_id: UUID | None = None) -> Actor:
    """Somebody of the staff, acting."""
    return Actor("staff", user_id or a_staff_member(role).user_id, role=role)


def a_clinician(
    *,
    name: str = "Dr. Maya Lin",
    states: tuple[str, ...] = ("FL", "NJ"),
    expires_on: date = date(2028, 1, 31),
    registered: tuple[str, ...] = REGISTRATION_KINDS,
    zone: str = "America/New_York",
    weekdays: tuple[int, ...] = WORKDAYS,
    hours: tuple[time, time] = (time(9), time(17)),
    credentials: str = "MD",
) -> Clinician:
    """A physician licensed and `registered` in `states`, open on `weekdays` between `hours`."""
    user_id = a_staff_member("clinician", name=("Maya", "Lin")).user_id
    with db.transaction() as session:
        practitioner_id = writes.add_practitioner(
            session, user_id=user_id, display_name=name, credentials=credentials, time_zone=zone
        )
        licenses = {
            state: writes.add_license(
                session,
                practitioner_id=practitioner_id,
                state=state,
                number=f"{state}-1234",
                expires_on=expires_on,
                verified_at=MADE_AT,
            )
            for state in states
        }
        for state, kind in product(states, registered):
            writes.add_license(
                session,
                practitioner_id=practitioner_id,
                state=state,
                number=f"{kind}-{state}-1234",
                expires_on=expires_on,
                verified_at=MADE_AT,
                kind=kind,
            )
        for weekday in weekdays:
            writes.add_open_hours(
                session, practitioner_id=practitioner_id, weekday=weekday, starts=hours[0], ends=hours[1]
            )
    return Clinician(user_id, practitioner_id, licenses)


def an_applicant(
    catalog: Catalog, place: str = "FL", *, confirmed: bool = True, now: datetime = MADE_AT, **names: str
) -> Applicant:
    """A patient whose assessment is in: the next step is to book."""
    person = a_patient(place, confirmed=confirmed, **names)
    assert person.patient_id is not None
    assessment_id, form = new_id(), questionnaire(catalog)
    program = next(iter(catalog.programs.values()))
    with db.transaction() as session:
        session.add(
            Assessment(
                id=assessment_id,
                token_hash=token_hash(new_token()),
                patient_id=person.patient_id,
                questionnaire_version=form.version,
                ruleset_version=form.ruleset,
                disclaimer_version="1",
                program=program.key,
                state=place[:2],
                answers_sealed=crypto.seal_json({"zip": "33101"}, "assessments", "answers", assessment_id),
                revision=1,
                outcome="clinician_review",
                rule_ids_sealed=crypto.seal_json(["H6"], "assessments", "rule_ids", assessment_id),
                locale="en",
                started_at=now,
                submitted_at=now,
            )
        )
        session.flush()
        enrollment_id = enrollments.begin(
            session,
            patient_id=person.patient_id,
            assessment_id=assessment_id,
            program=program.key,
            state=place[:2],
            actor=Actor("patient", person.user_id, patient_id=person.patient_id),
            now=now,
        )
    return Applicant(person, person.patient_id, enrollment_id)


def open_times(state: str, now: datetime) -> list[queries.OpenTime]:
    """What may be booked."""
    with db.reading() as session:
        return queries.open_times(session, state=state, now=now)


def booked(applicant: Applicant, now: datetime, state: str = "FL") -> UUID:
    """The first open time, booked."""
    return book_the(open_times(state, now)[0], applicant, now)


def book_the(first: queries.OpenTime, applicant: Applicant, now: datetime) -> UUID:
    """The open time somebody saw, booked."""
    rules, actor = shipped(HOUSE / "config"), applicant.actor
    appointment_id = hold.hold_time(
        practitioner_id=first.practitioner.id, starts_at=first.starts_at, catalog=rules, actor=actor, now=now
    )
    book.confirm_visit(appointment_id=appointment_id, catalog=rules, actor=actor, now=now)
    return appointment_id


def a_record(now: datetime, **changes: Any) -> VisitRecord:
    """A record that may be signed in Florida at `now`, a visit just begun, with `changes`."""
    return replace(
        VisitRecord(
            modality="video",
            platform="A video room",
            started_at=now - timedelta(minutes=1),
            ended_at=now,
            patient_state="FL",
            patient_county="12086",
            place_confirmed=True,
            emergency_address="1 Main Street, Miami, FL 33101",
            callback="+13055550123",
            practitioner_state="FL",
            identity=AN_ID,
            agreed_to_telehealth=True,
            pdmp_checked_at=now - timedelta(hours=1),
            pdmp_finding="none",
            history_reviewed=True,
            medicines_reconciled=True,
            readings=(Reading(122, 78), Reading(118, 76)),
            heart_rate=68,
            sitter="settled",
            monitor="settled",
            assessment="As the questions said.",
            diagnoses=("F33.1",),
            plan="Begin as discussed.",
            safety_plan_given=True,
            em_code="99204",
            notes="Seen and heard well.",
            decision="approve",
        ),
        **changes,
    )


AN_ID = Identity(
    method="photo_id",
    document="drivers_license",
    issued_by="Florida",
    last4="1234",
    expires_on=date(2030, 5, 17),
    matches=("name", "birth_date", "address"),
)
IN_NEW_JERSEY: dict[str, Any] = {
    "patient_state": "NJ",
    "patient_county": "34013",
    "practitioner_state": "NJ",
    "disclosed": frozenset({"physician"}),
}


def reachable(patient_id: UUID) -> None:
    """The patient told us a street, a telephone and whom to call, as staff need them to complete an approval."""
    told = {
        "phone": "+13055550123",
        "address": json.dumps({"line1": "1 Main Street", "line2": "Apt 4", "city": "Miami"}),
        "emergency_contact": json.dumps({"name": "Luis Rivera", "relation": "brother", "phone": "+13055550199"}),
    }
    with db.transaction() as session:
        patient = session.get_one(Patient, patient_id)
        for column, value in told.items():
            setattr(patient, f"{column}_sealed", crypto.seal(value, "patients", column, patient_id))


def visit_at(applicant: Applicant) -> datetime | None:
    """When the booked visit begins; None when there is none."""
    with db.reading() as session:
        visit = queries.booked_visit(session, applicant.patient_id)
    return visit.starts_at if visit else None


def approved(
    applicant: Applicant,
    clinician: Clinician,
    catalog: Catalog,
    now: datetime,
    *,
    in_person_exam_on: date | None = None,
) -> UUID:
    """Booked at once with them, decided and completed at the visit, some hours later. Returns the encounter's id."""
    theirs = (time for time in open_times("FL", now) if time.practitioner.id == clinician.practitioner_id)
    book_the(next(theirs), applicant, now)
    now = visit_at(applicant) or now
    encounter_id = decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(now, in_person_exam_on=in_person_exam_on),
        catalog=catalog,
        actor=clinician.actor,
        now=now,
    )
    reachable(applicant.patient_id)
    coordinator = looking_after(staff_actor("coordinator"), applicant.patient_id)
    complete.complete_approval(enrollment_id=applicant.enrollment_id, catalog=catalog, actor=coordinator, now=now)
    return encounter_id
