"""Carrying out a planned change, after asking the bank where the caller wants no change without its money."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import announcing, cards, collecting, discounts, invoicing, proration, standing
from service.sandbox.stripe.changes import Change
from service.sandbox.stripe.errors import StripeError, not_supported
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

UPDATE = "subscription_update"
ASKS_FIRST = "Payment for this subscription requires additional user action before it can be completed successfully."


def apply(
    world: World, subscription: Json, change: Change, fields: dict[str, Any], used: list[Json], *, must_be_paid: bool
) -> None:
    """Set the fields, then invoice or set aside what follows. To be paid or not at all: raises 402 first."""
    made = composed(world, subscription, change, used) if change.invoiced else None
    if made and made["amount_due"] and fields.get("pause_collection", subscription["pause_collection"]):
        raise not_supported("a charge at once while collection is paused")
    if made and made["amount_due"] and must_be_paid:
        _ask_first(world, {**subscription, **fields})
    if [one["id"] for one in used] != subscription["discounts"]:
        before = list(subscription["discounts"])
        discounts.redeem(world, subscription, used)
        fields = {**fields, "discounts": subscription["discounts"]}
        subscription["discounts"] = before  # so that the event below tells of it
    world.change(subscription, standing.UPDATED, **fields)
    announcing.plan(world, subscription)
    if made is None:
        proration.waiting(world, subscription).extend(change.lines)
        return
    proration.waiting(world, subscription).clear()  # those lines are on this invoice
    invoicing.issue(world, subscription, made)
    collecting.finalise(world, made)
    if made["status"] == "open" and must_be_paid:
        collecting.attempt(world, made, agreed=True)
    elif made["status"] == "open":
        collecting.collect(world, made)


def composed(world: World, subscription: Json, change: Change, used: list[Json]) -> Json:
    """The invoice this change makes at once, with what waited for one; kept nowhere yet."""
    lines = [*proration.waiting(world, subscription), *change.lines]
    since = period(subscription)[0]
    return invoicing.compose(world, {**subscription, **change.fields}, lines, used, reason=UPDATE, since=since)


def _ask_first(world: World, subscription: Json) -> None:
    customer = world.find("customer", subscription["customer"])
    refusal = cards.refusal(world, collecting.card_for(world, subscription, customer), customer["id"])
    if refusal and refusal["code"] == "authentication_required":
        refusal = {**refusal, "code": "subscription_payment_intent_requires_action", "message": ASKS_FIRST}
    if refusal:
        raise StripeError(402, "card_error", **refusal)
