"""Where a subscription stands, and what moves it (docs.stripe.com/billing/subscriptions/overview)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import announcing
from service.sandbox.stripe.agenda import LIVE
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

UPDATED = "customer.subscription.updated"
#: A resumption invoice nobody tries to pay is voided after 23 hours (docs.stripe.com/api/subscriptions/resume).
RESUMABLE_FOR = 23 * 3600


def payment_failed(world: World, subscription: Json, *, last: bool) -> None:
    """A renewal was refused: `past_due`, and after the last retry what the account is set to."""
    if subscription["status"] not in LIVE:
        return
    world.change(world.find("customer", subscription["customer"]), delinquent=True)
    if last and world.options.dunning_ends_in == "canceled":
        cancel(world, subscription, reason="payment_failed")
    elif subscription["status"] != "trialing" or last:  # a trial stays one, whatever an older invoice does
        world.change(subscription, UPDATED, status="unpaid" if last else "past_due")


def invoice_settled(world: World, subscription: Json, invoice: Json) -> None:
    """Paying the newest invoice makes a late subscription active again, and ends a pause that waited for it."""
    if subscription["latest_invoice"] != invoice["id"]:
        return
    world.change(world.find("customer", subscription["customer"]), delinquent=False)
    if subscription["status"] in ("incomplete", "past_due", "unpaid"):
        world.change(subscription, UPDATED, status="active")
        announcing.plan(world, subscription)
    elif resumes_with(world, subscription, invoice):
        resumed(world, subscription)


def cancel(world: World, subscription: Json, *, reason: str, details: dict[str, Any] | None = None) -> None:
    """End it now; invoices stay, but are no longer collected (docs.stripe.com/billing/subscriptions/cancel)."""
    now = world.now()
    for invoice in invoices_of(world, subscription):
        if invoice["status"] in ("draft", "open") and invoice["auto_advance"]:
            stopped = {"auto_advance": False, "next_payment_attempt": None, "automatically_finalizes_at": None}
            world.change(invoice, "invoice.updated", **stopped)
    # An end announced earlier keeps its reason and the moment it was asked for.
    told = {**subscription["cancellation_details"], **(details or {})}
    told["reason"] = told["reason"] or reason
    fields = {"status": "canceled", "ended_at": now, "canceled_at": subscription["canceled_at"] or now}
    world.change(subscription, "customer.subscription.deleted", **fields, cancellation_details=told)


def pause(world: World, subscription: Json) -> None:
    """No invoices and no new periods until it is resumed (docs.stripe.com/billing/subscriptions/pause)."""
    paused = {"subscription": {"type": "pause_requested"}, "transitioned_at": world.now(), "type": "subscription"}
    world.change(
        subscription, UPDATED, "customer.subscription.paused", status="paused", status_details={"paused": paused}
    )


def resumed(world: World, subscription: Json, *, late: bool = False) -> None:
    """Back from a pause; with a resumption invoice the periods begin again where that invoice begins."""
    private = world.private(subscription["id"])
    private.pop("resumes_with", None)
    fields: dict[str, Any] = {"status": "past_due" if late else "active", "status_details": None}
    if anew := private.pop("resumes_from", None):
        start, end = anew
        fields |= {"billing_cycle_anchor": start, "items": with_period(subscription, start, end)}
    world.change(subscription, UPDATED, "customer.subscription.resumed", **fields)
    announcing.plan(world, subscription)


def resumes_with(world: World, subscription: Json, invoice: Json) -> bool:
    """Whether this invoice is what a paused subscription waits for."""
    waits_for = world.private(subscription["id"]).get("resumes_with")
    return bool(subscription["status"] == "paused" and waits_for == invoice["id"])


def stays_paused(world: World, subscription: Json) -> None:
    """The invoice that should have ended the pause was voided."""
    private = world.private(subscription["id"])
    for name in ("resumes_with", "resumes_from", "resumes_on"):
        private.pop(name, None)


def with_period(subscription: Json, start: int, end: int) -> Json:
    """The items, moved to another period; the ones in place are left alone so that events can tell both."""
    items = subscription["items"]
    return {**items, "data": moved(items["data"], start, end)}


def moved(items: list[Json], start: int, end: int) -> list[Json]:
    """Copies of these items, in another period."""
    return [{**one, "current_period_start": start, "current_period_end": end} for one in items]


def invoices_of(world: World, subscription: Json) -> list[Json]:
    """Its invoices, oldest first."""
    return world.of("invoice", subscription=subscription["id"])
