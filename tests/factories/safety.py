"""Alerts and holds for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from service.kit import db
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from service.safety import rules, writes
from service.safety.models import Alert, SafetyHold

if TYPE_CHECKING:
    from tests.conftest import House


def an_alert(
    house: House, *, code: str = "RF-SI-ACUTE", patient_id: UUID | None = None, source_id: UUID | None = None
) -> UUID:
    """An alert of a patient's check-in, or of an anonymous assessment. Returns its id."""
    with db.transaction() as session:
        return writes.raise_alert(
            session,
            code=code,
            source_kind="checkin" if patient_id else "assessment",
            source_id=source_id or new_id(),
            patient_id=patient_id,
            now=house.now,
            definition=rules.definition(house.catalog, code),
        )


def a_hold(house: House, *, code: str = "RF-SI", patient_id: UUID | None = None, source_id: UUID | None = None) -> UUID:
    """A standing hold. Returns its id."""
    source = source_id or new_id()
    with db.transaction() as session:
        writes.place_hold(
            session,
            code=code,
            source_kind="checkin" if patient_id else "assessment",
            source_id=source,
            patient_id=patient_id,
            now=house.now,
        )
        return session.scalars(select(SafetyHold.id).where(SafetyHold.source_id == source)).one()


def alert(alert_id: UUID) -> Alert:
    """The alert as stored."""
    with db.reading() as session:
        return session.get_one(Alert, alert_id)


def called(template: str) -> list[UUID | None]:
    """Who was mailed `template`, in order."""
    with db.reading() as session:
        query = select(OutboxMessage.user_id).where(OutboxMessage.template == template).order_by(OutboxMessage.id)
        return list(session.scalars(query))
