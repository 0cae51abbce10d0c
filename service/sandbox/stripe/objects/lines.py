"""Invoice lines and what they add up to (docs.stripe.com/api/invoice-line-item)."""

from __future__ import annotations

from collections.abc import Sequence

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.store import Json

#: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts: less than this is never charged in dollars.
SMALLEST_CHARGE = 50


def line(
    item: Json,
    amount: int,
    words: str,
    period: tuple[int, int],
    *,
    proration: bool = False,
    credited: Json | None = None,
    discounts: Sequence[str] = (),
) -> Json:
    """One line for a subscription item, amount in cents (negative for a credit), not on an invoice yet.

    A proration's amount is what remains after its discounts, which are named and not counted again
    (docs.stripe.com/changelog/clover/2025-09-30/itemize-proration-discount-amounts, `included`).
    """
    return {
        "id": new_id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "description": words,
        "discount_amounts": [{"amount": 0, "discount": one} for one in discounts],
        "discountable": not proration,
        "discounts": list(discounts),
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": proration,
                "proration_details": {"credited_items": credited},
                "subscription": item["subscription"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"end": period[1], "start": period[0]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": item["price"]["id"], "product": item["price"]["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(amount // (item["quantity"] or 1)),
        },
        "quantity": item["quantity"],
        "subtotal": amount,
        "taxes": [],
    }


def put_on(invoice: Json, lines: list[Json], balance: int) -> Json:
    """The invoice with its lines and its sums, as if it were finalised with this customer balance."""
    for one in lines:
        one["invoice"] = invoice["id"]
        credited = one["parent"]["subscription_item_details"]["proration_details"]["credited_items"]
        if credited and credited["invoice"] is None:  # what it takes back waited beside it and comes along
            credited["invoice"] = invoice["id"]
    taken: dict[str, int] = {}
    for one in lines:
        for each in one["discount_amounts"]:
            taken[each["discount"]] = taken.get(each["discount"], 0) + each["amount"]
    subtotal = sum(one["amount"] for one in lines)
    total = subtotal - sum(taken.values())
    due, _ = settled(total, balance)
    invoice["lines"]["data"] = lines
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=total,
        total_discount_amounts=[{"amount": amount, "discount": one} for one, amount in taken.items()],
        starting_balance=balance,
        amount_due=due,
        amount_remaining=due,
    )
    return invoice


def settled(total: int, balance: int) -> tuple[int, int]:
    """What is due, and the customer's balance afterwards: below zero is a credit.

    A credit pays first; a negative total becomes one; less than can be charged is owed next time
    (docs.stripe.com/billing/customer/balance).
    """
    together = total + balance
    return (0, together) if together < SMALLEST_CHARGE else (together, 0)
