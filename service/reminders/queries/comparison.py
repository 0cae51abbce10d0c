"""Expected against actual: a service that fell silent must not look like one with nothing to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Membership
from service.billing.rules import IN_CARE
from service.catalog.rules.whole import Catalog
from service.checkins.models import CheckIn
from service.mail.models import OutboxMessage
from service.reminders import rules
from service.reminders.models import Reminder
from service.visits.models import Appointment

LADDER = "check_in"
COUNTDOWN = "visit"
PATIENCE = timedelta(minutes=15)
SPACING = timedelta(hours=20)  # at most one nudge a day, also on the day that has 23 hours


@dataclass(frozen=True, slots=True)
class Comparison:
    """`unplanned` open check-ins and visits ahead have no nudge although one was due; `unsent` nudges wait longer
    than they should; `failed` ended in the last week without reaching anybody.
    """

    unplanned: int
    unsent: int
    failed: int

    @property
    def all_well(self) -> bool:
        """Nothing is missing and nothing is stuck."""
        return self.unplanned == 0 and self.unsent == 0


def compare(session: Session, catalog: Catalog, now: datetime) -> Comparison:
    """What should have left by now against what did.

    Expectations come from the check-ins and visits themselves and not from the planner's own notes, which may be what
    is wrong.
    """
    stuck, failed = session.execute(
        select(
            func.count().filter(OutboxMessage.status == "queued", OutboxMessage.send_at <= now - PATIENCE),
            func.count().filter(OutboxMessage.status == "failed", OutboxMessage.send_at > now - timedelta(days=7)),
        )
        .select_from(Reminder)
        .join(OutboxMessage, OutboxMessage.id == Reminder.outbox_id)
        .where(OutboxMessage.status.in_(("queued", "failed")))
    ).one()
    unplanned = _unplanned(session, catalog, now) + _unplanned_visits(session, catalog, now)
    return Comparison(unplanned, stuck, failed)


def _unplanned_visits(session: Session, catalog: Catalog, now: datetime) -> int:
    steps, quiet = catalog.reminders.countdowns[COUNTDOWN], catalog.reminders.quiet_hours
    # A day more, because a step of whole days follows the wall clock.
    furthest = now + max(step.before for step in steps) + timedelta(days=1)
    starts_at = func.lower(Appointment.during)
    rows = session.execute(
        select(
            Appointment.id,
            starts_at.label("starts_at"),
            Appointment.booked_at,
            Patient.time_zone,
            func.array_agg(Reminder.step).label("steps"),
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(Reminder, Reminder.appointment_id == Appointment.id)
        .where(Appointment.status == "booked", starts_at > now, starts_at < furthest, Patient.closed_at.is_(None))
        .group_by(Appointment.id, Patient.time_zone)
    )
    missing = 0
    for row in rows:
        planned = rules.count_down(steps, row.starts_at, row.booked_at, row.time_zone, quiet)
        expected = rules.due_now(planned, now - PATIENCE, row.time_zone, quiet)
        missing += expected is not None and expected.send_before > now and expected.step not in row.steps
    return missing


def _unplanned(session: Session, catalog: Catalog, now: datetime) -> int:
    ladder, quiet = catalog.reminders.ladders[LADDER], catalog.reminders.quiet_hours
    rows = session.execute(
        select(
            CheckIn.id,
            CheckIn.due_at,
            Patient.time_zone,
            func.array_agg(Reminder.step).label("steps"),
            func.max(Reminder.send_at).label("last"),
        )
        .join(Membership, Membership.id == CheckIn.membership_id)
        .join(Patient, Patient.id == CheckIn.patient_id)
        .outerjoin(Reminder, Reminder.checkin_id == CheckIn.id)
        .where(
            CheckIn.status == "open",
            CheckIn.closes_at > now,
            CheckIn.due_at <= now - PATIENCE,
            CheckIn.due_at > now - timedelta(days=ladder.give_up_after_days),
            Membership.status.in_(IN_CARE),
            Patient.closed_at.is_(None),
        )
        .group_by(CheckIn.id, CheckIn.due_at, Patient.time_zone)
    )
    missing = 0
    for row in rows:
        steps = rules.plan(ladder, row.due_at, row.time_zone, quiet)
        expected = rules.due_now(steps, now - PATIENCE, row.time_zone, quiet)
        if expected is None or expected.send_before <= now or expected.step in row.steps:
            continue
        missing += row.last is None or row.last + SPACING <= now - PATIENCE
    return missing
