"""Changing a subscription: price, rhythm, discounts, collection, end (docs.stripe.com/api/subscriptions/update)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import changes, changing, discounts
from service.sandbox.stripe.api.customers import owned
from service.sandbox.stripe.api.subscriptions.ending import DETAILS
from service.sandbox.stripe.api.subscriptions.found import not_ended
from service.sandbox.stripe.errors import not_supported, refused
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.params import METADATA, NOW_OR_MOMENT, Clearable, merged
from service.sandbox.stripe.routing import route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

BEHAVIOURS = ("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")


@route(
    "POST",
    "/v1/subscriptions/{identifier}",
    {
        **changes.SENT,
        "billing_cycle_anchor": {"type": ("now", "unchanged")},
        "cancel_at_period_end": bool,
        "cancellation_details": DETAILS,
        "default_payment_method": str,
        "description": Clearable(str),
        "discounts": Clearable([discounts.SENT]),
        "metadata": METADATA,
        "pause_collection": Clearable({"behavior": ("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": int}),
        "payment_behavior": BEHAVIOURS,
        "trial_end": NOW_OR_MOMENT,
    },
    typed="SubscriptionUpdateParams",
)
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """All of it or nothing: with `error_if_incomplete` a refused payment answers 402 and leaves no trace.

    Like Stripe it invoices at once when the rhythm changes or when told to (`always_invoice`); other prorations wait
    for the next invoice. The default behaviour towards a refused payment is `allow_incomplete`: the change stands and
    the subscription is past due.
    """
    subscription = not_ended(world, identifier)
    behaviour = params.get("payment_behavior", "allow_incomplete")
    if behaviour in ("default_incomplete", "pending_if_incomplete"):
        raise not_supported(f"payment_behavior={behaviour} on update")
    used = _discounts(world, subscription, params)
    change = changes.planned(world, subscription, params, used)
    fields = {**_own(world, subscription, params), **change.fields}
    fields |= _end(world, subscription, params, period({**subscription, **fields})[1])
    changing.apply(world, subscription, change, fields, used, must_be_paid=behaviour == "error_if_incomplete")
    return subscription


def _discounts(world: World, subscription: Json, params: dict[str, Any]) -> list[Json]:
    """Those in use afterwards: an empty list changes nothing, an empty value clears them."""
    if "discounts" in params and params["discounts"] is None:
        return []
    if not params.get("discounts"):
        return discounts.in_use(world, subscription, world.now())
    return discounts.wanted(world, params["discounts"], customer=subscription["customer"], subscription=subscription)


def _own(world: World, subscription: Json, params: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: params[name] for name in ("default_payment_method", "description") if name in params
    }
    if "default_payment_method" in fields:
        owned(world, fields["default_payment_method"], subscription["customer"], param="default_payment_method")
    if "pause_collection" in params:
        fields["pause_collection"] = _pause_collection(world, params["pause_collection"])
    return {**fields, "metadata": merged(subscription["metadata"], params.get("metadata"))}


def _end(world: World, subscription: Json, params: dict[str, Any], period_end: int) -> dict[str, Any]:
    details = {**subscription["cancellation_details"], **params.get("cancellation_details", {})}
    if "cancel_at_period_end" not in params:
        return {"cancellation_details": details}
    ends = params["cancel_at_period_end"]
    details["reason"] = "cancellation_requested" if ends else None
    return {
        "cancellation_details": details,
        "cancel_at_period_end": ends,
        "cancel_at": period_end if ends else None,
        "canceled_at": world.now() if ends else None,
    }


def _pause_collection(world: World, sent: dict[str, Any] | None) -> Json | None:
    """docs.stripe.com/billing/subscriptions/pause-payment."""
    if not sent:
        return None
    if "behavior" not in sent:
        raise refused("Missing required param: pause_collection[behavior].", param="pause_collection[behavior]")
    resumes_at = sent.get("resumes_at")
    if resumes_at is not None and resumes_at <= world.now():
        raise refused("`resumes_at` must be in the future.", param="pause_collection[resumes_at]")
    return {"behavior": sent["behavior"], "resumes_at": resumes_at}
