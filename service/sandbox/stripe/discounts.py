"""Coupons at work: which count, what they take off, how long (docs.stripe.com/billing/subscriptions/coupons)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from service.sandbox.stripe.errors import malformed, refused
from service.sandbox.stripe.months import moment_after
from service.sandbox.stripe.objects import discounts as shape
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

SENT = {"coupon": str, "promotion_code": str, "discount": str}


def in_use(world: World, subscription: Json, at: int) -> list[Json]:
    """Its discounts that have not run out at that moment."""
    found = [world.find("discount", identifier) for identifier in subscription["discounts"]]
    return [one for one in found if one["end"] is None or one["end"] > at]


def wanted(world: World, sent: list[dict[str, Any]], *, customer: str, subscription: Json | None) -> list[Json]:
    """The discounts a request names: new ones, not kept yet, and existing ones to keep. Raises for what cannot be."""
    found = []
    for place, one in enumerate(sent):
        path = f"discounts[{place}]"
        if len(one) != 1:
            message = "Each discount names exactly one of coupon, promotion_code and discount."
            raise malformed(message, code="parameter_missing", param=path)
        if "discount" in one:
            if subscription is None or one["discount"] not in subscription["discounts"]:
                raise refused(f"No such discount: '{one['discount']}'", code="resource_missing", param=path)
            found.append(world.find("discount", one["discount"]))
            continue
        coupon, code = _source(world, one, customer, path)
        now = world.now()
        months = coupon["duration_in_months"]
        end = moment_after(now, "month", months, 1) if coupon["duration"] == "repeating" else None
        where = str(subscription["id"]) if subscription else None
        found.append(shape.discount(now, coupon, customer=customer, code=code, end=end, subscription=where))
    return found


def _source(world: World, sent: dict[str, Any], customer: str, path: str) -> tuple[Json, str | None]:
    if "coupon" in sent:
        coupon = world.find("coupon", sent["coupon"], param=f"{path}[coupon]")
        code = None
    else:
        promotion = refreshed(
            world, world.find("promotion_code", sent["promotion_code"], param=f"{path}[promotion_code]")
        )
        if not promotion["active"] or promotion["customer"] not in (None, customer):
            message = "This promotion code cannot be redeemed because it is not active or not for this customer."
            raise refused(message, param=f"{path}[promotion_code]")
        coupon, code = world.find("coupon", promotion["promotion"]["coupon"]), promotion["id"]
    if not still_valid(world, coupon):
        message = f"Coupon expired: {coupon['id']}"
        raise refused(message, code="coupon_expired", param=path)
    return coupon, code


def still_valid(world: World, coupon: Json) -> bool:
    """Whether it may be redeemed once more; the answer is kept on the coupon."""
    over = coupon["redeem_by"] is not None and world.now() >= coupon["redeem_by"]
    used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    if coupon["valid"] and (over or used_up):
        world.change(coupon, "coupon.updated", valid=False)
    return bool(coupon["valid"])


def refreshed(world: World, promotion: Json) -> Json:
    """The promotion code, no longer active once it ran out, was used up, or its coupon is."""
    over = promotion["expires_at"] is not None and world.now() >= promotion["expires_at"]
    most = promotion["max_redemptions"]
    used_up = most is not None and promotion["times_redeemed"] >= most
    coupon = world.find("coupon", promotion["promotion"]["coupon"])
    if promotion["active"] and (over or used_up or not still_valid(world, coupon)):
        world.change(promotion, "promotion_code.updated", active=False)
    return promotion


def redeem(world: World, subscription: Json, discounts: list[Json]) -> None:
    """Make exactly these the subscription's discounts; new ones are counted as redemptions, old ones end."""
    for old in subscription["discounts"]:
        if old not in [one["id"] for one in discounts]:
            drop(world, subscription, world.find("discount", old))
    for one in discounts:
        if one["id"] in subscription["discounts"]:
            continue
        one["subscription"] = subscription["id"]
        world.add(one, "customer.discount.created")
        coupon = world.find("coupon", one["source"]["coupon"])
        world.change(coupon, times_redeemed=coupon["times_redeemed"] + 1)
        still_valid(world, coupon)
        if one["promotion_code"]:
            promotion = world.find("promotion_code", one["promotion_code"])
            world.change(promotion, times_redeemed=promotion["times_redeemed"] + 1)
            refreshed(world, promotion)
    world.change(subscription, discounts=[one["id"] for one in discounts])


def drop(world: World, subscription: Json, discount: Json) -> None:
    """It has run out, was used, or was taken away."""
    kept = [one for one in subscription["discounts"] if one != discount["id"]]
    world.change(subscription, discounts=kept)
    world.change(discount, "customer.discount.deleted", end=discount["end"] or world.now())


def after_invoice(world: World, subscription: Json, invoice: Json) -> None:
    """`once` is spent by the first invoice it takes something off; a repeating one ends at its date."""
    taken = {one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]}
    for identifier in list(subscription["discounts"]):
        one = world.find("discount", identifier)
        once = world.find("coupon", one["source"]["coupon"])["duration"] == "once"
        if (once and identifier in taken) or (one["end"] is not None and one["end"] <= world.now()):
            drop(world, subscription, one)


def reductions(world: World, discounts: Sequence[Json], amounts: Sequence[int]) -> list[list[Json]]:
    """For each amount, what each discount takes off it, one after the other and never below zero."""
    left = list(amounts)
    taken: list[list[Json]] = [[] for _ in amounts]
    for one in discounts:
        coupon = world.find("coupon", one["source"]["coupon"])
        rest = coupon["amount_off"]
        for place, amount in enumerate(left):
            if rest is None:
                part = Decimal(amount) * Decimal(str(coupon["percent_off"])) / 100
                off = int(part.quantize(Decimal(1), ROUND_HALF_UP))
            else:
                off = min(rest, amount)
                rest -= off
            left[place] -= off
            taken[place].append({"amount": off, "discount": one["id"]})
    return taken


def net(world: World, discounts: Sequence[Json], amount: int) -> tuple[int, list[str]]:
    """A recurring amount after the discounts that last, and their ids: `once` belongs to an invoice, not to a price."""
    lasting = [one for one in discounts if world.find("coupon", one["source"]["coupon"])["duration"] != "once"]
    off = sum(each["amount"] for each in reductions(world, lasting, [amount])[0])
    return amount - off, [one["id"] for one in lasting]
