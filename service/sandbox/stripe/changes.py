"""What an update of a subscription would do, worked out before anything is done: a preview and the change itself both
ask here, so that they cannot differ (docs.stripe.com/billing/subscriptions/change-price,
docs.stripe.com/billing/subscriptions/billing-cycle, docs.stripe.com/billing/subscriptions/trials).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.sandbox.stripe import invoicing, proration, standing
from service.sandbox.stripe.errors import malformed, not_supported, refused
from service.sandbox.stripe.months import moment_after
from service.sandbox.stripe.objects.catalogue import plan
from service.sandbox.stripe.objects.lines import line
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

TWO_YEARS = 2 * 366 * 24 * 3600
SENT: dict[str, Any] = {
    "items": [{"id": str, "price": str, "quantity": int}],
    "proration_behavior": ("always_invoice", "create_prorations", "none"),
    "proration_date": int,
}


@dataclass(frozen=True)
class Change:
    """The subscription's new fields, the lines that follow from it, and whether they are invoiced at once."""

    fields: dict[str, Any]
    lines: list[Json]
    invoiced: bool


def planned(world: World, subscription: Json, sent: dict[str, Any], used: list[Json]) -> Change:
    """The change these parameters ask for, with the discounts in use afterwards. Raises for what cannot be."""
    now, (start, end) = world.now(), period(subscription)
    at = sent.get("proration_date", now)
    if not start <= at <= end:
        message = "Cannot specify a proration_date outside the current billing period."
        raise refused(message, param="proration_date")
    items = _items(world, subscription, sent.get("items", []))
    pairs = list(zip(subscription["items"]["data"], items, strict=True))
    changed = [(old, new) for old, new in pairs if _worth(old) != _worth(new)]
    trial, anew = _trial(subscription, sent.get("trial_end"), now), _starts_anew(subscription, sent)
    moved = anew or trial is not None
    if subscription["status"] == "paused" and (moved or changed):
        raise not_supported("changing the price or the rhythm of a paused subscription")
    behaviour = sent.get("proration_behavior", "create_prorations")

    lines: list[Json] = []
    if behaviour != "none" and subscription["status"] != "trialing":
        for old, _ in pairs if moved else changed:
            lines += proration.unused(world, subscription, old, at)
        for _, new in [] if moved else changed:
            lines.append(proration.remaining(world, new, at, used))
    if trial is not None:
        items = standing.moved(items, now, trial)
        lines += [line(item, 0, f"Free trial for {proration.name(world, item)}", (now, trial)) for item in items]
    elif anew:
        recurring = items[0]["price"]["recurring"]
        until = moment_after(now, recurring["interval"], recurring["interval_count"], 1)
        items = standing.moved(items, now, until)
        lines += invoicing.whole_period(world, items, (now, until))
    fields = {"items": {**subscription["items"], "data": items}, **_rhythm(subscription, now, trial, anew)}
    if subscription["cancel_at_period_end"] and moved:
        fields["cancel_at"] = items[0]["current_period_end"]
    return Change(fields, lines, moved or (behaviour == "always_invoice" and bool(lines)))


def _worth(item: Json) -> tuple[str, int]:
    return item["price"]["id"], item["quantity"]


def _items(world: World, subscription: Json, sent: list[dict[str, Any]]) -> list[Json]:
    """The items after the update; those in place are left alone so that events can tell both."""
    items = {one["id"]: one for one in subscription["items"]["data"]}
    for place, one in enumerate(sent):
        path = f"items[{place}]"
        if "id" not in one:
            raise not_supported("adding an item to a subscription: name the item by its id")
        if one["id"] not in items:
            raise refused(f"No such subscription item: '{one['id']}'", code="resource_missing", param=f"{path}[id]")
        old = items[one["id"]]
        price = world.find("price", one["price"], param=f"{path}[price]") if "price" in one else old["price"]
        if "price" in one and not price["active"]:
            message = "The price specified is inactive. This field only accepts active prices."
            raise refused(message, code="price_inactive", param=f"{path}[price]")
        if price["recurring"] != old["price"]["recurring"]:
            raise not_supported("a change to a price with another rhythm")
        quantity = one.get("quantity", old["quantity"])
        if quantity < 1:
            raise malformed("Invalid positive integer", code="parameter_invalid_integer", param=f"{path}[quantity]")
        items[one["id"]] = {**old, "price": price, "plan": plan(price), "quantity": quantity}
    return list(items.values())


def _trial(subscription: Json, sent: int | str | None, now: int) -> int | None:
    """When a trial asked for ends; None for none."""
    if sent is None or sent == "now":
        return None
    ends = int(sent)
    if ends <= now:
        raise refused("`trial_end` must be in the future.", param="trial_end")
    if ends > now + TWO_YEARS:
        raise refused("Invalid timestamp: can be no more than two years in the future.", param="trial_end")
    return ends


def _starts_anew(subscription: Json, sent: dict[str, Any]) -> bool:
    now = sent.get("billing_cycle_anchor", {}).get("type") == "now"
    over = sent.get("trial_end") == "now"
    if now and "trial_end" in sent:
        raise refused("You cannot set `trial_end` and `billing_cycle_anchor` at once.", param="billing_cycle_anchor")
    if now and subscription["status"] == "trialing":
        raise not_supported("billing_cycle_anchor[type]=now during a trial: end it by trial_end=now")
    if over and subscription["status"] != "trialing":
        raise not_supported("trial_end=now without a trial: begin anew by billing_cycle_anchor[type]=now")
    return now or over


def _rhythm(subscription: Json, now: int, trial: int | None, anew: bool) -> dict[str, Any]:
    if trial is not None:
        began = subscription["trial_start"] if subscription["status"] == "trialing" else now
        return {"status": "trialing", "trial_start": began, "trial_end": trial, "billing_cycle_anchor": trial}
    if anew and subscription["status"] == "trialing":
        return {"status": "active", "trial_end": now, "billing_cycle_anchor": now}
    return {"billing_cycle_anchor": now} if anew else {}
