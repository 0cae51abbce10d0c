"""Invoices from draft to paid, void or given up (docs.stripe.com/invoicing/integration/workflow-transitions).

A failed renewal makes the subscription `past_due`; retries follow, eight within two weeks (Smart Retries' default,
docs.stripe.com/billing/revenue-recovery/smart-retries), here at fixed days because a stand-in cannot guess; after the
last one the subscription is canceled or `unpaid`, as the account is set.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import balances, cards, disputes, standing
from service.sandbox.stripe.invoicing import subscription_of
from service.sandbox.stripe.objects import invoices as invoice_shape
from service.sandbox.stripe.objects import payments as shape
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

DAY = 24 * 3600
RETRY_AFTER_DAYS = (1, 1, 2, 2, 2, 2, 2, 2)


def finalise(world: World, invoice: Json) -> None:
    """Draft to open: numbered, no longer editable, with the payment intent that should pay it."""
    now = world.now()
    customer = world.find("customer", invoice["customer"])
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    world.change(customer, next_invoice_sequence=customer["next_invoice_sequence"] + 1)
    sums = balances.use(world, customer, invoice)
    moments = {**invoice["status_transitions"], "finalized_at": now}
    fields = {"status": "open", "number": number, "effective_at": now, "automatically_finalizes_at": None}
    fields["hosted_invoice_url"] = f"{world.options.origin}/i/{invoice['id']}"
    world.change(invoice, "invoice.finalized", **fields, **sums, status_transitions=moments)
    if invoice["amount_due"]:
        intent = world.add(shape.payment_intent(now, invoice["amount_due"], customer["id"]), "payment_intent.created")
        world.add(invoice_shape.invoice_payment(now, invoice, intent["id"]))
    else:
        _settle(world, invoice)


def collect(world: World, invoice: Json) -> None:
    """Stripe's own attempt on an open invoice, with the consequences for the subscription."""
    refusal = attempt(world, invoice)
    if refusal is None:
        return
    private = world.private(invoice["id"])
    retries = int(private.get("retries", 0))
    private["retries"] = retries + 1
    last = retries >= len(RETRY_AFTER_DAYS)
    following = None if last else world.now() + RETRY_AFTER_DAYS[retries] * DAY
    world.change(invoice, next_payment_attempt=following, attempt_count=invoice["attempt_count"] + 1)
    _tell_failure(world, invoice, refusal)
    standing.payment_failed(world, subscription_of(world, invoice), last=last)


def card_for(world: World, subscription: Json, customer: Json, *, named: str | None = None) -> Json | None:
    """Cards in Stripe's order: the one named, the subscription's, the customer's default."""
    card_id = named or subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    return world.store.get("payment_method", card_id) if card_id else None


def attempt(
    world: World,
    invoice: Json,
    *,
    card_id: str | None = None,
    first: bool = False,
    agreed: bool = False,
    authenticated: bool = False,
) -> dict[str, Any] | None:
    """Ask the bank once, unless it has `agreed`; on yes the invoice is paid. Returns the refusal, None for yes."""
    customer = world.find("customer", invoice["customer"])
    card = card_for(world, subscription_of(world, invoice), customer, named=card_id)
    card_id = str(card["id"]) if card else None
    refusal = None if agreed else cards.refusal(world, card, customer["id"], first=first, authenticated=authenticated)
    intent = intent_of(world, invoice)
    if card is not None:
        charge = world.add(shape.charge(world.now(), intent, card, failure=refusal))
        charge_id = charge["id"]
        world.emit("charge.failed" if refusal else "charge.succeeded", charge)
    else:
        charge_id = None
    if refusal:
        told = {"type": "card_error", **refusal, **({"charge": charge_id} if charge_id else {})}
        needs_action = refusal["code"] == "authentication_required"
        status = "requires_action" if needs_action else "requires_payment_method"
        world.change(
            intent, "payment_intent.payment_failed", status=status, last_payment_error=told, latest_charge=charge_id
        )
        world.change(invoice, attempted=True)
        return refusal
    fields = {"amount_received": intent["amount"], "payment_method": card_id, "latest_charge": charge_id}
    world.change(intent, "payment_intent.succeeded", status="succeeded", last_payment_error=None, **fields)
    _settle(world, invoice)
    if cards.is_one_of(world, card_id, cards.DISPUTED):
        disputes.arise(world, charge)
    return None


def intent_of(world: World, invoice: Json) -> Json:
    """The payment intent that should pay this invoice."""
    tie = world.of("invoice_payment", invoice=invoice["id"], is_default=True)[0]
    return world.find("payment_intent", tie["payment"]["payment_intent"])


def settle_elsewhere(world: World, invoice: Json) -> None:
    """`paid_out_of_band`: the money came another way, so no payment is recorded."""
    for tie in world.of("invoice_payment", invoice=invoice["id"], status="open"):
        world.change(tie, status="canceled", status_transitions={"canceled_at": world.now(), "paid_at": None})
        world.change(world.find("payment_intent", tie["payment"]["payment_intent"]), status="canceled")
    _settle(world, invoice)


def _settle(world: World, invoice: Json) -> None:
    now, due = world.now(), invoice["amount_due"]
    moments = {**invoice["status_transitions"], "paid_at": now}
    fields = {"status": "paid", "amount_paid": due, "amount_remaining": 0, "next_payment_attempt": None}
    counted = invoice["attempt_count"] + (1 if due else 0)
    fields |= {"attempted": True, "attempt_count": counted, "auto_advance": False, "status_transitions": moments}
    for tie in world.of("invoice_payment", invoice=invoice["id"], status="open"):
        paid = {"status": "paid", "amount_paid": due, "status_transitions": {"canceled_at": None, "paid_at": now}}
        world.change(tie, "invoice_payment.paid", **paid)
    world.change(invoice, "invoice.paid", "invoice.payment_succeeded", "invoice.updated", **fields)
    standing.invoice_settled(world, subscription_of(world, invoice), invoice)


def _tell_failure(world: World, invoice: Json, refusal: dict[str, Any]) -> None:
    world.emit("invoice.payment_failed", invoice)
    if refusal["code"] == "authentication_required":
        world.emit("invoice.payment_action_required", invoice)


def void(world: World, invoice: Json) -> None:
    """The invoice asks for nothing any more; its number stays on the books."""
    moments = {**invoice["status_transitions"], "voided_at": world.now()}
    for tie in world.of("invoice_payment", invoice=invoice["id"], status="open"):
        world.change(tie, status="canceled", status_transitions={"canceled_at": world.now(), "paid_at": None})
        intent = world.find("payment_intent", tie["payment"]["payment_intent"])
        fields = {"status": "canceled", "canceled_at": world.now(), "cancellation_reason": "void_invoice"}
        world.change(intent, "payment_intent.canceled", **fields)
    if invoice["status"] != "draft":
        balances.give_back(world, invoice)
    fields = {"status": "void", "next_payment_attempt": None, "auto_advance": False, "status_transitions": moments}
    world.change(invoice, "invoice.voided", "invoice.updated", **fields)
    subscription = subscription_of(world, invoice)
    if standing.resumes_with(world, subscription, invoice):
        standing.stays_paused(world, subscription)


def resumption_over(world: World, note: Json) -> None:
    """Nobody tried to pay what would have ended a pause."""
    world.store.remove("resumption", note["id"])
    invoice = world.find("invoice", note["id"])
    if invoice["status"] == "open" and not invoice["attempted"]:
        void(world, invoice)


def give_up(world: World, invoice: Json) -> None:
    """`mark_uncollectible`: written off, though it could still be paid."""
    moments = {**invoice["status_transitions"], "marked_uncollectible_at": world.now()}
    fields = {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
    world.change(invoice, "invoice.marked_uncollectible", "invoice.updated", **fields, status_transitions=moments)
    subscription = subscription_of(world, invoice)
    if standing.resumes_with(world, subscription, invoice):
        standing.resumed(world, subscription)
