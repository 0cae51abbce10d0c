"""Whom we know at Stripe by an opaque reference, and Stripe's own pages for a card."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import stripe

from service.billing.gateway import reading
from service.billing.gateway.door import WHOLE, our_errors, with_key
from service.billing.gateway.facts import Bug, CheckoutPage
from service.billing.gateway.shop import Shop

RETURN_PATH = "/membership/return?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH = "/membership/cancelled"
CARD_PATH = "/billing/card/return?session_id={CHECKOUT_SESSION_ID}"
CARD_CANCEL_PATH = "/billing"


class People(Shop):
    """Customers and hosted pages."""

    def ensure_customer(self, *, membership_id: UUID, key: str) -> str:
        """A customer at Stripe: an opaque reference, no name, no address. Returns its id."""
        with our_errors():
            made = self._usual.v1.customers.create({"metadata": {"membership": str(membership_id)}}, with_key(key))
        return made.id

    def start_checkout(
        self,
        *,
        customer_id: str,
        membership_id: UUID,
        checkout_id: UUID,
        price_key: str,
        price_cents: int,
        expires_at: datetime,
        key: str,
        promotion_id: str | None = None,
    ) -> CheckoutPage:
        """A hosted page for a monthly subscription. Raises Bug where the price there is not the one we showed."""
        price_id = self._price(price_key, price_cents)
        params: stripe.params.checkout.SessionCreateParams = {
            "mode": "subscription",
            "customer": customer_id,
            "client_reference_id": str(checkout_id),
            "line_items": [{"price": price_id, "quantity": 1}],
            "metadata": {"membership": str(membership_id)},
            "subscription_data": {"metadata": {"membership": str(membership_id)}},
            "success_url": self._site + RETURN_PATH,
            "cancel_url": self._site + CANCEL_PATH,
            "expires_at": int(expires_at.timestamp()),
        }
        if promotion_id is not None:
            params["discounts"] = [{"promotion_code": promotion_id}]
        with our_errors():
            page = reading.checkout(self._usual.v1.checkout.sessions.create(params, with_key(key)))
        self._own_page(page.url)
        return page

    def start_card_update(
        self, *, customer_id: str, membership_id: UUID, checkout_id: UUID, expires_at: datetime, key: str
    ) -> CheckoutPage:
        """A hosted page for another card. Nothing is charged there, and the old card stays until `use_card`."""
        with our_errors():
            session = self._usual.v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "customer": customer_id,
                    "currency": "usd",
                    "client_reference_id": str(checkout_id),
                    "setup_intent_data": {"metadata": {"membership": str(membership_id)}},
                    "success_url": self._site + CARD_PATH,
                    "cancel_url": self._site + CARD_CANCEL_PATH,
                    "expires_at": int(expires_at.timestamp()),
                },
                with_key(key),
            )
        page = reading.checkout(session)
        self._own_page(page.url)
        return page

    def expire_checkout(self, session_id: str, *, key: str) -> CheckoutPage:
        """Close a page. When the patient was quicker, or it had closed by itself, says so instead."""
        try:
            with our_errors():
                return reading.checkout(self._usual.v1.checkout.sessions.expire(session_id, None, with_key(key)))
        except Bug:
            page = self.get_checkout(session_id)
            if page.status == "open":
                raise
            return page

    def get_checkout(self, session_id: str) -> CheckoutPage:
        """A page as it is now, with the subscription it began or the card it took."""
        with our_errors():
            return reading.checkout(
                self._quick.v1.checkout.sessions.retrieve(
                    session_id, {"expand": ["setup_intent", *(f"subscription.{one}" for one in WHOLE[:3])]}
                )
            )
