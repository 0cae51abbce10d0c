"""What the state-rule engine says today against going on with somebody, for staff to read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts.queries import PatientDetails
from service.catalog.rules.engine import Reason, Situation, Step, ask
from service.catalog.rules.whole import Catalog
from service.enrollment.queries.records import EnrollmentDetails
from service.enrollment.rules.booking import AFTER_A_DECISION, BEFORE_A_DECISION
from service.visits import queries as visits

STEPS: dict[str, Step] = {
    **dict.fromkeys(BEFORE_A_DECISION, "booking"),
    **dict.fromkeys(AFTER_A_DECISION, "renewal"),
}


def refusals(
    session: Session, catalog: Catalog, found: EnrollmentDetails, patient: PatientDetails, now: datetime
) -> tuple[Reason, ...]:
    """Every reason against a visit for somebody on the way in, against care that goes on for somebody in it.

    Nothing for an enrollment that is over. Before a visit is booked no clinician's license can be asked about.
    """
    step = STEPS.get(found.status)
    if step is None:
        return ()
    seen = visits.last_seen(session, patient.id)
    day = now.astimezone(ZoneInfo(patient.time_zone)).date()
    situation = Situation(
        day=day,
        now=now,
        program=found.program,
        residence=patient.state,
        location=seen.location if seen else None,
        licenses=visits.held_here(session, seen.practitioner_id, day) if seen else None,
        in_person_exam_on=visits.in_person_exam_on(session, patient.id),
    )
    verdict = ask(step, state=found.state, policies=catalog.policies, situation=situation)
    return tuple(reason for reason in verdict.reasons if step != "booking" or reason.code != "license")
