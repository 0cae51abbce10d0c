"""Subscriptions: read, change, skip, pause, end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import stripe

from service.billing.gateway import reading
from service.billing.gateway.door import WHOLE, our_errors, with_key
from service.billing.gateway.facts import Preview, SubscriptionFacts
from service.billing.gateway.people import People

PAGE = 100


def gift_coupon(gift_id: UUID) -> str:
    """The coupon of one gift of months, under a name that says nothing."""
    return f"homeward_comp_{gift_id.hex}"


class Subscriptions(People):
    """One subscription, one price, once."""

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        """A subscription as it is now, with its card, credit, discount and latest invoice: one call."""
        with our_errors():
            found = self._quick.v1.subscriptions.retrieve(subscription_id, {"expand": WHOLE})
        return reading.subscription(found)

    def list_subscriptions(self, after: str | None = None) -> tuple[list[SubscriptionFacts], str | None]:
        """Up to 100 subscriptions of any status, the newest first, and where the next page begins (None: nowhere).

        Raises PartlyRead for a page with some that are not as ours are.
        """
        params: stripe.params.SubscriptionListParams = {
            "status": "all",
            "limit": PAGE,
            "expand": [f"data.{one}" for one in WHOLE[:3]],
        }
        if after is not None:
            params["starting_after"] = after
        with our_errors():
            found = self._usual.v1.subscriptions.list(params)
        return reading.page(found, reading.subscription)

    def preview_change(
        self, subscription_id: str, *, item_id: str, price_key: str, price_cents: int, at: datetime
    ) -> Preview:
        """What `change_plan` with the same `at` will charge, to the cent. Nothing is changed."""
        price_id = self._price(price_key, price_cents)
        with our_errors():
            found = self._usual.v1.invoices.create_preview(
                {
                    "subscription": subscription_id,
                    "subscription_details": {
                        "items": [{"id": item_id, "price": price_id}],
                        "proration_behavior": "always_invoice",
                        "proration_date": int(at.timestamp()),
                    },
                }
            )
        return reading.preview(found)

    def change_plan(
        self, subscription_id: str, *, item_id: str, price_key: str, price_cents: int, at: datetime, key: str
    ) -> None:
        """Another price from now on, the rest of the month prorated as of `at` and charged now.

        Raises Declined or NeedsAction where the card is not charged: then nothing has changed.
        """
        price_id = self._price(price_key, price_cents)
        self._update(
            subscription_id,
            {
                "items": [{"id": item_id, "price": price_id}],
                "proration_behavior": "always_invoice",
                "proration_date": int(at.timestamp()),
                "payment_behavior": "error_if_incomplete",
            },
            key,
        )

    def change_price(self, subscription_id: str, *, item_id: str, price_key: str, price_cents: int, key: str) -> None:
        """Another price from the next charge on. Nothing is charged or given back for the running month."""
        price_id = self._price(price_key, price_cents)
        self._update(
            subscription_id, {"items": [{"id": item_id, "price": price_id}], "proration_behavior": "none"}, key
        )

    def skip(self, subscription_id: str, *, until: datetime, key: str) -> None:
        """Charges before `until`, the day of one, are not made: their invoices are voided. The rhythm stays.

        Stripe hears a moment an hour before `until`, so that the invoice of that very second is not voided too.
        """
        resumes_at = int((until - reading.EARLIER).timestamp())
        self._update(subscription_id, {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}}, key)

    def unskip(self, subscription_id: str, *, key: str) -> None:
        """Charges are made again from the next one on."""
        self._update(subscription_id, {"pause_collection": ""}, key)

    def restart(self, subscription_id: str, *, key: str) -> None:
        """Out of an unpaid month: charged now, with a new month from now on. Raises as `change_plan` does."""
        self._update(
            subscription_id,
            {
                "pause_collection": "",
                "billing_cycle_anchor": {"type": "now"},
                "proration_behavior": "none",
                "payment_behavior": "error_if_incomplete",
            },
            key,
        )

    def move_date(self, subscription_id: str, *, to: datetime, key: str) -> None:
        """The next charge at `to`, later than it would be, and on in that rhythm. The days between are given."""
        self._update(subscription_id, {"trial_end": int(to.timestamp()), "proration_behavior": "none"}, key)

    def use_card(self, subscription_id: str, *, payment_method_id: str, key: str) -> None:
        """Charges go to this card from now on."""
        self._update(subscription_id, {"default_payment_method": payment_method_id}, key)

    def apply_promotion(self, subscription_id: str, *, promotion_id: str, key: str) -> None:
        """A code for the charges to come. One at a time: it takes the place of an earlier one."""
        self._update(subscription_id, {"discounts": [{"promotion_code": promotion_id}]}, key)

    def give_months(self, subscription_id: str, *, months: int, gift_id: UUID, key: str) -> str:
        """The next `months` charges cost nothing. Other discounts stay. Returns this gift's own coupon."""
        coupon_id = gift_coupon(gift_id)
        self.ensure_coupon(coupon_id, percent_off=100, months=months)
        with our_errors():
            found = self._usual.v1.subscriptions.retrieve(subscription_id)
        kept = [one if isinstance(one, str) else one.id for one in found.discounts or []]
        discounts: list[stripe.params.SubscriptionUpdateParamsDiscount] = [{"discount": one} for one in kept]
        self._update(subscription_id, {"discounts": [*discounts, {"coupon": coupon_id}]}, key)
        return coupon_id

    def months_given(self, subscription_id: str, gift_id: UUID) -> str | None:
        """The coupon of this gift where the subscription has it, else None."""
        with our_errors():
            found = self._usual.v1.subscriptions.retrieve(subscription_id, {"expand": ["discounts"]})
        for one in found.discounts or []:
            coupon = None if isinstance(one, str) else one.source.coupon
            if (coupon if isinstance(coupon, str) else coupon and coupon.id) == gift_coupon(gift_id):
                return gift_coupon(gift_id)
        return None

    def pause(self, subscription_id: str, *, key: str) -> None:
        """Stop invoices now. No credit is made for what is left: refunds are explicit and our own decision."""
        with our_errors():
            self._usual.v1.subscriptions.pause(
                subscription_id,
                {"type": "subscription", "bill_for": {"unused_time_from": {"type": "none"}}},
                with_key(key),
            )

    def resume(self, subscription_id: str, *, key: str) -> None:
        """Begin again with a new period, once its charge, tried now, is paid; until then it stays paused."""
        with our_errors():
            self._usual.v1.subscriptions.resume(
                subscription_id,
                {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"},
                with_key(key),
            )

    def cancel(self, subscription_id: str, *, at_period_end: bool = True, key: str) -> None:
        """No further charge. At the end of the paid month (`at_period_end`), or at once, without any credit."""
        if at_period_end:
            self._update(subscription_id, {"cancel_at_period_end": True}, key)
            return
        with our_errors():
            self._usual.v1.subscriptions.cancel(subscription_id, None, with_key(key))

    def undo_cancel(self, subscription_id: str, *, key: str) -> None:
        """Go on after all."""
        self._update(subscription_id, {"cancel_at_period_end": False}, key)

    def _update(self, subscription_id: str, params: stripe.params.SubscriptionUpdateParams, key: str) -> None:
        with our_errors():
            self._usual.v1.subscriptions.update(subscription_id, params, with_key(key))
