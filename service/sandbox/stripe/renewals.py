"""What Stripe does by itself when the time comes: renew, finalise, retry, expire. Nobody is asked.

A renewal makes a draft first, finalised and charged about an hour later, so that a merchant may still change or stop
it (docs.stripe.com/billing/invoices/subscription). Not imitated: waiting up to 72 hours for an unanswered
`invoice.created`, which would make moving time depend on the merchant's speed; and `invoice.upcoming`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from service.sandbox.stripe import checkout, collecting, invoicing, standing
from service.sandbox.stripe.months import period_containing
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

DRAFT_FOR = 3600
Due = tuple[int, str, Callable[[World, Json], None], Json]


def run_until(world: World, moment: int) -> list[Json]:
    """Do everything due up to `moment`, in order, each at its own time. Returns what happened."""
    happened = []
    while (due := earliest(world)) and due[0] <= moment:
        at, what, act, item = due
        with world.clock.stopped_at(at):
            act(world, item)
        happened.append({"at": at, "what": f"{what} {item['id']}"})
    return happened


def earliest(world: World) -> Due | None:
    """The next thing due, None when nothing is. Ties go to what comes first below."""
    return min(_due(world), key=lambda due: due[0], default=None)


def _due(world: World) -> Iterator[Due]:
    for subscription in world.store.all("subscription"):
        if subscription["status"] not in standing.LIVE:
            continue
        pause = subscription["pause_collection"]
        if pause and pause["resumes_at"]:
            yield pause["resumes_at"], "collection resumed", _resume_collection, subscription
        ends = subscription["cancel_at"]
        if ends:
            yield ends, "subscription ended", _end, subscription
        yield period(subscription)[1], "subscription renewed", renew, subscription
    for invoice in world.store.all("invoice"):
        if not invoice["auto_advance"]:
            continue
        if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
            yield invoice["automatically_finalizes_at"], "invoice finalised", _finalise_and_collect, invoice
        elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
            yield invoice["next_payment_attempt"], "payment retried", collecting.collect, invoice
    for session in world.of("checkout.session", status="open"):
        yield session["expires_at"], "checkout expired", checkout.expire, session


def renew(world: World, subscription: Json) -> None:
    """Into the next period, counted from the anchor, with a draft for it.

    An unpaid subscription still renews, but its drafts stay drafts (docs.stripe.com/billing/subscriptions/overview).
    """
    begins, ends = period(subscription)
    start, end = period_containing(subscription["billing_cycle_anchor"], *_interval(subscription), ends)
    items = standing.with_period(subscription, start, end)
    world.change(subscription, standing.UPDATED, items=items)
    draft = invoicing.draft(world, subscription, reason="subscription_cycle", covers=(start, end), since=begins)
    held = subscription["status"] == "unpaid" or _keeps_drafts(subscription)
    finalises = None if held else world.now() + DRAFT_FOR
    world.change(draft, auto_advance=not held, automatically_finalizes_at=finalises)


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
    elif pause["behavior"] == "void":
        collecting.void(world, invoice)
    elif pause["behavior"] == "mark_uncollectible":
        collecting.give_up(world, invoice)


def _resume_collection(world: World, subscription: Json) -> None:
    world.change(subscription, standing.UPDATED, pause_collection=None)


def _end(world: World, subscription: Json) -> None:
    standing.cancel(world, subscription, reason="cancellation_requested")
