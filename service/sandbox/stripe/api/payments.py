"""Payments on invoices, and money given back (docs.stripe.com/api/invoice-payment, docs.stripe.com/api/refunds)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import disputes
from service.sandbox.stripe.errors import malformed, missing, refused
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.objects import payments as shape
from service.sandbox.stripe.params import METADATA, RANGE, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@route("GET", "/v1/invoice_payments/{identifier}", typed="InvoicePaymentRetrieveParams")
def get_invoice_payment(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One tie between an invoice and a payment."""
    return world.find("invoice_payment", identifier)


@route(
    "GET",
    "/v1/invoice_payments",
    {
        "invoice": str,
        "status": ("open", "paid", "canceled"),
        "payment": {"type": ("payment_intent",), "payment_intent": str},
        "created": RANGE,
        **PAGING,
    },
    typed="InvoicePaymentListParams",
)
def list_invoice_payments(world: World, params: dict[str, Any]) -> Json:
    """What was paid on an invoice, or which invoice a payment was for."""
    same = {name: params.get(name) for name in ("invoice", "status")}
    same["payment_intent"] = params.get("payment", {}).get("payment_intent")
    return found(world, "invoice_payment", params, "/v1/invoice_payments", **same)


@route("GET", "/v1/payment_intents/{identifier}", typed="PaymentIntentRetrieveParams")
def get_intent(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One payment, with its newest charge."""
    return world.find("payment_intent", identifier)


@route("GET", "/v1/charges/{identifier}", typed="ChargeRetrieveParams")
def get_charge(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One charge."""
    return world.find("charge", identifier)


@route(
    "POST",
    "/v1/refunds",
    {"payment_intent": str, "charge": str, "amount": int, "reason": REASONS, "metadata": METADATA},
    typed="RefundCreateParams",
)
def refund(world: World, params: dict[str, Any]) -> Json:
    """Give back a part or the rest, never more than was taken (docs.stripe.com/refunds)."""
    charge = _charge(world, params)
    if not charge["paid"]:
        raise refused(f"Charge {charge['id']} was not paid.", code="charge_not_refundable")
    if disputes.holds(world, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = params.get("amount", left)
    if amount < 1:
        raise malformed("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        asked, rest = f"${amount / 100:,.2f}", f"${left / 100:,.2f}"
        raise refused(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount")
    made = world.add(shape.refund(world.now(), charge, amount, params), "refund.created")
    given = charge["amount_refunded"] + amount
    world.change(charge, "charge.refunded", amount_refunded=given, refunded=given == charge["amount"])
    return made


@route("GET", "/v1/refunds/{identifier}", typed="RefundRetrieveParams")
def get_refund(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One refund."""
    return world.find("refund", identifier)


@route("POST", "/v1/refunds/{identifier}", {"metadata": METADATA}, typed="RefundUpdateParams")
def update_refund(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Change its metadata, the only thing that may."""
    made = world.find("refund", identifier)
    world.change(made, "refund.updated", metadata=merged(made["metadata"], params.get("metadata")))
    return made


@route(
    "GET",
    "/v1/refunds",
    {"payment_intent": str, "charge": str, "created": RANGE, **PAGING},
    typed="RefundListParams",
)
def list_refunds(world: World, params: dict[str, Any]) -> Json:
    """Refunds, newest first."""
    same = {name: params.get(name) for name in ("payment_intent", "charge")}
    return found(world, "refund", params, "/v1/refunds", **same)


def _charge(world: World, params: dict[str, Any]) -> Json:
    if "charge" in params:
        return world.find("charge", params["charge"], param="charge")
    if "payment_intent" not in params:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise malformed(message, code="parameter_missing", param="payment_intent")
    intent = world.find("payment_intent", params["payment_intent"], param="payment_intent")
    if intent["latest_charge"] is None:
        raise missing("charge", params["payment_intent"], param="payment_intent", status=400)
    return world.find("charge", intent["latest_charge"])
