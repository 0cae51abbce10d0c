"""What Stripe does by itself when the time comes: renew, finalise, retry, expire. Nobody is asked.

A renewal makes a draft first, finalised and charged about an hour later, so that a merchant may still change or stop
it (docs.stripe.com/billing/invoices/subscription). Not imitated: waiting up to 72 hours for an unanswered
`invoice.created`, which would make moving time depend on the merchant's speed.
"""

from __future__ import annotations

from collections.abc import Callable

from service.sandbox.stripe import (
    announcing,
    checkout,
    collecting,
    disputes,
    invoicing,
    standing,
    subscribing,
    upcoming,
)
from service.sandbox.stripe.months import period_containing
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

DRAFT_FOR = 3600
#: So many due things are done and kept at once; between two such steps others may look in.
STEP = 200


def run_until(world: World, moment: int, *, clock: str = "", most: int | None = None) -> list[Json]:
    """Do everything due up to `moment` by this clock, in order, each at its own time. Returns what happened.

    With `most` at most so many things. Raises RuntimeError when a thing done is due again at the same moment.
    """
    happened: list[Json] = []
    before = None
    while (due := world.store.due(clock)) and due[0] <= moment and len(happened) != most:
        if due == before:
            raise RuntimeError(f"{due[1]} {due[3]} stays due for ever")
        before = due
        at, what, kind, identifier = due
        with world.clock.stopped_at(at):
            ACTS[what](world, world.find(kind, identifier))
        happened.append({"at": at, "what": f"{what} {identifier}"})
    return happened


def renew(world: World, subscription: Json) -> None:
    """Into the next period, counted from the anchor, with a draft for it.

    An unpaid subscription still renews, but its drafts stay drafts (docs.stripe.com/billing/subscriptions/overview).
    """
    begins, ends = period(subscription)
    start, end = period_containing(subscription["billing_cycle_anchor"], *_interval(subscription), ends)
    items = standing.with_period(subscription, start, end)
    fields = {"status": "active"} if subscription["status"] == "trialing" else {}
    world.change(subscription, standing.UPDATED, items=items, **fields)
    draft = invoicing.draft(world, subscription, reason="subscription_cycle", covers=(start, end), since=begins)
    held = subscription["status"] == "unpaid" or _keeps_drafts(subscription)
    finalises = None if held else world.now() + DRAFT_FOR
    world.change(draft, auto_advance=not held, automatically_finalizes_at=finalises)
    announcing.plan(world, subscription)


def _interval(subscription: Json) -> tuple[str, int]:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _keeps_drafts(subscription: Json) -> bool:
    return bool(subscription["pause_collection"]) and subscription["pause_collection"]["behavior"] == "keep_as_draft"


def _finalise_and_collect(world: World, invoice: Json) -> None:
    """A paused collection decides what becomes of the invoice (docs.stripe.com/billing/subscriptions/pause-payment)."""
    collecting.finalise(world, invoice)
    pause = invoicing.subscription_of(world, invoice)["pause_collection"]
    if pause is None:
        if invoice["status"] == "open":
            collecting.collect(world, invoice)
    elif invoice["status"] != "open":
        return
    elif pause["behavior"] == "void":
        collecting.void(world, invoice)
    elif pause["behavior"] == "mark_uncollectible":
        collecting.give_up(world, invoice)


def _resume_collection(world: World, subscription: Json) -> None:
    world.change(subscription, standing.UPDATED, pause_collection=None)


def _end(world: World, subscription: Json) -> None:
    standing.cancel(world, subscription, reason="cancellation_requested")


ACTS: dict[str, Callable[[World, Json], object]] = {
    "announced": lambda world, note: upcoming.tell(world, note),
    "collection resumed": _resume_collection,
    "subscription ended": _end,
    "subscription renewed": lambda world, subscription: renew(world, subscription),
    "invoice finalised": _finalise_and_collect,
    "payment retried": lambda world, invoice: collecting.collect(world, invoice),
    "checkout expired": checkout.expire,
    "resumption expired": collecting.resumption_over,
    "dispute lost": lambda world, private: disputes.overdue(world, world.find("dispute", private["id"])),
    "first payment missing": subscribing.never_paid,
}
