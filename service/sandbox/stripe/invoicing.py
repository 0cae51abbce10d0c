"""Drafts: what a subscription owes for a period (docs.stripe.com/billing/invoices/subscription)."""

from __future__ import annotations

from service.sandbox.stripe.objects import invoices as shape
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def draft(world: World, subscription: Json, *, reason: str, covers: tuple[int, int], since: int) -> Json:
    """A draft for the period `covers`, with whatever credits and debits were waiting; tells `invoice.created`."""
    customer = world.find("customer", subscription["customer"])
    made = shape.invoice(world.now(), customer, subscription, reason=reason, period=(since, world.now()))
    lines = []
    for item in subscription["items"]["data"]:
        lines.append(_whole_period(world, made["id"], item, covers))
    waiting = world.private(subscription["id"]).pop("waiting", [])
    for item_id, amount, words, start, end in waiting:
        item = next(one for one in subscription["items"]["data"] if one["id"] == item_id)
        lines.append(shape.line(made["id"], item, amount, words, (start, end), proration=True))
    shape.with_lines(made, lines)
    world.add(made, "invoice.created")
    world.change(subscription, latest_invoice=made["id"])
    return made


def _whole_period(world: World, invoice_id: str, item: Json, covers: tuple[int, int]) -> Json:
    price, quantity = item["price"], item["quantity"]
    name = world.find("product", price["product"])["name"]
    words = f"{quantity} × {name} (at ${price['unit_amount'] / 100:.2f} / {price['recurring']['interval']})"
    return shape.line(invoice_id, item, price["unit_amount"] * quantity, words, covers, proration=False)


def set_aside(world: World, subscription: Json, start: int, *, sign: int, words: str) -> None:
    """Note a credit (-1) or a debit (+1) for the rest of the current period; the next invoice carries it.

    By the second, rounded to the cent (docs.stripe.com/billing/subscriptions/prorations).
    """
    begins, ends = period(subscription)
    waiting = world.private(subscription["id"]).setdefault("waiting", [])
    for item in subscription["items"]["data"]:
        full = item["price"]["unit_amount"] * item["quantity"]
        share = round(full * max(ends - start, 0) / (ends - begins))
        if share:
            waiting.append([item["id"], sign * share, words, start, ends])


def subscription_of(world: World, invoice: Json) -> Json:
    """The subscription an invoice belongs to."""
    return world.find("subscription", invoice["parent"]["subscription_details"]["subscription"])
