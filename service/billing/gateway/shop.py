"""What is for sale: prices under neutral names, coupons and the codes people type."""

from __future__ import annotations

from datetime import datetime

import stripe

from service.billing.gateway import reading
from service.billing.gateway.door import Door, our_errors, with_key
from service.billing.gateway.facts import Bug, Promotion


class Shop(Door):
    """Prices, coupons, promotion codes."""

    def ensure_price(self, *, name: str, price_key: str, price_cents: int) -> None:
        """Offer a monthly price under a neutral name, once. Raises Bug where that key has another price already."""
        if self._prices(price_key):
            self._price(price_key, price_cents)
            return
        with our_errors():
            product = self._usual.v1.products.create({"name": name}, with_key(f"product:{price_key}:{price_cents}"))
            self._usual.v1.prices.create(
                {
                    "product": product.id,
                    "unit_amount": price_cents,
                    "currency": "usd",
                    "recurring": {"interval": "month"},
                    "lookup_key": price_key,
                },
                with_key(f"price:{price_key}:{price_cents}"),
            )

    def _prices(self, price_key: str) -> list[stripe.Price]:
        with our_errors():
            return self._usual.v1.prices.list({"lookup_keys": [price_key], "active": True}).data

    def _price(self, price_key: str, price_cents: int) -> str:
        found = self._prices(price_key)
        if len(found) != 1:
            raise Bug(f"{len(found)} prices at Stripe answer to {price_key}")
        (price,) = found
        monthly = price.recurring and (price.recurring.interval, price.recurring.interval_count) == ("month", 1)
        if price.unit_amount != price_cents or price.currency != "usd" or not monthly:
            raise Bug(f"{price_key} at Stripe is not the catalog's price a month in dollars")
        return price.id

    def ensure_coupon(
        self, coupon_id: str, *, percent_off: int | None = None, amount_off_cents: int | None = None, months: int | None
    ) -> None:
        """A coupon for `months` monthly charges (None: for one), once. A percentage, or cents off each charge."""
        params: stripe.params.CouponCreateParams = {"id": coupon_id, "duration": "once"}
        if months is not None:
            params |= {"duration": "repeating", "duration_in_months": months}
        if percent_off is not None:
            params["percent_off"] = percent_off
        if amount_off_cents is not None:
            params |= {"amount_off": amount_off_cents, "currency": "usd"}
        with our_errors():
            try:
                self._usual.v1.coupons.retrieve(coupon_id)
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise
                self._usual.v1.coupons.create(params, with_key(f"coupon:{coupon_id}"))

    def offer_promotion(
        self, code: str, *, coupon_id: str, max_redemptions: int | None = None, expires_at: datetime | None = None
    ) -> None:
        """A code that people may type for a coupon, once: one that was used up or is over is not offered anew."""
        with our_errors():
            if self._usual.v1.promotion_codes.list({"code": code, "limit": 1}).data:
                return
        params: stripe.params.PromotionCodeCreateParams = {
            "promotion": {"type": "coupon", "coupon": coupon_id},
            "code": code,
        }
        if max_redemptions is not None:
            params["max_redemptions"] = max_redemptions
        if expires_at is not None:
            params["expires_at"] = int(expires_at.timestamp())
        with our_errors():
            self._usual.v1.promotion_codes.create(params, with_key(f"promotion:{coupon_id}:{code}"))

    def find_promotion(self, code: str) -> Promotion | None:
        """The code somebody typed, if it still counts."""
        with our_errors():
            found = self._usual.v1.promotion_codes.list(
                {"code": code, "active": True, "limit": 1, "expand": ["data.promotion.coupon"]}
            ).data
        return reading.promotion(found[0]) if found else None
