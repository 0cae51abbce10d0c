"""What the hosted page leads to: a subscription, a saved card, or an expired session.

Follows docs.stripe.com/payments/checkout/how-checkout-works.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import announcing, cards, collecting, discounts, invoicing
from service.sandbox.stripe.errors import StripeError
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
    private = world.private(session["id"])
    try:
        used = discounts.wanted(world, private["discounts"], customer=customer_id, subscription=None)
    except StripeError as error:
        return {"code": "coupon_expired", "message": str(error)}
    fault = world.faults.take("decline", customer=customer_id)
    if fault or number == cards.DECLINED:
        return cards.failure(str((fault or {}).get("decline_code", "generic_decline")))
    if not customer_id:
        email = session["customer_email"]
        customer_id = world.add(people.customer(now, {"email": email}), "customer.created")["id"]
    card = cards.made(world, number, customer_id)

    lines = [(world.find("price", line["price"]["id"]), line["quantity"]) for line in private["line_items"]]
    recurring = lines[0][0]["recurring"]
    until = moment_after(now, recurring["interval"], recurring["interval_count"], 1)
    sent = private["subscription_data"]
    made = world.add(subscription(now, customer_id, lines, until=until, card_id=card["id"], sent=sent))
    for one in used:
        one.update(customer=customer_id, checkout_session=session["id"])
    discounts.redeem(world, made, used)
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


def save_card(world: World, session: Json, number: str) -> dict[str, Any] | None:
    """Keep a test card for later, charging nothing. Returns the bank's refusal, which leaves the session open."""
    intent = world.find("setup_intent", session["setup_intent"])
    if number == cards.DECLINED:
        refusal = cards.failure("generic_decline")
        told = {"type": "card_error", **refusal}
        world.change(intent, "setup_intent.setup_failed", last_setup_error=told)
        return refusal
    card = cards.made(world, number, session["customer"])
    saved = {"status": "succeeded", "payment_method": card["id"], "last_setup_error": None}
    world.change(intent, "setup_intent.succeeded", **saved)
    world.change(session, "checkout.session.completed", status="complete", url=None)
    return None


def reckon(world: World, session: Json, sent: list[dict[str, Any]]) -> None:
    """Put the discounts somebody named on an open session and its lines."""
    private = world.private(session["id"])
    lines = private["line_items"]
    used = discounts.wanted(world, sent, customer=session["customer"] or "", subscription=None)
    taken = discounts.reductions(world, used, [line["amount_subtotal"] for line in lines])
    for line, off in zip(lines, taken, strict=True):
        line["amount_discount"] = sum(each["amount"] for each in off)
        line["amount_total"] = line["amount_subtotal"] - line["amount_discount"]
    private.update(line_items=lines, discounts=sent)
    session.update(
        amount_subtotal=sum(line["amount_subtotal"] for line in lines),
        amount_total=sum(line["amount_total"] for line in lines),
        discounts=[{"coupon": one.get("coupon"), "promotion_code": one.get("promotion_code")} for one in sent],
        total_details={**session["total_details"], "amount_discount": sum(line["amount_discount"] for line in lines)},
    )


def expire(world: World, session: Json) -> None:
    """Nobody can pay on it any more; by request, or after 24 hours unless set otherwise."""
    if session["setup_intent"]:
        intent = world.find("setup_intent", session["setup_intent"])
        world.change(intent, "setup_intent.canceled", status="canceled", cancellation_reason="abandoned")
    world.change(session, "checkout.session.expired", status="expired", url=None)


def success_url(session: Json) -> str:
    """Where a payer goes next, with the id filled in (docs.stripe.com/payments/checkout/custom-success-page)."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
