"""One person's record for staff: logistics for all who may open it, the clinical part for clinicians alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.queries import Contact, PatientDetails, TeamMember
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent.rules import Task
from service.enrollment.models import Assessment
from service.enrollment.queries import records
from service.enrollment.queries.answered import AnswerLine, RuleLine, answer_lines, rule_lines
from service.enrollment.queries.assessments import opened, rules_hit
from service.enrollment.queries.attempts import Attempts, attempts_of
from service.enrollment.queries.moving import Move, move_of
from service.enrollment.queries.queue import Flag, flags
from service.enrollment.queries.records import Decision, EnrollmentDetails, Step
from service.enrollment.queries.refusals import refusals
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits.queries import SignedEncounter, Visit


@dataclass(frozen=True, slots=True)
class Clinical:
    """What only a clinician sees."""

    program: str
    outcome: str
    answers: tuple[AnswerLine, ...]
    hits: tuple[RuleLine, ...]
    attempts: Attempts
    encounters: tuple[SignedEncounter, ...]
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Record:
    """An enrollment as staff see it. `clinical` is None for everybody but clinicians."""

    enrollment: EnrollmentDetails
    patient_name: str
    born_on: date | None
    state_name: str
    county_name: str
    time_zone: str
    flag: Flag
    hold_ids: tuple[UUID, ...]
    owner_name: str
    booked: Visit | None
    visits: tuple[Visit, ...]
    consents: tuple[Task, ...]
    steps: tuple[Step, ...]
    decided: str
    clinical: Clinical | None
    contact: Contact
    team: tuple[TeamMember, ...]
    glass_until: datetime | None  # wall time: until when a broken glass shows this, None for the care team
    move: Move | None  # where they live in another state than the enrollment is for
    refused: tuple[str, ...]  # why no rule allows to go on today, in sentences for staff


def record(
    session: Session,
    catalog: Catalog,
    found: EnrollmentDetails,
    *,
    clinical: bool,
    glass_until: datetime | None,
    now: datetime,
) -> Record:
    """Everything the page shows. The answers are not even unsealed unless `clinical`."""
    patient = accounts.patient(session, found.patient_id)
    state, home = catalog.states[found.state], catalog.states.get(patient.state)
    county = home.county(patient.county_fips) if home else None
    seen = visits.visits_of(session, patient.id)
    decision = records.latest_decision(session, found.id)
    today = now.astimezone(ZoneInfo(patient.time_zone)).date()
    return Record(
        enrollment=found,
        patient_name=full_name(patient),
        born_on=patient.date_of_birth if clinical else None,
        state_name=state.name,
        county_name=county.name if county else "",
        time_zone=patient.time_zone,
        flag=flags(session, [patient.id])[patient.id],
        hold_ids=tuple(hold.id for hold in safety.standing_holds(session, patient.id)),
        owner_name=_owner_name(session, found.owner_id),
        booked=next((visit for visit in seen if visit.status == "booked"), None),
        visits=tuple(seen),
        consents=consents.tasks(session, patient.id, found.state, catalog, today),
        steps=tuple(records.steps(session, found.id)),
        decided=decision.decision if decision else "",
        clinical=_clinical(session, catalog, found, decision) if clinical else None,
        contact=accounts.contact(session, patient.id),
        team=tuple(accounts.care_team(session, patient.id)),
        glass_until=glass_until,
        refused=tuple(reason.message for reason in refusals(session, catalog, found, patient, now)),
        move=move_of(session, patient.id, catalog, now) if found.moving_since else None,
    )


def _owner_name(session: Session, owner_id: UUID | None) -> str:
    """Whoever has left the staff owns nothing any more."""
    if owner_id is None or not accounts.carers_among(session, [owner_id]):
        return ""
    return accounts.display_name(session, owner_id)


def full_name(patient: PatientDetails) -> str:
    """First and family name."""
    return f"{patient.given_name} {patient.family_name}"


def _clinical(session: Session, catalog: Catalog, found: EnrollmentDetails, decision: Decision | None) -> Clinical:
    row = session.get_one(Assessment, found.assessment_id)
    program = catalog.programs.get(found.program)
    return Clinical(
        program=program.name if program else found.program,
        outcome=row.outcome or "",
        answers=answer_lines(catalog, opened(row)),
        hits=rule_lines(catalog, rules_hit(row)),
        attempts=attempts_of(session, catalog, row.id),
        encounters=tuple(visits.encounters_of(session, found.patient_id)),
        decision=decision,
    )
