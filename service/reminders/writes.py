"""The ledger, inside the caller's transaction: a nudge and its message are saved together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.checkins.queries import ToRemind
from service.kit.ids import new_id
from service.mail import writes as mail
from service.mail.rules import Email
from service.reminders import emails
from service.reminders.models import Reminder
from service.reminders.rules import PlannedReminder
from service.visits.emails import visit_ahead
from service.visits.queries import VisitToRemind

CHANNEL = "email"


def put(session: Session, checkin: ToRemind, planned: PlannedReminder, *, now: datetime) -> bool:
    """Note one nudge and queue its mail, once for patient, cycle, step and channel. False when it was noted before."""
    letter = emails.something_waits(planned.email, checkin.id)
    whose = _Whose(
        checkin.patient_id, checkin.user_id, checkin.key, f"checkin_open:{checkin.id}", checkin_id=checkin.id
    )
    return _put(session, whose, planned, letter, now)


def put_visit(session: Session, visit: VisitToRemind, planned: PlannedReminder, *, now: datetime) -> bool:
    """As `put`, of a booked visit. Whatever became of it by then is asked again when the mail leaves."""
    letter = visit_ahead(planned.email, starts_at=visit.starts_at, time_zone=visit.time_zone, locale=visit.locale)
    whose = _Whose(
        visit.patient_id, visit.user_id, f"visit:{visit.id}", f"visit_booked:{visit.id}", appointment_id=visit.id
    )
    return _put(session, whose, planned, letter, now)


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose nudge it is, and about what one thing."""

    patient_id: UUID
    user_id: UUID
    cycle: str
    wanted_while: str
    checkin_id: UUID | None = None
    appointment_id: UUID | None = None


def _put(session: Session, whose: _Whose, planned: PlannedReminder, letter: Email, now: datetime) -> bool:
    known = select(Reminder.id).where(
        Reminder.patient_id == whose.patient_id,
        Reminder.cycle == whose.cycle,
        Reminder.step == planned.step,
        Reminder.channel == CHANNEL,
    )
    if session.scalar(known) is not None:
        return False
    outbox_id = mail.put(
        session,
        letter,
        key=f"reminder:{whose.patient_id}:{whose.cycle}:{planned.step}:{CHANNEL}",
        now=now,
        user_id=whose.user_id,
        send_at=planned.send_at,
        send_before=planned.send_before,
        wanted_while=whose.wanted_while,
    )
    if outbox_id is None:
        return False
    added = session.execute(
        insert(Reminder)
        .values(
            id=new_id(),
            patient_id=whose.patient_id,
            checkin_id=whose.checkin_id,
            appointment_id=whose.appointment_id,
            cycle=whose.cycle,
            step=planned.step,
            channel=CHANNEL,
            due_at=planned.due_at,
            send_at=planned.send_at,
            send_before=planned.send_before,
            outbox_id=outbox_id,
        )
        .on_conflict_do_nothing(index_elements=["patient_id", "cycle", "step", "channel"])
        .returning(Reminder.id)
    ).scalar()
    return added is not None
