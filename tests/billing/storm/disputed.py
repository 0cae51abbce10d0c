"""What a bank takes back is gone, here as at Stripe; what it gives back is here again; and nobody pays it twice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from service.billing.models import Dispute, Invoice, LedgerEntry, Refund
from service.billing.queries.desk.money import charges
from service.kit import db
from service.safety.models import Alert
from tests.billing.storm.at_stripe import Json, charged, disputes_on, given_back, subscriptions_of, taken_back
from tests.billing.storm.town import Town

OVER = ("won", "lost")


def unlike_the_bank(town: Town) -> Iterator[str]:
    """Each dispute is ours as it stands, with one call for somebody, and booked once for each way money went."""
    for dispute in all_disputes(town):
        with db.reading() as session:
            row = session.scalars(select(Dispute).where(Dispute.stripe_dispute_id == dispute["id"])).one_or_none()
            if row is None:
                yield f"{dispute['id']}: nobody here knows of it"
                continue
            about_it = select(func.count()).where(Alert.source_id == row.id, Alert.code == "BILLING-DISPUTE")
            called = session.scalar(about_it)
            mine = LedgerEntry.stripe_id == dispute["id"]
            booked = session.execute(select(LedgerEntry.kind, LedgerEntry.amount_cents).where(mine)).all()
        ours = (row.status, row.amount_cents, row.closed_at is not None, called)
        theirs = (dispute["status"], dispute["amount"], dispute["status"] in OVER, 1)
        if ours != theirs:
            yield f"{dispute['id']}: {ours} here, {theirs} at Stripe"
        right = {("dispute", -dispute["amount"])}
        right |= {("dispute_won", dispute["amount"])} if dispute["status"] == "won" else set()
        if len(booked) != len(right) or {tuple(entry) for entry in booked} != right:
            yield f"{dispute['id']} is {dispute['status']} and booked as {booked}"


def offered_twice(town: Town) -> Iterator[str]:
    """What a bank holds or kept is not shown as money to give back, and staff were not let promise it."""
    for one in town.people:
        for subscription in subscriptions_of(town, one):
            for invoice in charged(town, subscription):
                if disputes_on(town, invoice):
                    yield from shown_wrong(town, invoice)


def shown_wrong(town: Town, invoice: Json) -> Iterator[str]:
    """What staff see of a charge that was disputed, and what they were let do about it since they could know."""
    gone = taken_back(town, invoice)
    with db.reading() as session:
        row = session.scalars(select(Invoice).where(Invoice.stripe_invoice_id == invoice["id"])).one_or_none()
        if row is None:
            return
        shown = next(each for each in charges(session, row.membership_id) if each.id == row.id)
        known = dict(
            session.execute(
                select(LedgerEntry.kind, func.max(LedgerEntry.noted_at))
                .where(LedgerEntry.invoice_id == row.id, LedgerEntry.kind.in_(("dispute", "dispute_won")))
                .group_by(LedgerEntry.kind)
            ).all()  # type: ignore[arg-type]
        )
        asked = session.scalars(
            select(Refund.asked_at).where(
                Refund.invoice_id == row.id, Refund.source == "staff", Refund.status != "declined"
            )
        ).all()
    left = 0 if gone else invoice["amount_paid"] - given_back(town, invoice) - row.refunding_cents
    if shown.left_cents != left:
        yield f"{invoice['id']}: {shown.left_cents} cents are shown as left to give back, {left} are"
    for when in asked:
        if known.get("dispute") and when > known["dispute"] and when < known.get("dispute_won", town.now):
            yield f"{invoice['id']}: staff were let promise money at {when} that the bank had taken"


def all_disputes(town: Town) -> list[Json]:
    """Of everybody's charges."""
    paid = [invoice for one in town.people for found in subscriptions_of(town, one) for invoice in charged(town, found)]
    return [dispute for invoice in paid for dispute in disputes_on(town, invoice)]


LOOKS = (unlike_the_bank, offered_twice)
