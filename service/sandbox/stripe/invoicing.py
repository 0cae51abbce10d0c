"""Drafts: what a subscription owes for a period (docs.stripe.com/billing/invoices/subscription)."""

from __future__ import annotations

import copy
from typing import Any

from service.sandbox.stripe import discounts, proration
from service.sandbox.stripe.objects import invoices as shape
from service.sandbox.stripe.objects.lines import line, put_on
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def draft(world: World, subscription: Json, *, reason: str, covers: tuple[int, int], since: int) -> Json:
    """A draft for the period `covers`, with whatever credits and debits were waiting; tells `invoice.created`."""
    used = discounts.in_use(world, subscription, world.now())
    lines = [*taken_up(world, subscription), *whole_period(world, subscription["items"]["data"], covers)]
    return issue(world, subscription, compose(world, subscription, lines, used, reason=reason, since=since))


def taken_up(world: World, subscription: Json) -> list[Json]:
    """The lines that waited: they are on an invoice from now on."""
    lines: list[Json] = world.private(subscription["id"]).pop("waiting", [])
    return lines


def whole_period(world: World, items: list[Json], covers: tuple[int, int]) -> list[Json]:
    """The full price of each item for one period."""
    lines = []
    for item in items:
        price, quantity = item["price"], item["quantity"]
        rhythm = f"at ${price['unit_amount'] / 100:.2f} / {price['recurring']['interval']}"
        words = f"{quantity} × {proration.name(world, item)} ({rhythm})"
        lines.append(line(item, price["unit_amount"] * quantity, words, covers))
    return lines


def compose(
    world: World, subscription: Json, lines: list[Json], used: list[Json], *, reason: str, since: int, **fields: Any
) -> Json:
    """An invoice as it would be, kept nowhere yet. `used` are the discounts on what is not a proration."""
    lines = copy.deepcopy(lines)
    customer = world.find("customer", subscription["customer"])
    made = shape.invoice(world.now(), customer, subscription, reason=reason, period=(since, world.now()))
    whole = [one for one in lines if one["discountable"] and one["amount"] > 0]
    for one, taken in zip(whole, discounts.reductions(world, used, [one["amount"] for one in whole]), strict=True):
        one["discount_amounts"], one["discounts"] = taken, [each["discount"] for each in taken]
    made["discounts"] = [one["id"] for one in used]
    put_on(made, lines, customer["balance"])
    made.update(fields)
    return made


def issue(world: World, subscription: Json, made: Json) -> Json:
    """Keep a composed draft: the subscription's newest invoice, telling `invoice.created`."""
    world.add(made, "invoice.created")
    world.change(subscription, latest_invoice=made["id"])
    discounts.after_invoice(world, subscription, made)
    return made


def subscription_of(world: World, invoice: Json) -> Json:
    """The subscription an invoice belongs to."""
    return world.find("subscription", invoice["parent"]["subscription_details"]["subscription"])
