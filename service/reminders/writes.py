"""The ledger, inside the caller's transaction: a nudge and its message are saved together or not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.checkins.queries import ToRemind
from service.kit.ids import new_id
from service.mail import writes as mail
from service.reminders import emails
from service.reminders.models import Reminder
from service.reminders.rules import PlannedReminder

CHANNEL = "email"


def put(session: Session, checkin: ToRemind, planned: PlannedReminder, *, now: datetime) -> bool:
    """Note one nudge and queue its mail, once for patient, cycle, step and channel. False when it was noted before."""
    known = select(Reminder.id).where(
        Reminder.patient_id == checkin.patient_id,
        Reminder.cycle == checkin.key,
        Reminder.step == planned.step,
        Reminder.channel == CHANNEL,
    )
    if session.scalar(known) is not None:
        return False
    outbox_id = mail.put(
        session,
        emails.something_waits(planned.email, checkin.id),
        key=f"reminder:{checkin.patient_id}:{checkin.key}:{planned.step}:{CHANNEL}",
        now=now,
        user_id=checkin.user_id,
        send_at=planned.send_at,
        send_before=planned.send_before,
        wanted_while=f"checkin_open:{checkin.id}",
    )
    if outbox_id is None:
        return False
    added = session.execute(
        insert(Reminder)
        .values(
            id=new_id(),
            patient_id=checkin.patient_id,
            checkin_id=checkin.id,
            cycle=checkin.key,
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
