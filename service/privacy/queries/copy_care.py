"""Of a copy: the way into care, visits, what was signed, check-ins, and what made us look."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import CareTeamMember
from service.catalog.rules.whole import Catalog
from service.checkins.models import CheckIn
from service.checkins.queries import opened_answers, opened_score
from service.enrollment.models import EligibilityDecision, Enrollment
from service.enrollment.queries import records
from service.privacy.queries.copy_visits import practitioners
from service.privacy.rules import Entry, Section
from service.safety.models import Alert, SafetyHold
from service.safety.rules import definition
from service.visits import queries as visits


def program_name(catalog: Catalog, key: str | None) -> str | None:
    """A program's name, or its key where there is no such program any more."""
    program = catalog.programs.get(key or "")
    return program.name if program else key


def enrollments(session: Session, patient_id: UUID, catalog: Catalog) -> Section:
    """Each way into a program, step by step."""
    query = select(Enrollment).where(Enrollment.patient_id == patient_id).order_by(Enrollment.created_at)
    entries = [
        {
            "program": program_name(catalog, row.program),
            "state": row.state,
            "began_at": row.created_at,
            "status": row.status,
            "since": row.status_changed_at,
            "steps": [
                {"at": step.at, "what": step.event, "then": step.to_status} for step in records.steps(session, row.id)
            ],
        }
        for row in session.scalars(query)
    ]
    return Section("enrollments", "Your way into the program", entries)


def visits_booked(session: Session, patient_id: UUID) -> Section:
    """Visits, whatever became of them."""
    entries = [
        {
            "with": visit.with_whom,
            "kind": visit.kind,
            "starts_at": visit.starts_at,
            "ends_at": visit.ends_at,
            "status": visit.status,
            "asked_for": asked.needs if asked else (),
            "in_your_words": asked.own_words if asked else "",
            "asked_for_a_physician": visit.physician_asked,
        }
        for visit in visits.visits_of(session, patient_id)
        for asked in [visits.asked_for(session, visit.id)]
    ]
    return Section("visits", "Your visits", entries)


def decisions(session: Session, patient_id: UUID) -> Section:
    """What clinicians decided."""
    names = practitioners(session)
    rows = session.execute(
        select(EligibilityDecision.decided_at, EligibilityDecision.decision, EligibilityDecision.practitioner_id)
        .join(Enrollment, Enrollment.id == EligibilityDecision.enrollment_id)
        .where(Enrollment.patient_id == patient_id)
        .order_by(EligibilityDecision.decided_at)
    )
    entries: list[Entry] = [
        {"decided_at": row.decided_at, "decision": row.decision, "by": names.get(row.practitioner_id)} for row in rows
    ]
    return Section("decisions", "Decisions", entries)


def check_ins(session: Session, patient_id: UUID, catalog: Catalog) -> Section:
    """Each check-in with its questions, your answers and what they came to."""
    query = select(CheckIn).where(CheckIn.patient_id == patient_id).order_by(CheckIn.due_at)
    entries = []
    for row in session.scalars(query):
        score = opened_score(row.score_sealed, row.id)
        instrument = catalog.instruments.get(row.instrument)
        entries.append(
            {
                "questions": instrument.name if instrument else row.instrument,
                "questions_version": row.instrument_version,
                "due_at": row.due_at,
                "closes_at": row.closes_at,
                "status": row.status,
                "sent_at": row.submitted_at,
                "score": score.total if score else None,
                "score_means": score.band if score else None,
                "answers": _checkin_answers(catalog, row.instrument, opened_answers(row.answers_sealed, row.id)),
            }
        )
    return Section("check_ins", "Your check-ins", entries)


def _checkin_answers(catalog: Catalog, key: str, answers: dict[str, int]) -> list[Entry]:
    instrument = catalog.instruments.get(key)
    items = {item.id: item for item in instrument.items} if instrument else {}
    told = []
    for name, value in answers.items():
        item = items.get(name)
        said = next((option.label for option in item.options if option.value == value), "") if item else ""
        told.append({"question": item.text if item else name, "answer": said or str(value), "value": value})
    return told


def alerts(session: Session, patient_id: UUID, catalog: Catalog) -> Section:
    """When an answer of yours called a person, and when things were stopped for your safety."""
    calls = session.scalars(select(Alert).where(Alert.patient_id == patient_id).order_by(Alert.raised_at))
    holds = session.scalars(
        select(SafetyHold).where(SafetyHold.patient_id == patient_id).order_by(SafetyHold.placed_at)
    )
    entries: list[Entry] = [
        {
            "kind": "somebody was called",
            "about": definition(catalog, call.code).title,
            "from": call.raised_at,
            "until": call.acknowledged_at,
        }
        for call in calls
    ]
    entries += [
        {
            "kind": "charges and deliveries were stopped",
            "about": definition(catalog, hold.code).title,
            "from": hold.placed_at,
            "until": hold.lifted_at,
        }
        for hold in holds
    ]
    return Section("safety", "When we looked closer", entries)


def care_team(session: Session, patient_id: UUID) -> Section:
    """Who looks after you, and who did."""
    rows = list(
        session.scalars(
            select(CareTeamMember).where(CareTeamMember.patient_id == patient_id).order_by(CareTeamMember.since)
        )
    )
    names = _names(session, (row.user_id for row in rows))
    entries = [{"name": names.get(row.user_id, ""), "from": row.since, "until": row.until} for row in rows]
    return Section("care_team", "Your care team", entries)


def _names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    return accounts.display_names(session, ids)
