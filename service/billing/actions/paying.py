"""A charge that did not go through, paid now: the gate asked first, pressed twice one charge."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from service.audit import writes as audit
from service.billing import queries, rules, writes
from service.billing.actions import intents, sync
from service.billing.actions.changes.common import GateSaysNo, gate_refuses
from service.billing.gateway import Gateway
from service.billing.models import Invoice, Membership
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words

NO_CHARGE = NotFound("no_such_charge", words("We could not find that charge."))
OVER = Conflict("nothing_to_pay", words("This charge is not collected any more. There is nothing to pay."))
OTHER = Conflict("other_amount", words("The amount has changed. Look at it again, then pay."))
STOPPED = Conflict("stopped", words("Your membership is stopped, so nothing can be paid now. Call us to go on."))
Paid = Literal["paid", "waiting"]


def pay_now(
    *,
    patient_id: UUID,
    invoice_id: UUID,
    amount_cents: int,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> Paid:
    """Collect an open charge from the card there is. `amount_cents` is what the page said. One that is paid is "paid".

    Raises NotFound for anybody else's, Conflict for one that is not collected any more or has another amount,
    GateSaysNo (nothing was asked of Stripe), Declined and NeedsAction (nothing was charged), TryAgain while nobody
    knows (the same call is repeated, never a second one), Bug.
    """
    codes: tuple[str, ...] = ()
    with db.transaction() as session:
        known = session.execute(
            select(Membership.id, Membership.enrollment_id, Invoice.stripe_invoice_id)
            .join(Invoice, Invoice.membership_id == Membership.id)
            .where(Invoice.id == invoice_id, Membership.patient_id == patient_id)
        ).one_or_none()
        if known is None:
            raise NO_CHARGE
        enrollment.locked(session, known.enrollment_id)
        row = writes.locked_membership(session, known.id)
        invoice = session.get_one(Invoice, invoice_id, populate_existing=True)
        if invoice.status == "paid":
            return "paid"
        if row is None or row.status not in rules.LIVE or invoice.status != "open":
            raise OVER
        if row.stopped_for == "paused":
            raise STOPPED
        if invoice.amount_due_cents != amount_cents:
            raise OTHER
        codes = gate_refuses(session, row, f"pay:{invoice_id}:{now:%Y-%m-%dT%H:%MZ}", catalog, now)
        audit.record(
            session,
            actor,
            "membership.pay",
            "membership",
            row.id,
            patient_id=patient_id,
            outcome="refused" if codes else "done",
        )
        if not codes:
            details = {"invoice": known.stripe_invoice_id}
            intent_id = intents.mean(session, row, "pay", details=details, lane="pay", actor=actor, now=now).id
    if codes:
        raise GateSaysNo(codes)
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
    with db.reading() as session:
        status = session.scalar(select(Invoice.status).where(Invoice.id == invoice_id))
    return "paid" if status == "paid" else "waiting"


def bank_page(*, patient_id: UUID, invoice_id: UUID, gateway: Gateway) -> str:
    """Stripe's own page where the bank asks to confirm an open charge. Raises NotFound, Conflict, TryAgain, Bug."""
    with db.reading() as session:
        found = session.execute(
            select(Invoice.status, Invoice.stripe_invoice_id)
            .join(Membership, Membership.id == Invoice.membership_id)
            .where(Invoice.id == invoice_id, Membership.patient_id == patient_id)
        ).one_or_none()
    if found is None:
        raise NO_CHARGE
    if found.status != "open":
        raise OVER
    return gateway.pay_page(found.stripe_invoice_id)


def look_again(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Back from the bank's page: ask Stripe how it stands, whether its message came or not. Raises TryAgain, Bug."""
    with db.reading() as session:
        known = queries.subscription_of(session, patient_id)
    if known is None:
        return
    with db.transaction() as session:
        sync.subscription_now(session, known[1], gateway=gateway, catalog=catalog, now=now)
