"""Subscriptions: read, change, pause, resume, cancel (docs.stripe.com/api/subscriptions)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import collecting, invoicing, standing
from service.sandbox.stripe.api.customers import owned
from service.sandbox.stripe.errors import missing, not_supported, refused
from service.sandbox.stripe.listing import page
from service.sandbox.stripe.months import moment_after, period_containing
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.params import METADATA, RANGE, Clearable, merged, within
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

FEEDBACK = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
DETAILS = {"comment": Clearable(str), "feedback": Clearable(FEEDBACK)}
STATUSES: tuple[str, ...] = ("active", "all", "canceled", "ended", "incomplete", "incomplete_expired")
STATUSES += ("past_due", "paused", "trialing", "unpaid")


@route("GET", "/v1/subscriptions/{identifier}", typed="SubscriptionRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One subscription; the current period is on `items.data[]`."""
    return world.find("subscription", identifier)


@route(
    "GET",
    "/v1/subscriptions",
    {"customer": str, "price": str, "status": STATUSES, "created": RANGE, **PAGING},
    typed="SubscriptionListParams",
)
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Newest first; without a status all but the canceled ones."""
    status = params.get("status")
    found = [one for one in world.store.all("subscription") if _has(one["status"], status)]
    found = [one for one in found if one["customer"] == params.get("customer", one["customer"])]
    if "price" in params:
        found = [one for one in found if params["price"] in [item["price"]["id"] for item in one["items"]["data"]]]
    found = [one for one in found if within(one["created"], params.get("created", {}))]
    return page(found, params, "/v1/subscriptions")


def _has(status: str, wanted: str | None) -> bool:
    if wanted is None:
        return status != "canceled"
    return wanted == "all" or status == wanted or (wanted == "ended" and status in ("canceled", "incomplete_expired"))


@route(
    "POST",
    "/v1/subscriptions/{identifier}",
    {
        "cancel_at_period_end": bool,
        "cancellation_details": DETAILS,
        "default_payment_method": str,
        "description": Clearable(str),
        "metadata": METADATA,
        "pause_collection": Clearable({"behavior": ("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": int}),
        "proration_behavior": ("always_invoice", "create_prorations", "none"),
    },
    typed="SubscriptionUpdateParams",
)
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """End with the period, or not after all; pause collection (docs.stripe.com/billing/subscriptions/pause-payment)."""
    subscription = _not_ended(world, identifier)
    params.pop("proration_behavior", None)  # nothing here prorates: changing items is for a later day
    fields: dict[str, Any] = {
        name: params[name] for name in ("default_payment_method", "description") if name in params
    }
    if "default_payment_method" in fields:
        owned(world, fields["default_payment_method"], subscription["customer"], param="default_payment_method")
    if "pause_collection" in params:
        fields["pause_collection"] = _pause_collection(world, params["pause_collection"])
    fields["metadata"] = merged(subscription["metadata"], params.get("metadata"))
    details = {**subscription["cancellation_details"], **params.get("cancellation_details", {})}
    if "cancel_at_period_end" in params:
        ends = params["cancel_at_period_end"]
        details["reason"] = "cancellation_requested" if ends else None
        fields |= {
            "cancel_at_period_end": ends,
            "cancel_at": period(subscription)[1] if ends else None,
            "canceled_at": world.now() if ends else None,
        }
    world.change(subscription, standing.UPDATED, **fields, cancellation_details=details)
    return subscription


def _pause_collection(world: World, sent: dict[str, Any] | None) -> Json | None:
    if not sent:
        return None
    if "behavior" not in sent:
        raise refused("Missing required param: pause_collection[behavior].", param="pause_collection[behavior]")
    resumes_at = sent.get("resumes_at")
    if resumes_at is not None and resumes_at <= world.now():
        raise refused("`resumes_at` must be in the future.", param="pause_collection[resumes_at]")
    return {"behavior": sent["behavior"], "resumes_at": resumes_at}


@route(
    "DELETE",
    "/v1/subscriptions/{identifier}",
    {"prorate": bool, "invoice_now": bool, "cancellation_details": DETAILS},
    typed="SubscriptionCancelParams",
)
def cancel(world: World, params: dict[str, Any], identifier: str) -> Json:
    """End it now and give nothing back: a refund is its own request (docs.stripe.com/billing/subscriptions/cancel)."""
    subscription = _not_ended(world, identifier)
    if params.get("prorate") or params.get("invoice_now"):
        raise not_supported("prorate=true or invoice_now=true on cancel")
    details = params.get("cancellation_details")
    standing.cancel(world, subscription, reason="cancellation_requested", details=details)
    return subscription


@route(
    "POST",
    "/v1/subscriptions/{identifier}/pause",
    {
        "type": ("subscription",),
        "invoicing_behavior": ("invoice", "pending_invoice_item"),
        "bill_for": {
            "unused_time_from": {"type": ("item_current_period_start", "none", "now")},
            "outstanding_usage_through": {"type": ("none", "now")},
        },
    },
    typed="SubscriptionPauseParams",
)
def pause(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Stop service and invoices (docs.stripe.com/billing/subscriptions/pause).

    By default the unused time becomes a credit on the next invoice. Invoices made before stay, and are still
    collected: whoever wants them stopped voids them.
    """
    subscription = _not_ended(world, identifier)
    if subscription["status"] not in ("active", "past_due"):
        raise refused(f"A subscription that is {subscription['status']} cannot be paused.")
    if params.get("invoicing_behavior") == "invoice":
        raise not_supported("invoicing_behavior=invoice on pause")
    unused_from = params.get("bill_for", {}).get("unused_time_from", {}).get("type", "now")
    if unused_from != "none":
        start = world.now() if unused_from == "now" else period(subscription)[0]
        invoicing.set_aside(world, subscription, start, sign=-1, words="Unused time while paused")
    standing.pause(world, subscription)
    return subscription


@route(
    "POST",
    "/v1/subscriptions/{identifier}/resume",
    {
        "billing_cycle_anchor": {"type": ("now", "unchanged")},
        "payment_behavior": ("resume_on_payment_attempt", "resume_on_payment_success"),
        "proration_behavior": ("always_invoice", "create_prorations", "none"),
    },
    typed="SubscriptionResumeParams",
)
def resume(world: World, params: dict[str, Any], identifier: str) -> Json:
    """End a pause (docs.stripe.com/api/subscriptions/resume).

    `unchanged` goes on in the old rhythm, at once. `now` (the default) begins a new period with an invoice of its own,
    and the subscription stays paused until that is paid: `resume_on_payment_success` tries in this request, the
    default waits for somebody to pay the invoice. Not imitated: voiding a resumption invoice that nobody pays.
    """
    subscription = _not_ended(world, identifier)
    if subscription["status"] != "paused":
        raise refused("Only a paused subscription can be resumed.")
    if params.get("billing_cycle_anchor", {}).get("type", "now") == "unchanged":
        _resume_in_rhythm(world, subscription, params.get("proration_behavior", "create_prorations"))
        return subscription
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    start = world.now()
    covers = (start, moment_after(start, recurring["interval"], recurring["interval_count"], 1))
    private = world.private(subscription["id"])
    invoice = invoicing.draft(world, subscription, reason="subscription_update", covers=covers, since=start)
    behaviour = params.get("payment_behavior", "resume_on_payment_attempt")
    private.update(resumes_with=invoice["id"], resumes_from=covers, resumes_on=behaviour)
    collecting.finalise(world, invoice)
    if invoice["status"] == "open":
        if behaviour == "resume_on_payment_success":
            collecting.collect(world, invoice)
        else:
            world.change(invoice, auto_advance=False)
    return subscription


def _resume_in_rhythm(world: World, subscription: Json, prorations: str) -> None:
    if prorations == "always_invoice":
        raise not_supported("proration_behavior=always_invoice on resume")
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    anchor = subscription["billing_cycle_anchor"]
    start, end = period_containing(anchor, recurring["interval"], recurring["interval_count"], world.now())
    subscription["items"] = standing.with_period(subscription, start, end)
    if prorations == "create_prorations":
        invoicing.set_aside(world, subscription, world.now(), sign=1, words="Remaining time after the pause")
    standing.resumed(world, subscription)


def _not_ended(world: World, identifier: str) -> Json:
    """Stripe answers for an ended subscription as if it were gone."""
    subscription = world.find("subscription", identifier)
    if subscription["status"] == "canceled":
        raise missing("subscription", identifier)
    return subscription
