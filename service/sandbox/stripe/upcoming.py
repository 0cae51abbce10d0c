"""The invoice of the next renewal before it exists, for previews and for `invoice.upcoming`
(docs.stripe.com/api/invoices/create_preview).
"""

from __future__ import annotations

from service.sandbox.stripe import discounts, invoicing, proration
from service.sandbox.stripe.agenda import LIVE
from service.sandbox.stripe.errors import StripeError
from service.sandbox.stripe.months import period_containing
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

HOUR = 3600


def renewal(world: World, subscription: Json, more: list[Json], used: list[Json]) -> Json:
    """The next renewal's invoice with what waits for it and these lines. Raises 404 when there will be none."""
    begins, ends = period(subscription)
    lines = [*proration.waiting(world, subscription), *more]
    if not subscription["cancel_at_period_end"] and subscription["status"] != "canceled":
        recurring = subscription["items"]["data"][0]["price"]["recurring"]
        anchor = subscription["billing_cycle_anchor"]
        covers = period_containing(anchor, recurring["interval"], recurring["interval_count"], ends)
        lines += invoicing.whole_period(world, subscription["items"]["data"], covers)
    if not lines:
        message = f"No upcoming invoices for customer: '{subscription['customer']}'"
        raise StripeError(404, "invalid_request_error", message, code="invoice_upcoming_none")
    lasting = [one for one in used if one["end"] is None or one["end"] > ends]
    made = invoicing.compose(world, subscription, lines, lasting, reason="upcoming", since=begins)
    made.update(period_end=ends, next_payment_attempt=ends + HOUR)
    return made


def named(made: Json) -> Json:
    """A preview's id says that it is none of the kept ones."""
    made["id"] = made["id"].replace("in_", "upcoming_in_", 1)
    for one in made["lines"]["data"]:
        one["invoice"] = made["id"]
    made["lines"]["url"] = f"/v1/invoices/{made['id']}/lines"
    return made


def tell(world: World, note: Json) -> None:
    """Tell it, if it is still so: a renewal that was called off is none to come."""
    world.store.remove("announcement", note["id"])
    subscription = world.find("subscription", note["id"].partition("#")[0])
    if subscription["status"] not in LIVE or period(subscription)[1] != note["ends"]:
        return
    if note["tells"] == "upcoming":
        if subscription["cancel_at_period_end"]:
            return
        used = discounts.in_use(world, subscription, world.now())
        world.emit("invoice.upcoming", named(renewal(world, subscription, [], used)))
    elif subscription["status"] == "trialing":
        world.emit("customer.subscription.trial_will_end", subscription)
    else:
        return
    world.private(subscription["id"]).setdefault("announced", {})[note["tells"]] = note["ends"]
