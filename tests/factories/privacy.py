"""Copies, holds and closings for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from service.billing.models import Invoice
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from service.privacy import actions
from service.privacy.models import DataExport
from tests.factories.accounts import Person
from tests.factories.checkins import a_member, fortnightly, scores
from tests.factories.safety import a_hold, an_alert

if TYPE_CHECKING:
    from tests.conftest import House


def actor_of(person: Person) -> Actor:
    """The patient, acting."""
    return Actor("patient", person.user_id, patient_id=person.patient_id, sign_in_id=new_id(), address="203.0.113.9")


def somebody_long_with_us(house: House) -> Person:
    """A member with check-ins, an alert, a hold and a paid month."""
    person = a_member()
    scores(fortnightly(house.catalog), person, 20, 14)
    an_alert(house, code="RF-SI", patient_id=person.patient_id)
    a_hold(house, code="RF-SI", patient_id=person.patient_id)
    return person


def a_bill(membership_id: UUID, *, paid_at: datetime) -> None:
    """A month that was paid."""
    with db.transaction() as session:
        session.add(
            Invoice(
                id=new_id(),
                membership_id=membership_id,
                stripe_invoice_id=f"in_{new_id().hex}",
                status="paid",
                amount_due_cents=25000,
                amount_paid_cents=25000,
                issued_at=paid_at - timedelta(minutes=1),
                paid_at=paid_at,
            )
        )


def ask(person: Person, *, at: datetime | None = None) -> UUID:
    """Ask for a copy. Returns the copy's id."""
    actions.ask_copy(actor=actor_of(person), wall_now=at or wall_now())
    return copies(person)[-1].id


def make(house: House, copy_id: UUID, *, at: datetime | None = None) -> bool:
    """What the job does."""
    return actions.make_copy(
        copy_id=copy_id,
        catalog=house.catalog,
        templates_dir=house.settings.templates_dir,
        config_dir=house.settings.config_dir,
        now=house.now,
        wall_now=at or wall_now(),
    )


def sweep(house: House, *, at: datetime) -> int:
    """What the sweeper does."""
    return actions.sweep_copies(
        catalog=house.catalog,
        templates_dir=house.settings.templates_dir,
        config_dir=house.settings.config_dir,
        now=house.now,
        wall_now=at,
    )


def copies(person: Person) -> list[DataExport]:
    """A patient's copies as rows, the oldest first."""
    with db.reading() as session:
        query = select(DataExport).where(DataExport.patient_id == person.patient_id)
        return list(session.scalars(query.order_by(DataExport.asked_at, DataExport.id)))


def mail_of(person: Person, template: str) -> list[OutboxMessage]:
    """A patient's mails of one kind."""
    with db.reading() as session:
        query = select(OutboxMessage).where(OutboxMessage.user_id == person.user_id, OutboxMessage.template == template)
        return list(session.scalars(query))
