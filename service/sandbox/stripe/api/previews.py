"""What the next invoice would be, with or without a change (docs.stripe.com/api/invoices/create_preview)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import changes, changing, discounts, upcoming
from service.sandbox.stripe.api.subscriptions.found import not_ended
from service.sandbox.stripe.errors import malformed, not_supported, refused
from service.sandbox.stripe.params import NOW_OR_MOMENT, Clearable
from service.sandbox.stripe.routing import route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

CHANGING = ("items", "trial_end", "billing_cycle_anchor")


@route(
    "POST",
    "/v1/invoices/create_preview",
    {
        "customer": str,
        "subscription": str,
        "discounts": Clearable([discounts.SENT]),
        "subscription_details": {
            **changes.SENT,
            "billing_cycle_anchor": {"type": ("now", "unchanged")},
            "cancel_at_period_end": bool,
            "trial_end": NOW_OR_MOMENT,
        },
    },
    required=("subscription",),
    typed="InvoiceCreatePreviewParams",
)
def preview(world: World, params: dict[str, Any]) -> Json:
    """The invoice an update with the same details would make at once, else the one of the next renewal after it.

    Nothing is kept, and the same `proration_date` gives the same cents. Not imitated: a subscription still to be made.
    """
    subscription = not_ended(world, params["subscription"])
    if params.get("customer", subscription["customer"]) != subscription["customer"]:
        raise refused("The subscription does not belong to this customer.", param="customer")
    details = params.get("subscription_details", {})
    if "proration_date" in details:
        if details.get("proration_behavior") == "none":
            message = "`proration_date` cannot be set when `proration_behavior` is `none`."
            raise malformed(message, code="parameter_invalid_string", param="subscription_details[proration_date]")
        if not any(name in details for name in CHANGING):
            raise refused("`proration_date` needs a change to prorate.", param="subscription_details[proration_date]")
    if subscription["status"] == "paused":
        raise not_supported("the preview of a paused subscription")
    used = _used(world, subscription, params)
    change = changes.planned(world, subscription, details, used)
    if change.invoiced:
        made = changing.composed(world, subscription, change, used)
    else:
        ends = details.get("cancel_at_period_end", subscription["cancel_at_period_end"])
        after = {**subscription, **change.fields, "cancel_at_period_end": ends}
        made = upcoming.renewal(world, after, change.lines, used)
    return upcoming.named(made)


def _used(world: World, subscription: Json, params: dict[str, Any]) -> list[Json]:
    if "discounts" not in params:
        return discounts.in_use(world, subscription, world.now())
    sent = params["discounts"] or []
    return discounts.wanted(world, sent, customer=subscription["customer"], subscription=subscription)
