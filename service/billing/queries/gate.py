"""What the gate needs to know before a charge. What cannot be found stays None, and None answers no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.queries.memberships import has_membership, live_enrollment
from service.catalog.rules.whole import Catalog
from service.consent import queries as consent
from service.enrollment.models import Enrollment
from service.enrollment.rules.gate import Facts, may
from service.safety import queries as safety
from service.visits import queries as visits

APPROVED = ("approved", "consented", "active")


def charge_facts(session: Session, enrollment_id: UUID, catalog: Catalog, when: datetime) -> Facts:
    """The facts for a charge at `when`, which for a renewal lies ahead."""
    row = session.execute(
        select(
            Enrollment.patient_id,
            Enrollment.status,
            Enrollment.state,
            Enrollment.program,
            Patient.state,
            Patient.time_zone,
        )
        .join(Patient, Patient.id == Enrollment.patient_id)
        .where(Enrollment.id == enrollment_id, Patient.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        return Facts()
    patient_id, status, state, program, lives_in, time_zone = row
    day = when.astimezone(ZoneInfo(time_zone)).date()
    seen = visits.last_seen(session, patient_id)
    return Facts(
        time_zone=time_zone,
        approved=status in APPROVED,
        consents_current=consent.all_blocking_signed(session, patient_id, state, catalog, on=day),
        state=state,
        program=program,
        residence=lives_in,
        location=seen.location if seen else None,
        licenses=visits.held_here(session, seen.practitioner_id, day) if seen else None,
        policies=catalog.policies,
        in_person_exam_on=visits.in_person_exam_on(session, patient_id),
        hold=safety.standing_hold(session, patient_id),
    )


@dataclass(frozen=True, slots=True)
class Start:
    """Whether a patient may start a membership: `missing` are the gate's reasons for a no."""

    member: bool
    missing: tuple[str, ...]


def start_of(session: Session, patient_id: UUID, catalog: Catalog, now: datetime) -> Start:
    """May this patient choose a plan and pay now? Only looks: what counts is asked again and kept."""
    if has_membership(session, patient_id):
        return Start(True, ())
    enrollment_id = live_enrollment(session, patient_id)
    facts = Facts() if enrollment_id is None else charge_facts(session, enrollment_id, catalog, now)
    return Start(False, may("charge", facts, now).codes)
