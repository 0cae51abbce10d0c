"""Pausing a subscription and resuming it (docs.stripe.com/billing/subscriptions/pause)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import collecting, invoicing, proration, standing
from service.sandbox.stripe.api.subscriptions.found import not_ended
from service.sandbox.stripe.errors import not_supported, refused
from service.sandbox.stripe.months import moment_after, period_containing
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.routing import route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


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
    subscription = not_ended(world, identifier)
    if subscription["status"] not in ("active", "past_due"):
        raise refused(f"A subscription that is {subscription['status']} cannot be paused.")
    if params.get("invoicing_behavior") == "invoice":
        raise not_supported("invoicing_behavior=invoice on pause")
    unused_from = params.get("bill_for", {}).get("unused_time_from", {}).get("type", "now")
    if unused_from != "none":
        start = world.now() if unused_from == "now" else period(subscription)[0]
        proration.set_aside(world, subscription, start, sign=-1, words="Unused time while paused")
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
    and the subscription stays paused until that is paid or given up: `resume_on_payment_success` tries in this request,
    the default waits for somebody to pay the invoice. Voided, by the merchant or after 23 hours without an attempt, it
    leaves the subscription paused.
    """
    subscription = not_ended(world, identifier)
    if subscription["status"] != "paused":
        raise refused("Only a paused subscription can be resumed.")
    if waits_for := world.private(subscription["id"]).get("resumes_with"):
        raise refused(f"This subscription is being resumed already: invoice {waits_for} is to be paid or voided first.")
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
    note = {"id": invoice["id"], "at": start + standing.RESUMABLE_FOR, "test_clock": subscription["test_clock"]}
    world.store.put("resumption", note)
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
        proration.set_aside(world, subscription, world.now(), sign=1, words="Remaining time after the pause")
    standing.resumed(world, subscription)
