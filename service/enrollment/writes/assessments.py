"""How an assessment ends, and what clinicians are told about the attempts before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.catalog.rules.places import AskCounty, Found
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment, AssessmentTurn
from service.enrollment.queries.assessments import opened, place_of, questionnaire
from service.enrollment.queries.attempts import attempts_before
from service.enrollment.rules.eligibility import Answer, ScreeningResult, program_of, rules_by_question
from service.enrollment.rules.turns import Turn, turns
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.ids import new_id
from service.safety import rules as safety_rules
from service.safety import writes as safety

Answers = dict[str, Answer]


def keep(row: Assessment, answers: Answers) -> None:
    """Seal the answers anew; pages drawn from the earlier ones are told apart by the revision."""
    row.answers_sealed = crypto.seal_json(answers, "assessments", "answers", row.id)
    row.revision += 1


def finish(
    session: Session,
    catalog: Catalog,
    row: Assessment,
    answers: Answers,
    result: ScreeningResult,
    actor: Actor,
    now: datetime,
) -> None:
    """Store the outcome, compare with the attempts before, raise what must be raised. The trail never says what came.

    The address that was left for a link has done its work and goes; nobody who has finished is nudged. After an
    emergency nobody may ever be written to for marketing (domain.md 2.4).
    """
    place = place_of(catalog, answers)
    row.outcome = result.outcome
    row.rule_ids_sealed = crypto.seal_json(result.rule_ids, "assessments", "rule_ids", row.id)
    row.program = program_of(questionnaire(catalog), answers)
    row.state = place.state if isinstance(place, Found | AskCounty) else None
    row.submitted_at = now
    row.nudge_at = None
    row.contact_sealed = None
    row.link_wanted_at = None
    audit.record(session, actor, "assessment.submit", "assessment", row.id)
    compare_with_earlier(session, catalog, row, now)
    sound(session, catalog, row, result, actor, now)


def sound(
    session: Session, catalog: Catalog, row: Assessment, result: ScreeningResult, actor: Actor, now: datetime
) -> None:
    """Alerts and holds of `result`, in this transaction. Whoever is in danger is no lead, ever.

    A patient who answers while signed in is no stranger, though nobody joined with these answers.
    """
    patient_id = row.patient_id or actor.patient_id
    if result.outcome == "emergency":
        row.do_not_market = True
        row.nudge_at = row.link_wanted_at = row.contact_sealed = None
    for code in result.alerts:
        _call(session, catalog, code, row.id, patient_id, now)
    if patient_id is not None:
        sound_of_known(session, catalog, row.id, patient_id, result.rule_ids, now)


def sound_of_known(
    session: Session,
    catalog: Catalog,
    assessment_id: UUID,
    patient_id: UUID,
    rule_ids: Collection[str],
    now: datetime,
) -> None:
    """What waits until we know who answered: thoughts of self-harm are looked at the same day (domain.md 2.3, H1)."""
    rules = questionnaire(catalog).rules.values()
    for code in dict.fromkeys(rule.alert_known for rule in rules if rule.alert_known and rule.id in rule_ids):
        _call(session, catalog, code, assessment_id, patient_id, now)


def _call(
    session: Session, catalog: Catalog, code: str, assessment_id: UUID, patient_id: UUID | None, now: datetime
) -> None:
    rule = safety_rules.definition(catalog, code)
    source = {"source_kind": "assessment", "source_id": assessment_id, "patient_id": patient_id}
    safety.raise_alert(session, code=code, **source, now=now, definition=rule)  # type: ignore[arg-type]
    if rule.holds:
        safety.place_hold(session, code=code, **source, now=now)  # type: ignore[arg-type]


def turned(session: Session, catalog: Catalog, row: Assessment, before: Answers, after: Answers, now: datetime) -> None:
    """Note what stood in the way in this very attempt and does not any more."""
    _note(session, catalog, row, None, before, _rules(catalog, after, now), now)


def compare_with_earlier(session: Session, catalog: Catalog, row: Assessment, now: datetime) -> None:
    """Note what stood in the way in another attempt of the last days, and does not in this one.

    The nearest attempt counts where several said the same.
    """
    form, told = questionnaire(catalog), set[tuple[str, tuple[str, ...]]]()
    after = _rules(catalog, opened(row), now)
    earliest = (row.submitted_at or now) - timedelta(days=form.compared_days)
    for earlier in attempts_before(session, row):
        if (earlier.submitted_at or earlier.started_at) < earliest:
            break
        told |= _note(session, catalog, row, earlier.id, opened(earlier), after, now, told)


def _note(
    session: Session,
    catalog: Catalog,
    row: Assessment,
    earlier_id: UUID | None,
    before: Answers,
    after: Mapping[str, tuple[str, ...]],
    now: datetime,
    told: frozenset[tuple[str, tuple[str, ...]]] | set[tuple[str, tuple[str, ...]]] = frozenset(),
) -> set[tuple[str, tuple[str, ...]]]:
    found = turns(questionnaire(catalog), before, _rules(catalog, before, now), after)
    fresh = [turn for turn in found if (turn.question_id, turn.rule_ids) not in told]
    session.add_all(_row(row.id, earlier_id, turn, now) for turn in fresh)
    return {(turn.question_id, turn.rule_ids) for turn in fresh}


def _row(assessment_id: UUID, earlier_id: UUID | None, turn: Turn, now: datetime) -> AssessmentTurn:
    row_id = new_id()
    return AssessmentTurn(
        id=row_id,
        assessment_id=assessment_id,
        earlier_id=earlier_id,
        question_sealed=crypto.seal(turn.question_id, "assessment_turns", "question", row_id),
        rule_ids_sealed=crypto.seal_json(turn.rule_ids, "assessment_turns", "rule_ids", row_id),
        before_sealed=crypto.seal_json(turn.before, "assessment_turns", "before", row_id),
        at=now,
    )


def _rules(catalog: Catalog, answers: Answers, now: datetime) -> dict[str, tuple[str, ...]]:
    place = place_of(catalog, answers)
    return rules_by_question(questionnaire(catalog), answers, place=place, now=now, policies=catalog.policies)


def link_attempts(session: Session, row: Assessment) -> bool:
    """Tie `row` to the attempt before it that left the same address. Returns whether it found one."""
    if row.contact_index is None or row.earlier_id is not None:
        return False
    same = (
        select(Assessment.id)
        .where(
            Assessment.contact_index == row.contact_index,
            Assessment.id != row.id,
            Assessment.started_at <= row.started_at,
        )
        .order_by(Assessment.started_at.desc(), Assessment.id.desc())
        .limit(1)
    )
    row.earlier_id = session.scalar(same)
    return row.earlier_id is not None
