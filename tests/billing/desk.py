"""Staff at work on money: who they are, and a month that somebody paid."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests
from sqlalchemy import func, select

from service.billing import actions
from service.billing.actions.desk import refunds
from service.billing.models import Credit, Invoice, LedgerEntry, Refund
from service.kit import db
from service.kit.actor import Actor
from service.mail.models import OutboxMessage
from service.safety.models import Alert
from tests.billing.test_renewals import row_of
from tests.factories.accounts import a_staff_member

if TYPE_CHECKING:
    from service.billing.gateway import Gateway
    from tests.billing.stand_in import StandIn
    from tests.conftest import House
    from tests.factories.visits import Applicant

PAID = 25000


def staff(role: str = "billing") -> Actor:
    return Actor("staff", user_id=a_staff_member(role).user_id, role=role)


def charge_of(applicant: Applicant) -> Invoice:
    """Their latest paid month, as stored."""
    with db.reading() as session:
        query = select(Invoice).where(Invoice.membership_id == row_of(applicant).id, Invoice.amount_paid_cents > 0)
        found = session.scalars(query.order_by(Invoice.issued_at.desc())).first()
    assert found is not None
    return found


def left(charge: Invoice) -> int:
    return charge.amount_paid_cents - charge.refunded_cents - charge.refunding_cents


def ask(
    house: House,
    gateway: Gateway,
    applicant: Applicant,
    cents: int,
    *,
    actor: Actor | None = None,
    seen: int | None = None,
    **more: Any,
) -> refunds.Outcome:
    """Give a part of their latest month back, as the page would."""
    charge = charge_of(applicant)
    return refunds.ask_refund(
        membership_id=charge.membership_id,
        invoice_id=charge.id,
        amount_cents=cents,
        left_cents=left(charge) if seen is None else seen,
        reason=more.pop("reason", "goodwill"),
        note=more.pop("note", ""),
        gateway=gateway,
        catalog=house.catalog,
        actor=actor or staff(),
        now=house.now,
        **more,
    )


def stored(table: type[Refund] | type[Credit]) -> list[Any]:
    """Every refund or credit, in the order they were asked for."""
    with db.reading() as session:
        return list(session.scalars(select(table).order_by(table.asked_at, table.id)))


def books(applicant: Applicant) -> list[tuple[str, int]]:
    """The ledger of one patient, in order."""
    with db.reading() as session:
        rows = session.scalars(
            select(LedgerEntry)
            .where(LedgerEntry.patient_id == applicant.patient_id)
            .order_by(LedgerEntry.noted_at, LedgerEntry.id)
        )
        return [(row.kind, row.amount_cents) for row in rows]


def at_stripe(gateway: Gateway, applicant: Applicant) -> list[tuple[int, str]]:
    """(cents, status) of what Stripe says was given back of their latest month."""
    charge = charge_of(applicant)
    payment = charge.stripe_payment_id or gateway.get_invoice(charge.stripe_invoice_id).payment_id
    assert payment is not None
    return [(one.amount_cents, one.status) for one in gateway.list_refunds(payment)]


def trouble(stripe: StandIn, **fault: Any) -> None:
    """Something goes wrong at Stripe."""
    requests.post(f"{stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()


def dispute_at_stripe(stripe: StandIn, **wanted: Any) -> dict[str, Any]:
    """A bank disputes a charge, or decides about one."""
    answer = requests.post(f"{stripe.url}/_standin/disputes", json=wanted, timeout=5)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def ask_stripe_again(house: House, gateway: Gateway, at: datetime) -> int:
    """The tick that goes on with what has no answer."""
    house.at(at)
    return actions.ask_again(gateway=gateway, catalog=house.catalog, now=at)


def alerts_of(code: str) -> int:
    """How often somebody was called for `code`."""
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Alert).where(Alert.code == code)) or 0


def still_called(code: str) -> int:
    """How many alerts of `code` nobody has taken."""
    with db.reading() as session:
        query = select(func.count()).where(Alert.code == code, Alert.acknowledged_at.is_(None))
        return session.scalar(query) or 0


def mails(applicant: Applicant, template: str) -> int:
    """How many mails of a kind wait for a patient, or have left."""
    with db.reading() as session:
        query = select(func.count()).where(
            OutboxMessage.user_id == applicant.person.user_id, OutboxMessage.template == template
        )
        return session.scalar(query) or 0
