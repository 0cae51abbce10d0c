"""The customer's balance: credits below zero, debts above (docs.stripe.com/billing/customer/balance)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.objects import balances as shape
from service.sandbox.stripe.objects.lines import SMALLEST_CHARGE, settled
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def move(world: World, customer: Json, amount: int, kind: str, **about: Any) -> Json:
    """Change the balance by `amount` cents and write it in its ledger."""
    after = customer["balance"] + amount
    written = world.add(shape.transaction(world.now(), customer, amount, after, kind, about))
    world.change(customer, "customer.updated", balance=after, currency="usd")
    return written


def use(world: World, customer: Json, invoice: Json) -> dict[str, Any]:
    """At finalisation: what the balance pays of this invoice, or gains by it. Returns the invoice's fields."""
    before = customer["balance"]
    due, after = settled(invoice["total"], before)
    if after != before:
        small = 0 < invoice["total"] + before < SMALLEST_CHARGE
        kind = "invoice_too_small" if small else "applied_to_invoice"
        move(world, customer, after - before, kind, invoice=invoice["id"])
    sums = {"amount_due": due, "amount_remaining": due}
    return {**sums, "starting_balance": before, "ending_balance": after}


def give_back(world: World, invoice: Json) -> None:
    """A voided invoice returns what it took (docs.stripe.com/changelog/2019-12-03/...-returned-voided-invoices)."""
    taken = (invoice["ending_balance"] or 0) - invoice["starting_balance"]
    if taken:
        customer = world.find("customer", invoice["customer"])
        move(world, customer, -taken, "unapplied_from_invoice", invoice=invoice["id"])
