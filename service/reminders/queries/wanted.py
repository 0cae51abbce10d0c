"""Is a nudge still wanted? Asked at the last moment, because much may have happened since it was planned."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Membership
from service.billing.rules import IN_CARE
from service.checkins.models import CheckIn


def still_wanted(session: Session, kind: str, subject_id: UUID) -> bool:
    """May a message with `wanted_while` "<kind>:<id>" still leave?

    "checkin_open": the check-in is unanswered, its membership lives and the patient is with us. A kind nobody knows
    is not wanted: silence is safer than a wrong mail. Any other kind raises no error.
    """
    if kind != "checkin_open":
        return False
    query = select(
        exists()
        .where(CheckIn.id == subject_id, CheckIn.status == "open")
        .where(Membership.id == CheckIn.membership_id, Membership.status.in_(IN_CARE))
        .where(Patient.id == CheckIn.patient_id, Patient.closed_at.is_(None))
    )
    return bool(session.scalar(query))
