"""Is a nudge still wanted? Asked at the last moment, because much may have happened since it was planned."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient, User
from service.billing.models import Membership
from service.billing.queries import told
from service.billing.rules import IN_CARE
from service.checkins.models import CheckIn
from service.enrollment.models import Assessment, WaitlistEntry
from service.visits.models import Appointment


def still_wanted(session: Session, kind: str, subject_id: UUID) -> bool:
    """May a message with `wanted_while` "<kind>:<id>" still leave?

    "checkin_open": the check-in is unanswered, its membership lives and the patient is with us. "visit_booked": the
    appointment still is, neither cancelled nor changed. "account_open": nobody closed the account. "waitlist_open":
    the address did not leave the list. "assessment_open": it was not sent or joined with. "charge_comes", "card_out":
    the membership is charged next, as far as anybody knows; and with a card that is out of date by then. A kind nobody
    knows is not wanted: silence is safer than a wrong mail. Any other kind raises no error.
    """
    if kind == "account_open":
        return bool(session.scalar(select(exists().where(User.id == subject_id, User.deactivated_at.is_(None)))))
    if kind == "waitlist_open":
        waits = exists().where(WaitlistEntry.id == subject_id, WaitlistEntry.left_at.is_(None))
        return bool(session.scalar(select(waits)))
    if kind == "assessment_open":
        left = exists().where(
            Assessment.id == subject_id, Assessment.outcome.is_(None), Assessment.patient_id.is_(None)
        )
        return bool(session.scalar(select(left)))
    if kind == told.CHARGE_COMES:
        return told.charge_comes(session, subject_id)
    if kind == told.CARD_OUT:
        return told.card_out(session, subject_id)
    if kind == "visit_booked":
        booked = exists().where(Appointment.id == subject_id, Appointment.status == "booked")
        here = booked.where(Patient.id == Appointment.patient_id, Patient.closed_at.is_(None))
        return bool(session.scalar(select(here)))
    if kind != "checkin_open":
        return False
    query = select(
        exists()
        .where(CheckIn.id == subject_id, CheckIn.status == "open")
        .where(Membership.id == CheckIn.membership_id, Membership.status.in_(IN_CARE))
        .where(Patient.id == CheckIn.patient_id, Patient.closed_at.is_(None))
    )
    return bool(session.scalar(query))
