"""Putting the catalog's plans and codes up for sale at Stripe. Run at each deploy; doing it again changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from service.billing.gateway import Gateway
from service.catalog.rules.changes import PromotionRule
from service.catalog.rules.whole import Catalog


def offer_prices(*, gateway: Gateway, catalog: Catalog, today: date | None = None) -> int:
    """See to it that every plan, every price to come and every code is at Stripe. Returns how many prices there are.

    A plan that is no longer sold still has members. Raises Bug where a key there has another price: that is a new plan
    with a new key, never a changed one. A code whose last day is before `today` is left out.
    """
    for plan in catalog.plans.values():
        gateway.ensure_price(name=plan.name, price_key=plan.stripe_lookup_key, price_cents=plan.price_cents)
    for change in catalog.price_changes:
        name = catalog.plans[change.plan].name
        gateway.ensure_price(name=name, price_key=change.stripe_lookup_key, price_cents=change.price_cents)
    for promotion in catalog.promotions:
        if today is None or promotion.last_on is None or today <= promotion.last_on:
            _offer_code(gateway, promotion)
    return len(catalog.plans) + len(catalog.price_changes)


def _offer_code(gateway: Gateway, promotion: PromotionRule) -> None:
    coupon_id = f"homeward_{promotion.code.lower()}"
    gateway.ensure_coupon(
        coupon_id,
        percent_off=promotion.percent_off,
        amount_off_cents=promotion.amount_off_cents,
        months=promotion.months,
    )
    last = promotion.last_on
    # Its last day ends everywhere before Stripe forgets it; until then our own calendar says no.
    expires_at = None if last is None else datetime.combine(last + timedelta(days=2), time.min, UTC)
    gateway.offer_promotion(
        promotion.code, coupon_id=coupon_id, max_redemptions=promotion.most_uses, expires_at=expires_at
    )
