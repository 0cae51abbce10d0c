"""Subscriptions, read (docs.stripe.com/api/subscriptions)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.listing import found
from service.sandbox.stripe.params import RANGE
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

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
    status, price = params.get("status"), params.get("price")

    def keep(one: Json) -> bool:
        prices = [item["price"]["id"] for item in one["items"]["data"]]
        return _has(one["status"], status) and (price is None or price in prices)

    same = {"customer": params.get("customer"), "status": None if status in ("all", "ended") else status}
    return found(world, "subscription", params, "/v1/subscriptions", keep=keep, **same)


def _has(status: str, wanted: str | None) -> bool:
    if wanted is None:
        return status != "canceled"
    return wanted == "all" or status == wanted or (wanted == "ended" and status in ("canceled", "incomplete_expired"))
