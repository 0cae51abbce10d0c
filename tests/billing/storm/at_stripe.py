"""What Stripe has of somebody, read off the stand-in itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from service.billing.models import Membership
from service.kit import db
from tests.billing.storm.doing import Doing, Neighbour

Json = dict[str, Any]


def subscriptions_of(town: Doing, one: Neighbour) -> list[Json]:
    """What Stripe has for this patient, by what we wrote on it."""
    with db.reading() as session:
        mine = select(Membership.id).where(Membership.patient_id == one.who.patient_id)
        ids = {str(found) for found in session.scalars(mine)}
    return [found for found in town.wire.objects("subscription") if found["metadata"].get("membership") in ids]


def invoices_of(town: Doing, subscription: Json) -> list[Json]:
    """Stripe's invoices of it, oldest first."""
    return town.wire.objects("invoice", subscription=subscription["id"])


def charged(town: Doing, subscription: Json) -> list[Json]:
    """Those on which money came in."""
    return [invoice for invoice in invoices_of(town, subscription) if invoice["amount_paid"] > 0]


def given_back(town: Doing, invoice: Json) -> int:
    """How much of it went back, in cents."""
    return sum(charge["amount_refunded"] for charge in charges_of(town, invoice))


def charges_of(town: Doing, invoice: Json) -> list[Json]:
    """The payments that paid it."""
    ties = town.wire.objects("invoice_payment", invoice=invoice["id"])
    intents = {tie["payment"]["payment_intent"] for tie in ties if tie["status"] == "paid"}
    found = [charge for intent in intents for charge in town.wire.objects("charge", payment_intent=intent)]
    return [charge for charge in found if charge["paid"]]


def disputes_on(town: Doing, invoice: Json) -> list[Json]:
    """What banks did about it."""
    return [one for charge in charges_of(town, invoice) for one in town.wire.objects("dispute", charge=charge["id"])]


def taken_back(town: Doing, invoice: Json) -> int:
    """How much of it banks hold or kept, in cents."""
    return sum(one["amount"] for one in disputes_on(town, invoice) if one["status"] != "won")


def whole_month(line: Json) -> bool:
    """A month's charge, not a part of one."""
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    return not details.get("proration") and line["amount"] > 0


def paid_at(invoice: Json) -> datetime:
    """When the money came in."""
    return moment(invoice["status_transitions"]["paid_at"])


def moment(seconds: int) -> datetime:
    """Stripe's time as ours."""
    return datetime.fromtimestamp(seconds, UTC)
