"""One person's record for staff: logistics for all who may open it, the clinical part for clinicians alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.queries import Contact, PatientDetails, TeamMember
from service.catalog.rules.questionnaires import Question, Questionnaire
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent.rules import Task
from service.enrollment.models import Assessment
from service.enrollment.queries import records
from service.enrollment.queries.assessments import opened, questionnaire
from service.enrollment.queries.queue import Flag, flags
from service.enrollment.queries.records import Decision, EnrollmentDetails, Step
from service.enrollment.rules.eligibility import Answer
from service.kit import format
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits.queries import SignedEncounter, Visit


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A question as it was asked and the answer in words."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A screening rule that an answer set off."""

    rule_id: str
    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class Clinical:
    """What only a clinician sees."""

    program: str
    outcome: str
    answers: tuple[AnswerLine, ...]
    hits: tuple[RuleLine, ...]
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
    state = catalog.states[found.state]
    county = state.county(patient.county_fips)
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
    form, answers = questionnaire(catalog), opened(row)
    program = catalog.programs.get(found.program)
    return Clinical(
        program=program.name if program else found.program,
        outcome=row.outcome or "",
        answers=tuple(
            AnswerLine(question.text, in_words(question, answers[question.id]))
            for question in form.questions
            if question.id in answers
        )
        + _of_other_questions(form, answers),
        hits=tuple(_hit(form, rule_id) for rule_id in row.rule_ids),
        encounters=tuple(visits.encounters_of(session, found.patient_id)),
        decision=decision,
    )


def _of_other_questions(form: Questionnaire, answers: dict[str, Answer]) -> tuple[AnswerLine, ...]:
    """Answers to questions that are no longer asked, as they were stored: a clinician must not miss them."""
    asked = {question.id for question in form.questions}
    return tuple(
        AnswerLine(name, value if isinstance(value, str) else ", ".join(value))
        for name, value in answers.items()
        if name not in asked
    )


def _hit(form: Questionnaire, rule_id: str) -> RuleLine:
    rule = form.rules.get(rule_id)
    return RuleLine(rule_id, rule.result, rule.reason) if rule else RuleLine(rule_id, "", "")


def in_words(question: Question, answer: Answer) -> str:
    """The answer as its choices say it; what was typed, where there are none."""
    if question.kind == "date" and isinstance(answer, str):
        return format.day(date.fromisoformat(answer), "long")
    if question.kind == "readings":
        return ", ".join(answer) or "None entered"
    values = [answer] if isinstance(answer, str) else list(answer)
    chosen = [question.choice(value) for value in values]
    return ", ".join(choice.label if choice else value for choice, value in zip(chosen, values, strict=True))
