"""Money given back or given on top: each call to Stripe, and what its answer means to us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import emails, writes
from service.billing.actions.intents.kinds import Kind, Told
from service.billing.gateway import Bug, Gateway, InvoiceFacts, RefundFacts
from service.billing.models import Credit, Membership, Refund
from service.mail import writes as mail
from service.mail.rules import Email


def _payment(gateway: Gateway, told: Told) -> str:
    """The payment that paid the charge: known with it, else asked for."""
    found = told.details["payment"] or gateway.get_invoice(str(told.details["invoice"])).payment_id
    if found is None:
        raise Bug("nothing was paid on this invoice, so nothing can be given back")
    return str(found)


def _refund(gateway: Gateway, told: Told) -> RefundFacts:
    return gateway.refund(
        _payment(gateway, told),
        amount_cents=int(told.details["amount_cents"]),
        refund_id=UUID(str(told.details["refund"])),
        key=told.key,
    )


def _refund_shown(gateway: Gateway, told: Told) -> RefundFacts | None:
    ours = UUID(str(told.details["refund"]))
    return next((one for one in gateway.list_refunds(_payment(gateway, told)) if one.refund_id == ours), None)


def _refunded(session: Session, told: Told, answer: RefundFacts, now: datetime) -> None:
    settle_refund(session, session.get_one(Refund, UUID(str(told.details["refund"]))), answer, now)


def settle_refund(session: Session, row: Refund, facts: RefundFacts, now: datetime) -> None:
    """How a refund stands at Stripe, written, and told to the patient once: that it is on its way, or came back.

    The membership is locked by the caller.
    """
    before = row.status
    writes.refunds.settle(
        session,
        row,
        stripe_refund_id=facts.id,
        stripe_status=facts.status,
        moved_at=facts.created_at,
        failure=facts.failure,
        now=now,
    )
    if row.status == "done" and before != "done":
        _tell(session, row.patient_id, emails.refund_sent(amount_cents=row.amount_cents), f"refund_sent:{row.id}", now)
    elif row.status == "failed" and before == "done":
        email = emails.refund_returned(amount_cents=row.amount_cents)
        _tell(session, row.patient_id, email, f"refund_returned:{row.id}", now)


def _not_refunded(session: Session, told: Told, code: str, now: datetime) -> None:
    """A clear no: the money is free again. Somebody is called about it by the tick."""
    writes.locked_membership(session, told.membership_id)
    row = session.get_one(Refund, UUID(str(told.details["refund"])))
    invoice = writes.refunds.locked_invoice(session, row.invoice_id)
    assert invoice is not None
    session.refresh(row, with_for_update=True)
    writes.refunds.give_up(session, invoice, row, failure=code[:100], now=now)


def _credit(gateway: Gateway, told: Told) -> str:
    return gateway.give_credit(
        told.customer_id,
        amount_cents=int(told.details["amount_cents"]),
        credit_id=UUID(str(told.details["credit"])),
        key=told.key,
    )


def _credit_shown(gateway: Gateway, told: Told) -> str | None:
    return gateway.credit_given(told.customer_id, UUID(str(told.details["credit"])))


def _months(gateway: Gateway, told: Told) -> str:
    gift = UUID(str(told.details["credit"]))
    # Looked at first: what stands on the subscription is part of the call, so a repeated one would be another.
    return gateway.months_given(told.subscription_id, gift) or gateway.give_months(
        told.subscription_id, months=int(told.details["months"]), gift_id=gift, key=told.key
    )


def _credited(session: Session, told: Told, answer: str, now: datetime) -> None:
    row = session.get_one(Credit, UUID(str(told.details["credit"])), with_for_update=True)
    if row.status != "approved":
        return
    row.status, row.stripe_id, row.settled_at = "done", answer, now
    if row.months:
        membership = session.get_one(Membership, told.membership_id)
        membership.discount_percent = 100
        email = emails.months_given(months=row.months)
    else:
        email = emails.credit_given(amount_cents=row.amount_cents or 0)
    _tell(session, row.patient_id, email, f"credit_given:{row.id}", now)


def _not_credited(session: Session, told: Told, code: str, now: datetime) -> None:
    row = session.get_one(Credit, UUID(str(told.details["credit"])), with_for_update=True)
    if row.status == "approved":
        row.status, row.failure, row.settled_at = "failed", code[:100], now


def _void(gateway: Gateway, told: Told) -> InvoiceFacts:
    return gateway.stop_invoice(str(told.details["invoice"]), key=told.key)


def _voided(session: Session, told: Told, answer: InvoiceFacts, now: datetime) -> None:
    row = writes.locked_membership(session, told.membership_id)
    assert row is not None
    writes.keep_invoice(session, row, answer, now)
    if answer.status == "void":
        email = emails.charge_dropped(amount_cents=answer.amount_due_cents)
        _tell(session, row.patient_id, email, f"charge_dropped:{answer.id}", now)


def _tell(session: Session, patient_id: UUID, email: Email, key: str, now: datetime) -> None:
    person = accounts.patient(session, patient_id)
    mail.put(session, email, key=key, now=now, user_id=person.user_id, locale=person.locale)


GIVING: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        # As with a charge: asked for again while nobody knows, it is the same call, never another under a new key.
        "refund": Kind(_refund, done=_refunded, refused=_not_refunded, shown=_refund_shown, charges=True, lasting=True),
        "credit": Kind(_credit, done=_credited, refused=_not_credited, shown=_credit_shown, charges=True, lasting=True),
        "months": Kind(
            _months,
            done=_credited,
            refused=_not_credited,
            shown=lambda gateway, told: gateway.months_given(told.subscription_id, UUID(str(told.details["credit"]))),
            lasting=True,
        ),
        "void": Kind(_void, done=_voided, shown=_void, lasting=True),
    }
)
