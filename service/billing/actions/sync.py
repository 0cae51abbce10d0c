"""The only way a membership changes after its beginning: lock, ask Stripe what is true now, write it, and let our own
step decide what it deserves. A message, the return page and the nightly comparison all come through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import emails, rules, writes
from service.billing.gateway import CheckoutPage, Gateway, InvoiceFacts, SubscriptionFacts
from service.billing.models import Checkout, Membership
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.kit.actor import SYSTEM
from service.kit.errors import Conflict
from service.kit.ids import new_id
from service.mail import writes as mail
from service.mail.rules import Email
from service.safety import queries as safety
from service.safety import rules as safety_rules
from service.safety import writes as calls

log = structlog.get_logger(__name__)


class Unclaimed(Exception):
    """Money moves at Stripe for something that is not ours, or twice for one of ours: a person has to look."""


@dataclass(frozen=True, slots=True)
class Synced:
    """A membership after a look at Stripe, and whether it stood otherwise before."""

    row: Membership
    changed: bool


def subscription_now(
    session: Session, subscription_id: str, *, gateway: Gateway, catalog: Catalog, now: datetime
) -> Synced | None:
    """Bring a membership in line with its subscription; None for an attempt that came to nothing.

    Raises Unclaimed, and the gateway's errors.
    """
    writes.lock_object(session, subscription_id)
    facts = gateway.get_subscription(subscription_id)
    invoices = gateway.list_invoices(subscription_id)
    row = _claim(session, facts)
    if row is None:
        return None
    if row.price_cents != facts.price_cents:
        log.error("a membership's price at Stripe is not the one agreed", membership=str(row.id))
    before, was_active, was_ending = row.status, row.activated_at is not None, row.cancels_at_period_end
    writes.take_over(row, facts)
    changed = session.is_modified(row)
    for invoice in invoices:
        writes.keep_invoice(session, row.id, invoice)
    step = rules.step(before, row.status, was_active=was_active, was_ending=was_ending, ends=row.cancels_at_period_end)
    _follow(session, row, step, invoices, now)
    if step.started:
        _begin_care(session, row, catalog, now)
    # The gate said yes before the charge; a hold may have come since. Refunding it is issue 5's.
    if (step.started or step.resumed) and safety.standing_hold(session, row.patient_id):
        _note_trouble(session, row, "membership.paid_on_hold", catalog, now)
    if row.wish is not None and rules.fulfilled(row.wish, row.status, ends=row.cancels_at_period_end):
        row.wish = row.wish_id = row.wished_at = None
    if row.status == "ended" and row.ended_at is None:
        row.ended_at = now
    if before != row.status:
        audit.record(session, SYSTEM, f"membership.{row.status}", "membership", row.id, patient_id=row.patient_id)
    session.flush()
    return Synced(row, changed)


def page_now(session: Session, page: CheckoutPage) -> None:
    """Bring our record of a pay page in line with it, found by its id or, after a crash, by our own reference."""
    row = session.scalars(
        select(Checkout)
        .where(or_(Checkout.stripe_session_id == page.id, Checkout.id == page.checkout_id))
        .with_for_update()
    ).first()
    if row is None:
        log.warning("a pay page that is not ours", session=page.id)
        return
    row.stripe_session_id, row.expires_at = page.id, page.expires_at
    if row.status != "completed" and not (row.status == "expired" and page.status == "open"):
        row.status = page.status
    session.flush()


def _claim(session: Session, facts: SubscriptionFacts) -> Membership | None:
    """The membership this subscription is for. None when it is an attempt that came to nothing."""
    found = facts.membership_id or session.scalar(
        select(Membership.id).where(Membership.stripe_subscription_id == facts.id)
    )
    enrollment_id = session.scalar(select(Membership.enrollment_id).where(Membership.id == found)) if found else None
    if enrollment_id is not None:
        enrollment.locked(session, enrollment_id)  # before the membership, as everywhere: nobody waits in a circle
    row = writes.locked_membership(session, found) if found else None
    if row is None:
        raise Unclaimed(f"{facts.id}: no membership of ours")
    ours = row.stripe_subscription_id in (None, facts.id) and (row.status != "ended" or facts.status == "ended")
    if ours:
        return row
    if facts.status in ("ended", "awaiting_payment"):
        return None
    raise Unclaimed(f"{facts.id}: the membership has another subscription or has ended")


def _follow(session: Session, row: Membership, step: rules.Step, invoices: list[InvoiceFacts], now: datetime) -> None:
    person = accounts.patient(session, row.patient_id)
    card = rules.card_words(row.card_brand, row.card_last4)

    def send(email: Email, key: str) -> None:
        mail.put(session, email, key=key, now=now, user_id=person.user_id, locale=person.locale)

    if step.started and row.period_ends_at is not None:
        send(
            emails.membership_started(
                price_cents=row.price_cents,
                next_charge_at=row.period_ends_at,
                time_zone=person.time_zone,
                locale=person.locale,
            ),
            f"membership_started:{row.id}",
        )
    for invoice in invoices:
        if invoice.status == "paid" and invoice.paid_at is not None and invoice.amount_paid_cents > 0:
            send(
                emails.payment_receipt(
                    amount_cents=invoice.amount_paid_cents,
                    paid_at=invoice.paid_at,
                    card=card,
                    time_zone=person.time_zone,
                    locale=person.locale,
                ),
                f"receipt:{invoice.id}",
            )
        elif step.problem and invoice.status == "open" and invoice.attempts > 0:
            send(
                emails.payment_problem(amount_cents=invoice.amount_due_cents, card=card),
                f"payment_problem:{invoice.id}:{invoice.attempts}",
            )
    if step.ending and row.period_ends_at is not None:
        # Of our own transition: two tabs, a crash after the call or a message that was quicker make one mail.
        wish = row.wish_id if row.wish == "cancel" else new_id()
        send(
            emails.membership_ending(ends_at=row.period_ends_at, time_zone=person.time_zone, locale=person.locale),
            f"membership_ending:{row.id}:{wish}",
        )
    if step.ended:
        send(emails.membership_ended(), f"membership_ended:{row.id}")


def _begin_care(session: Session, row: Membership, catalog: Catalog, now: datetime) -> None:
    """Paid: the enrollment becomes active. Where something came in between, it is kept and shown, never dropped."""
    row.activated_at = now
    session.execute(
        update(Checkout)
        .where(Checkout.membership_id == row.id, Checkout.status.in_(("meant", "open")))
        .values(status="completed")
    )
    try:
        enrollment.move(session, row.enrollment_id, "pay", SYSTEM, now)
    except Conflict:
        _note_trouble(session, row, "membership.paid_out_of_turn", catalog, now)


def _note_trouble(session: Session, row: Membership, what: str, catalog: Catalog, now: datetime) -> None:
    """Keep it and call a person: somebody decides about the money. One call while one is open."""
    log.error("a payment arrived that should not have been made", what=what, membership=str(row.id))
    audit.record(session, SYSTEM, what, "membership", row.id, patient_id=row.patient_id, outcome="refused")
    calls.raise_alert(
        session,
        code=rules.ALERT,
        source_kind="payment",
        source_id=row.id,
        patient_id=row.patient_id,
        now=now,
        definition=safety_rules.definition(catalog, rules.ALERT),
    )
