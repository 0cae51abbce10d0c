"""The invoice of the next renewal before it exists (docs.stripe.com/api/invoices/create_preview)."""

from __future__ import annotations

from service.sandbox.stripe import invoicing, proration
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
