"""What must be true once the storm has settled: each sentence is one function that names what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from service.billing.models import GateRecord, Invoice, LedgerEntry, Membership, StripeEvent
from service.kit import db
from service.mail.models import OutboxMessage
from service.safety.models import Alert
from tests.billing.storm import agreed, codes, disputed
from tests.billing.storm.at_stripe import (
    Json,
    charged,
    given_back,
    invoices_of,
    moment,
    paid_at,
    subscriptions_of,
    taken_back,
    whole_month,
)
from tests.billing.storm.doing import Neighbour
from tests.billing.storm.town import Town

# Stripe's word for a subscription and ours for its membership, written down here a second time on purpose.
WORDS = {
    "incomplete": "awaiting_payment",
    "trialing": "active",
    "active": "active",
    "past_due": "grace",
    "unpaid": "stopped",
    "paused": "stopped",
    "canceled": "ended",
    "incomplete_expired": "ended",
}
A_NIGHT = timedelta(hours=26)  # by then whatever was lost or broke is compared, and tried again
OVER = ("canceled", "incomplete_expired")


def wrongs(town: Town) -> list[str]:
    """Everything that is not as it must be. Empty is right."""
    looks = (
        unlike_stripe,
        money_apart,
        charged_twice,
        without_a_yes,
        slipped,
        two_at_once,
        left_open,
        mails,
        left_lying,
    )
    looks += (*agreed.LOOKS, *codes.LOOKS, *disputed.LOOKS)
    return [*(f"refused: {answer}" for answer in town.answers), *(wrong for look in looks for wrong in look(town))]


def unlike_stripe(town: Town) -> Iterator[str]:
    """Our state is Stripe's for every membership."""
    with db.reading() as session:
        rows = {row.stripe_subscription_id: row for row in session.scalars(select(Membership))}
        kept = {row.stripe_invoice_id: row for row in session.scalars(select(Invoice))}
    for subscription in town.wire.objects("subscription"):
        row = rows.pop(subscription["id"], None)
        if row is None:
            if subscription["status"] not in OVER:
                yield f"{subscription['id']} is {subscription['status']} at Stripe and nobody's here"
            continue
        (item,) = subscription["items"]["data"]
        theirs = {
            "status": WORDS[subscription["status"]],
            "ends": bool(subscription["cancel_at_period_end"] or subscription["cancel_at"]),
            "until": moment(item["current_period_end"]),
        }
        ours = {"status": row.status, "ends": row.cancels_at_period_end, "until": row.period_ends_at}
        if ours != theirs:
            yield f"{row.id}: {ours} here, {theirs} at Stripe"
        for invoice in invoices_of(town, subscription):
            mine = kept.get(invoice["id"])
            shown = (invoice["status"], invoice["amount_due"], invoice["amount_paid"])
            if mine is None or (mine.status, mine.amount_due_cents, mine.amount_paid_cents) != shown:
                yield f"invoice {invoice['id']} is {shown} at Stripe and {mine and mine.status} here"
    for subscription_id, row in rows.items():
        if subscription_id is not None:
            yield f"{row.id}: Stripe does not know {subscription_id}"


def money_apart(town: Town) -> Iterator[str]:
    """Paid less given back and taken back at Stripe is our ledger, for each membership, and what each charge says."""
    with db.reading() as session:
        books = select(LedgerEntry.membership_id, func.sum(LedgerEntry.amount_cents))
        ours: dict[Any, int] = dict(session.execute(books.group_by(LedgerEntry.membership_id)).all())  # type: ignore[arg-type]
        rows = dict(session.execute(select(Membership.stripe_subscription_id, Membership.id)).all())  # type: ignore[arg-type]
        kept: dict[str, int] = dict(session.execute(select(Invoice.stripe_invoice_id, Invoice.refunded_cents)).all())  # type: ignore[arg-type]
    for subscription in town.wire.objects("subscription"):
        theirs = 0
        for invoice in charged(town, subscription):
            back = given_back(town, invoice)
            theirs += invoice["amount_paid"] - back - taken_back(town, invoice)
            if subscription["id"] in rows and kept.get(invoice["id"]) != back:
                yield f"{invoice['id']}: {back} cents went back at Stripe, {kept.get(invoice['id'])} here"
        mine = ours.get(rows.get(subscription["id"]), 0)
        if mine != theirs:
            yield f"{subscription['id']}: {theirs} cents at Stripe, {mine} in the ledger"


def charged_twice(town: Town) -> Iterator[str]:
    """One month of one subscription is paid once."""
    for subscription in town.wire.objects("subscription"):
        months: Counter[int] = Counter()
        for invoice in charged(town, subscription):
            if given_back(town, invoice) < invoice["amount_paid"]:
                months.update(line["period"]["start"] for line in invoice["lines"]["data"] if whole_month(line))
        for start, times in months.items():
            if times > 1:
                yield f"{subscription['id']}: the month from {moment(start)} was paid {times} times"


def without_a_yes(town: Town) -> Iterator[str]:
    """For each charge the gate said yes, or it was given back and a person called."""
    for one in town.people:
        yes = [record for record in town.gate_records(one) if record.yes]
        for subscription in subscriptions_of(town, one):
            for invoice in charged(town, subscription):
                at = paid_at(invoice)
                asked = any(covers(record, invoice, at) for record in yes)
                standing = one.blocked_throughout(at, town.now)
                if asked and not standing:
                    continue
                back = given_back(town, invoice) + taken_back(town, invoice)
                if back < invoice["amount_paid"] or not called(one):
                    yield f"{invoice['id']} was charged at {at} without a yes: {back} of it given back"


def slipped(town: Town) -> Iterator[str]:
    """What slips through goes back; but with the nets whole nothing may slip: someone stopped is not even charged.

    Whole: the workers looked between the reason and the charge, and nothing else went wrong for long before.
    """
    for one in town.people:
        for subscription in subscriptions_of(town, one):
            for invoice in charged(town, subscription):
                at = paid_at(invoice)
                since = one.blocked_since(at)
                if since is None or not any(since <= look < at for look in town.looked):
                    continue
                if not any(since - A_NIGHT <= when <= at for when in town.shaken):
                    yield f"{invoice['id']} slipped through at {at}: they were stopped since {since}"


def covers(record: GateRecord, invoice: Json, at: datetime) -> bool:
    """Is this answer about that charge?"""
    if invoice["id"] in record.period:
        return True
    if invoice["billing_reason"] == "subscription_cycle":
        return record.period.startswith(f"{moment(invoice['created']):%Y-%m-%dT%H:%MZ}")
    return record.asked_at <= at and not record.period[:1].isdigit()


def called(one: Neighbour) -> bool:
    """Was a person called about this patient's charges?"""
    with db.reading() as session:
        about = select(func.count()).where(Alert.patient_id == one.who.patient_id, Alert.code.startswith("BILLING"))
        return bool(session.scalar(about))


def two_at_once(town: Town) -> Iterator[str]:
    """At most one live subscription a patient."""
    for one in town.people:
        live = [found["id"] for found in subscriptions_of(town, one) if found["status"] not in OVER]
        if len(live) > 1:
            yield f"{len(live)} live subscriptions of one patient"


def left_open(town: Town) -> Iterator[str]:
    """Nothing can still be collected from somebody who is stopped."""
    for one in town.people:
        for subscription in subscriptions_of(town, one):
            stopped = subscription["status"] in (*OVER, "paused")
            for invoice in invoices_of(town, subscription):
                open_now = invoice["status"] in ("draft", "open")
                if stopped and open_now and (one.blocks or invoice["auto_advance"]):
                    stands = f"{subscription['id']} is {subscription['status']}"
                    yield f"{invoice['id']} is {invoice['status']} while {stands}"


def mails(town: Town) -> Iterator[str]:
    """One welcome a membership, one receipt a payment, one goodbye an end."""
    with db.reading() as session:
        templates: Counter[tuple[Any, str]] = Counter()
        for user_id, template in session.execute(select(OutboxMessage.user_id, OutboxMessage.template)):
            templates[user_id, template] += 1
        paid: Any = session.execute(
            select(Membership.patient_id, func.count())
            .join(Invoice, Invoice.membership_id == Membership.id)
            .where(Invoice.amount_paid_cents > 0)
            .group_by(Membership.patient_id)
        )
        payments = dict(paid.all())
        memberships = list(session.scalars(select(Membership)))
    for one in town.people:
        mine = [row for row in memberships if row.patient_id == one.who.patient_id and row.activated_at is not None]
        if "died" in one.blocks:
            continue  # nobody writes to them any more
        expected = {
            "membership_started": len(mine),
            "payment_receipt": payments.get(one.who.patient_id, 0),
            "membership_ended": len([row for row in mine if row.status == "ended"]),
        }
        for template, number in expected.items():
            sent = templates[one.who.person.user_id, template]
            if sent != number:
                yield f"{sent} mails {template} where {number} are right"


def left_lying(town: Town) -> Iterator[str]:
    """Every message was handled."""
    with db.reading() as session:
        waiting = select(StripeEvent).where(StripeEvent.handled_at.is_(None))
        for row in session.scalars(waiting):
            yield f"{row.kind} of {row.object_id} was not handled: {row.last_error}"
