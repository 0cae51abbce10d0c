"""Invoices: read, finalise, pay, void (docs.stripe.com/api/invoices)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import collecting, invoicing, standing
from service.sandbox.stripe.api.customers import owned
from service.sandbox.stripe.errors import StripeError, refused
from service.sandbox.stripe.listing import found, page
from service.sandbox.stripe.params import METADATA, RANGE, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

STATUSES = ("draft", "open", "paid", "uncollectible", "void")


@route("GET", "/v1/invoices/{identifier}", typed="InvoiceRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One invoice; `payments` only when expanded."""
    return world.find("invoice", identifier)


@route(
    "GET",
    "/v1/invoices",
    {"customer": str, "subscription": str, "status": STATUSES, "created": RANGE, **PAGING},
    typed="InvoiceListParams",
)
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Invoices, newest first."""
    same = {name: params.get(name) for name in ("customer", "subscription", "status")}
    return found(world, "invoice", params, "/v1/invoices", **same)


@route("POST", "/v1/invoices/{identifier}", {"auto_advance": bool, "metadata": METADATA}, typed="InvoiceUpdateParams")
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """`auto_advance=false` keeps a draft a draft, and stops the retries of an open one."""
    invoice = world.find("invoice", identifier)
    fields: dict[str, Any] = {"metadata": merged(invoice["metadata"], params.get("metadata"))}
    if params.get("auto_advance") is False:
        fields |= {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
    elif params.get("auto_advance") is True and invoice["status"] == "draft":
        fields |= {"auto_advance": True, "automatically_finalizes_at": world.now() + 3600}
    elif params.get("auto_advance") is True and invoice["status"] == "open":
        fields |= {"auto_advance": True, "next_payment_attempt": world.now() + 3600}
    world.change(invoice, "invoice.updated", **fields)
    return invoice


@route("POST", "/v1/invoices/{identifier}/finalize", {"auto_advance": bool}, typed="InvoiceFinalizeInvoiceParams")
def finalise(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Make a draft final without waiting for its hour; `auto_advance=false` leaves the charging to the merchant."""
    invoice = world.find("invoice", identifier)
    if invoice["status"] != "draft":
        raise refused("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    advance = params.get("auto_advance", invoice["auto_advance"])
    world.change(invoice, auto_advance=advance)
    collecting.finalise(world, invoice)
    if invoice["status"] == "open" and advance:
        world.change(invoice, next_payment_attempt=world.now() + 3600)
    return invoice


@route(
    "POST",
    "/v1/invoices/{identifier}/pay",
    {"payment_method": str, "off_session": bool, "paid_out_of_band": bool},
    typed="InvoicePayParams",
)
def pay(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Try now, with this card or the usual one. A decline answers 402 and leaves the retry plan as it was."""
    invoice = world.find("invoice", identifier)
    card_id = params.get("payment_method")
    if card_id:
        owned(world, card_id, invoice["customer"], param="payment_method")
    if invoice["status"] == "draft":
        collecting.finalise(world, invoice)
        if invoice["status"] == "paid":  # nothing was due
            return invoice
    if invoice["status"] == "paid":
        raise refused("Invoice is already paid")
    if invoice["status"] == "void":
        raise refused("This invoice is no longer payable: it was voided.")
    if params.get("paid_out_of_band"):
        collecting.settle_elsewhere(world, invoice)
        return invoice
    refusal = collecting.attempt(world, invoice, card_id=card_id)
    if refusal is None:
        return invoice
    world.emit("invoice.payment_failed", invoice)
    subscription = invoicing.subscription_of(world, invoice)
    private = world.private(subscription["id"])
    # docs.stripe.com/api/subscriptions/resume: by default an attempt is enough to end the pause, late if it fails.
    if private.get("resumes_with") == invoice["id"] and private.get("resumes_on") == "resume_on_payment_attempt":
        standing.resumed(world, subscription, late=True)
    raise StripeError(402, "card_error", payment_intent=collecting.intent_of(world, invoice), **refusal)


@route("POST", "/v1/invoices/{identifier}/void", typed="InvoiceVoidInvoiceParams")
def void(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Take an open invoice back. A draft must be finalised first, a paid one is refunded instead."""
    invoice = world.find("invoice", identifier)
    if invoice["status"] not in ("open", "uncollectible"):
        message = f"You can only pass in open invoices. This invoice isn't open: it is {invoice['status']}."
        raise refused(message, param="invoice")
    collecting.void(world, invoice)
    return invoice


@route("POST", "/v1/invoices/{identifier}/mark_uncollectible", typed="InvoiceMarkUncollectibleParams")
def mark_uncollectible(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Write an open invoice off."""
    invoice = world.find("invoice", identifier)
    if invoice["status"] != "open":
        raise refused("You can only pass in open invoices.", param="invoice")
    collecting.give_up(world, invoice)
    return invoice


@route("GET", "/v1/invoices/{identifier}/lines", {**PAGING}, typed="InvoiceLineItemListParams")
def lines(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Its lines, in the order they stand on it."""
    invoice = world.find("invoice", identifier)
    return page(invoice["lines"]["data"][::-1], params, f"/v1/invoices/{identifier}/lines")


@route("DELETE", "/v1/invoices/{identifier}", typed="InvoiceDeleteParams")
def delete(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Stripe deletes one-off drafts only, and there are none here: every invoice is a subscription's."""
    invoice = world.find("invoice", identifier)
    if invoice["status"] != "draft":
        raise refused("You can only delete draft invoices.", param="invoice")
    raise refused("You can't delete invoices created by subscriptions.", param="invoice")
