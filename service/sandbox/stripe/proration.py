"""Time that was paid and not used, by the second (docs.stripe.com/billing/subscriptions/prorations).

Billing is flexible, so a credit goes by what was debited for that time, discounts taken off, and not by today's price
(docs.stripe.com/billing/subscriptions/billing-mode/compare). A voided invoice debited nothing. What was credited once
is not credited again, whatever `proration_date` a second change is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from service.sandbox.stripe import discounts, standing
from service.sandbox.stripe.objects.lines import line
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def share(amount: int, seconds: int, of: int) -> int:
    """That part of an amount in cents, half a cent and more counting as a whole one."""
    return (2 * amount * seconds + of) // (2 * of)


def unused(world: World, subscription: Json, item: Json, at: int, words: str = "") -> list[Json]:
    """Credits for the time after `at` that was debited for this item, one for each debit."""
    lines = []
    for debit, amount, end in _debited(world, subscription, item["id"], at):
        start = debit["period"]["start"]
        back = share(amount, end - max(at, start), end - start)
        before = _as_debited(world, item, debit)
        told = words or f"Unused time on {before['quantity']} × {name(world, before)} after {day(at)}"
        source = {"invoice": debit["invoice"], "invoice_line_items": [debit["id"]]}
        covers = (max(at, start), end)
        lines.append(line(before, -back, told, covers, proration=True, credited=source, discounts=debit["discounts"]))
    return lines


def remaining(world: World, item: Json, at: int, used: list[Json], words: str = "") -> Json:
    """The charge for this item from `at` to the end of its period, after the discounts in use."""
    start, end = item["current_period_start"], item["current_period_end"]
    net, taken = discounts.net(world, used, item["price"]["unit_amount"] * item["quantity"])
    amount = share(net, end - at, end - start)
    told = words or f"Remaining time on {item['quantity']} × {name(world, item)} after {day(at)}"
    return line(item, amount, told, (at, end), proration=True, discounts=taken)


def set_aside(world: World, subscription: Json, start: int, *, sign: int, words: str) -> None:
    """Note a credit (-1) or a debit (+1) for the rest of the current period; the next invoice carries it."""
    used = discounts.in_use(world, subscription, start)
    if start >= period(subscription)[1]:
        return
    for item in subscription["items"]["data"]:
        if sign < 0:
            waiting(world, subscription).extend(unused(world, subscription, item, start, words))
        else:
            waiting(world, subscription).append(remaining(world, item, start, used, words))


def waiting(world: World, subscription: Json) -> list[Json]:
    """Lines for the next invoice, whichever comes first."""
    kept: list[Json] = world.private(subscription["id"]).setdefault("waiting", [])
    return kept


def _debited(world: World, subscription: Json, item_id: str, at: int) -> Iterator[tuple[Json, int, int]]:
    """Debits that reach beyond `at`: the line, what is left of it in cents, and until when."""
    lines = list(waiting(world, subscription))
    for invoice in standing.invoices_of(world, subscription):
        if invoice["status"] != "void":
            lines += invoice["lines"]["data"]
    for one in lines:
        left = one["amount"] - sum(each["amount"] for each in one["discount_amounts"])
        end = one["period"]["end"]
        if left <= 0 or one["parent"]["subscription_item_details"]["subscription_item"] != item_id:
            continue
        for credit in lines:
            given = credit["parent"]["subscription_item_details"]["proration_details"]["credited_items"]
            if given and one["id"] in given["invoice_line_items"]:
                left, end = left + credit["amount"], min(end, credit["period"]["start"])
        if end > max(at, one["period"]["start"]) and left > 0:
            yield one, left, end


def _as_debited(world: World, item: Json, debit: Json) -> Json:
    price = world.find("price", debit["pricing"]["price_details"]["price"])
    return {**item, "price": price, "quantity": debit["quantity"]}


def name(world: World, item: Json) -> str:
    """What the line calls it."""
    return str(world.find("product", item["price"]["product"])["name"])


def day(moment: int) -> str:
    """As Stripe writes it in a line."""
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"
