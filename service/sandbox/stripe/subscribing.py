"""A subscription begun without the hosted page (docs.stripe.com/api/subscriptions/create)."""

from __future__ import annotations

from service.sandbox.stripe import announcing, cards, collecting, discounts, invoicing
from service.sandbox.stripe.errors import StripeError
from service.sandbox.stripe.months import moment_after
from service.sandbox.stripe.objects.subscriptions import period, subscription
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

Lines = list[tuple[Json, int]]


def start(
    world: World, customer: Json, lines: Lines, *, card_id: str | None, sent: Json, used: list[Json], strict: bool
) -> Json:
    """Begin it with its first invoice, charged now. `strict`: a refusal leaves nothing; else it is `incomplete`.

    Raises the bank's refusal (402) when strict.
    """
    now, recurring = world.now(), lines[0][0]["recurring"]
    until = moment_after(now, recurring["interval"], recurring["interval_count"], 1)
    made = subscription(now, customer["id"], lines, until=until, card_id=card_id or "", sent=sent)
    made["default_payment_method"] = card_id
    agreed = False
    if strict and any(price["unit_amount"] for price, _ in lines):
        card = collecting.card_for(world, made, customer)
        if refusal := cards.refusal(world, card, customer["id"]):
            raise StripeError(402, "card_error", **refusal)
        agreed = True
    world.add(made)
    discounts.redeem(world, made, used)
    invoice = invoicing.draft(world, made, reason="subscription_create", covers=period(made), since=now)
    collecting.finalise(world, invoice)
    world.emit("customer.subscription.created", made)
    announcing.plan(world, made)
    refusal = collecting.attempt(world, invoice, agreed=agreed) if invoice["status"] == "open" else None
    if refusal:
        world.change(made, status="incomplete")
        world.change(invoice, auto_advance=False, attempt_count=1)
        world.emit("invoice.payment_failed", invoice)
        if refusal["code"] == "authentication_required":
            world.emit("invoice.payment_action_required", invoice)
    return made


def never_paid(world: World, made: Json) -> None:
    """Nobody paid the first invoice in time."""
    invoice = world.find("invoice", made["latest_invoice"])
    if invoice["status"] == "open":
        collecting.void(world, invoice)
    world.change(made, "customer.subscription.updated", status="incomplete_expired", ended_at=world.now())
