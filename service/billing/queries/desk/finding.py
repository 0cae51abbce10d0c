"""One membership by whatever somebody has in their hand: an address, an id of ours, an id of Stripe's."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.accounts.rules import normal_email
from service.billing.models import Checkout, Dispute, Invoice, Membership, Refund
from service.billing.rules.shelves import as_id
from service.kit.errors import Rejected


def find(session: Session, wanted: str) -> UUID | None:
    """The membership `wanted` leads to, a live one before those that ended. None where it leads to nobody.

    Names are sealed, so an address must be whole.
    """
    condition = _condition(session, wanted.strip())
    if condition is None:
        return None
    return session.scalar(
        select(Membership.id)
        .where(condition)
        .order_by((Membership.status == "ended"), Membership.created_at.desc(), Membership.id.desc())
        .limit(1)
    )


def _condition(session: Session, wanted: str) -> ColumnElement[bool] | None:
    if (ours := as_id(wanted)) is not None:
        return or_(Membership.id == ours, Membership.patient_id == ours)
    begins = wanted.partition("_")[0]
    if begins == "sub":
        return Membership.stripe_subscription_id == wanted
    if begins == "cus":
        return Membership.stripe_customer_id == wanted
    if begins in ("in", "pi"):
        column = Invoice.stripe_invoice_id if begins == "in" else Invoice.stripe_payment_id
        return Membership.id.in_(select(Invoice.membership_id).where(column == wanted))
    if begins in ("re", "pyr"):
        return Membership.id.in_(select(Refund.membership_id).where(Refund.stripe_refund_id == wanted))
    if begins in ("dp", "du"):
        return Membership.id.in_(select(Dispute.membership_id).where(Dispute.stripe_dispute_id == wanted))
    if begins == "cs":
        return Membership.id.in_(select(Checkout.membership_id).where(Checkout.stripe_session_id == wanted))
    return _of_address(session, wanted)


def _of_address(session: Session, address: str) -> ColumnElement[bool] | None:
    try:
        user = accounts.user_by_email(session, normal_email(address))
    except Rejected:
        return None
    if user is None:
        return None
    return Membership.patient_id.in_(select(Patient.id).where(Patient.user_id == user.id))
