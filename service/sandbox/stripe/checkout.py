"""What the hosted page leads to: a subscription, or an expired session.

Follows docs.stripe.com/payments/checkout/how-checkout-works.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import announcing, cards, collecting, invoicing
from service.sandbox.stripe.months import moment_after
from service.sandbox.stripe.objects import people
from service.sandbox.stripe.objects.subscriptions import period, subscription
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def pay(world: World, session: Json, number: str) -> dict[str, Any] | None:
    """Try a test card. Returns the bank's refusal, which leaves the session open for another card.

    Only a successful payment makes the customer, the subscription and its first invoice: a decline leaves no trace.
    """
    now = world.now()
    customer_id = session["customer"] or ""
    fault = world.faults.take("decline", customer=customer_id)
    if fault or number == cards.DECLINED:
        return cards.failure(str((fault or {}).get("decline_code", "generic_decline")))
    if not customer_id:
        email = session["customer_email"]
        customer_id = world.add(people.customer(now, {"email": email}), "customer.created")["id"]
    card = people.card(now, number, customer_id)
    cards.remember_number(world, card, number)
    world.add(card, "payment_method.attached")

    private = world.private(session["id"])
    lines = [(world.find("price", line["price"]["id"]), line["quantity"]) for line in private["line_items"]]
    recurring = lines[0][0]["recurring"]
    until = moment_after(now, recurring["interval"], recurring["interval_count"], 1)
    sent = private["subscription_data"]
    made = world.add(subscription(now, customer_id, lines, until=until, card_id=card["id"], sent=sent))
    # Told after its first invoice exists, so that `latest_invoice` is never missing in the event.
    invoice = invoicing.draft(world, made, reason="subscription_create", covers=period(made), since=now)
    world.emit("customer.subscription.created", made)
    announcing.plan(world, made)
    collecting.finalise(world, invoice)
    if invoice["status"] == "open":
        collecting.attempt(world, invoice, first=True)
    world.change(
        session,
        "checkout.session.completed",
        status="complete",
        payment_status="paid" if invoice["amount_due"] else "no_payment_required",
        customer=customer_id,
        subscription=made["id"],
        invoice=invoice["id"],
        url=None,
    )
    return None


def expire(world: World, session: Json) -> None:
    """Nobody can pay on it any more; by request, or after 24 hours unless set otherwise."""
    world.change(session, "checkout.session.expired", status="expired", url=None)


def success_url(session: Json) -> str:
    """Where a payer goes next, with the id filled in (docs.stripe.com/payments/checkout/custom-success-page)."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
