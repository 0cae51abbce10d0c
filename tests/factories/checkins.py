"""Members and their check-ins for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from service.billing.models import Membership
from service.catalog.rules.programs import Cadence
from service.catalog.rules.whole import Catalog
from service.checkins.actions import open_due, submit
from service.checkins.models import CheckIn
from service.kit import db
from service.kit.actor import Actor
from service.kit.ids import new_id
from tests.factories.accounts import Person, a_patient
from tests.factories.enrollment import an_enrollment

BEGAN = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)  # a Monday, 10 AM in Miami
FIRST_DUE = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)  # fourteen local days later at 9 AM
CALM = {str(number): 1 for number in range(1, 9)} | {"9": 0}


def a_membership(
    person: Person, enrollment_id: UUID, status: str = "active", began: datetime = BEGAN, **columns: object
) -> UUID:
    """A membership that began at `began`."""
    membership_id = new_id()
    with db.transaction() as session:
        session.add(
            Membership(
                id=membership_id,
                patient_id=person.patient_id,
                enrollment_id=enrollment_id,
                plan="monthly",
                price_cents=25000,
                status=status,
                created_at=began,
                activated_at=None if status == "awaiting_payment" else began,
                **{
                    "period_starts_at": began,
                    "period_ends_at": began + timedelta(days=30),
                    "card_brand": "visa",
                    "card_last4": "4242",
                    **columns,
                },
            )
        )
    return membership_id


def a_member(place: str = "FL", *, began: datetime = BEGAN, program: str = "depression") -> Person:
    """A patient with a live membership."""
    person = a_patient(place)
    a_membership(person, an_enrollment(person, status="active", program=program, now=began), began=began)
    return person


def actor_of(person: Person) -> Actor:
    """The patient as actor."""
    return Actor("patient", person.user_id, patient_id=person.patient_id)


def checkins_of(person: Person) -> list[CheckIn]:
    """A patient's check-ins as rows, the oldest first."""
    with db.reading() as session:
        query = select(CheckIn).where(CheckIn.patient_id == person.patient_id).order_by(CheckIn.due_at)
        return list(session.scalars(query))


def a_due_checkin(catalog: Catalog, person: Person, at: datetime = FIRST_DUE) -> UUID:
    """The check-in that the tick opens for a member at `at`. Returns its id."""
    open_due(catalog=catalog, now=at)
    return checkins_of(person)[-1].id


def scores(catalog: Catalog, person: Person, *totals: int, first: datetime = FIRST_DUE) -> None:
    """Submit one check-in after another, two weeks apart, with these PHQ-9 totals (at most 24: item 9 stays 0)."""
    for number, total in enumerate(totals):
        at = first + timedelta(days=14 * number, hours=2)
        checkin_id = a_due_checkin(catalog, person, at)
        answers = {str(item): min(3, max(0, total - 3 * (item - 1))) for item in range(1, 9)} | {"9": 0}
        submit(checkin_id=checkin_id, answers=answers, actor=actor_of(person), catalog=catalog, now=at)


def fortnightly(catalog: Catalog) -> Catalog:
    """The catalog with PHQ-9 due after fourteen days and every fourteen, whatever the clinic ships."""
    cadence = Cadence("phq9", first_after_days=14, every_days=14, at=time(9), open_for_days=7)
    programs = {key: replace(program, cadences=(cadence,)) for key, program in catalog.programs.items()}
    return replace(catalog, programs=programs)
