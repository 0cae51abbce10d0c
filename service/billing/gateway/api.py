"""The only file that speaks Stripe. Ours in, ours out; nothing leaves that `allowed` does not list."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import stripe
from stripe import StripeClient

from config.settings import Settings
from service.billing.gateway import allowed, reading, webhooks
from service.billing.gateway.facts import (
    Bug,
    CheckoutPage,
    Declined,
    InvoiceFacts,
    NeedsAction,
    NotGenuine,
    Notice,
    SubscriptionFacts,
)
from service.kit.errors import TryAgain

CONNECT_SECONDS, READ_SECONDS, QUICK_SECONDS = 3.0, 10.0, 5.0
RETURN_PATH = "/membership/return?session_id={CHECKOUT_SESSION_ID}"
CANCEL_PATH = "/membership/cancelled"
KINDS = ("checkout.session.", "customer.subscription.", "invoice.")  # what we act upon begins with one of these
LISTED_KINDS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
)

stripe.enable_telemetry = False  # no word to Stripe about how we use its SDK
logging.getLogger("stripe").setLevel(logging.WARNING)  # at INFO it writes every call and Stripe's own sentences


class _Listed(stripe.RequestsClient):
    """Asks the allow-list about every request at the last moment before it leaves."""

    def request(  # type: ignore[override]  # as the SDK's own subclass has it
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: object = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        allowed.check(method, url, str(post_data or ""), (headers or {}).get("Idempotency-Key"))
        return super().request(method, url, headers, post_data)


@contextmanager
def _our_errors() -> Iterator[None]:
    """Stripe's errors in our words. Its sentences may hold what we sent, so only codes are kept."""
    try:
        yield
    except stripe.CardError as error:
        if error.code == "authentication_required":
            raise NeedsAction(error.code) from None
        raise Declined(error.code or "card_declined") from None
    except (stripe.RateLimitError, stripe.APIConnectionError) as error:
        raise TryAgain(f"stripe: {type(error).__name__}") from None
    except stripe.StripeError as error:
        status, code = error.http_status or 0, error.code or ""
        if status >= 500 or status == 409 or code in ("idempotency_key_in_use", "lock_timeout"):
            raise TryAgain(f"stripe: {status} {code}") from None
        raise Bug(f"stripe: {type(error).__name__} {status} {code} {error.request_id or ''}".strip()) from None


class Gateway:
    """Stripe, or whatever stands in for it at `api_url`. Every call with effects takes its idempotency key.

    Raises Declined, NeedsAction, TryAgain (nothing may have happened, or it may: the same key finds out) and Bug.
    """

    def __init__(self, *, key: str, api_url: str, webhook_secrets: str, checkout_origin: str, site: str) -> None:
        self._secrets = webhooks.secrets_of(webhook_secrets)
        self._checkout_origin = checkout_origin
        self._site = site.rstrip("/")
        self._usual = self._client(key, api_url, READ_SECONDS, retries=1)
        # Inside "lock, then fetch" a row waits for us: shorter, and never twice.
        self._quick = self._client(key, api_url, QUICK_SECONDS, retries=0)

    @classmethod
    def from_settings(cls, settings: Settings) -> Gateway:
        """The gateway of this process."""
        return cls(
            key=settings.stripe_key.get_secret_value(),
            api_url=settings.stripe_url,
            webhook_secrets=settings.stripe_webhook_secrets.get_secret_value(),
            checkout_origin=settings.checkout_origin,
            site=settings.public_url,
        )

    @staticmethod
    def _client(key: str, api_url: str, seconds: float, *, retries: int) -> StripeClient:
        return StripeClient(
            key,
            base_addresses={"api": api_url},
            max_network_retries=retries,
            http_client=_Listed(timeout=(CONNECT_SECONDS, seconds)),
        )

    def ensure_customer(self, *, membership_id: UUID, key: str) -> str:
        """A customer at Stripe: an opaque reference, no name, no address. Returns its id."""
        with _our_errors():
            made = self._usual.v1.customers.create(
                {"metadata": {"membership": str(membership_id)}}, {"idempotency_key": key}
            )
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
    ) -> CheckoutPage:
        """A hosted page for a monthly subscription. Raises Bug where the price there is not the one we showed."""
        price_id = self._price(price_key, price_cents)
        with _our_errors():
            session = self._usual.v1.checkout.sessions.create(
                {
                    "mode": "subscription",
                    "customer": customer_id,
                    "client_reference_id": str(checkout_id),
                    "line_items": [{"price": price_id, "quantity": 1}],
                    "metadata": {"membership": str(membership_id)},
                    "subscription_data": {"metadata": {"membership": str(membership_id)}},
                    "success_url": self._site + RETURN_PATH,
                    "cancel_url": self._site + CANCEL_PATH,
                    "expires_at": int(expires_at.timestamp()),
                },
                {"idempotency_key": key},
            )
        page = reading.checkout(session)
        if page.url is not None and not self._is_pay_page(page.url):
            raise Bug("the pay page is not where the configuration says")
        return page

    def _is_pay_page(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" == self._checkout_origin

    def ensure_price(self, *, name: str, price_key: str, price_cents: int) -> None:
        """Offer a monthly price under a neutral name, once. Raises Bug where that key has another price already."""
        if self._prices(price_key):
            self._price(price_key, price_cents)
            return
        with _our_errors():
            product = self._usual.v1.products.create(
                {"name": name}, {"idempotency_key": f"product:{price_key}:{price_cents}"}
            )
            self._usual.v1.prices.create(
                {
                    "product": product.id,
                    "unit_amount": price_cents,
                    "currency": "usd",
                    "recurring": {"interval": "month"},
                    "lookup_key": price_key,
                },
                {"idempotency_key": f"price:{price_key}:{price_cents}"},
            )

    def _prices(self, price_key: str) -> list[stripe.Price]:
        with _our_errors():
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

    def expire_checkout(self, session_id: str, *, key: str) -> CheckoutPage:
        """Close a pay page. When the patient was quicker, or it had closed by itself, says so instead."""
        try:
            with _our_errors():
                return reading.checkout(
                    self._usual.v1.checkout.sessions.expire(session_id, None, {"idempotency_key": key})
                )
        except Bug:
            page = self.get_checkout(session_id)
            if page.status == "open":
                raise
            return page

    def get_checkout(self, session_id: str) -> CheckoutPage:
        """A pay page as it is now."""
        with _our_errors():
            return reading.checkout(self._quick.v1.checkout.sessions.retrieve(session_id))

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        """A subscription as it is now, with its card and its latest invoice."""
        with _our_errors():
            found = self._quick.v1.subscriptions.retrieve(
                subscription_id, {"expand": ["default_payment_method", "latest_invoice"]}
            )
        return reading.subscription(found)

    def get_invoice(self, invoice_id: str) -> InvoiceFacts:
        """An invoice as it is now."""
        with _our_errors():
            return reading.invoice(self._quick.v1.invoices.retrieve(invoice_id))

    def list_invoices(self, subscription_id: str, *, limit: int = 24) -> list[InvoiceFacts]:
        """The latest invoices of a subscription, newest first. At most 100."""
        with _our_errors():
            found = self._quick.v1.invoices.list({"subscription": subscription_id, "limit": limit})
        return [reading.invoice(one) for one in found.data]

    def pause(self, subscription_id: str, *, key: str) -> None:
        """Stop invoices now. No credit is made for what is left: refunds are explicit and our own decision."""
        with _our_errors():
            self._usual.v1.subscriptions.pause(
                subscription_id,
                {"type": "subscription", "bill_for": {"unused_time_from": {"type": "none"}}},
                {"idempotency_key": key},
            )

    def resume(self, subscription_id: str, *, key: str) -> None:
        """Begin again with a new period, once its charge, tried now, is paid; until then it stays paused."""
        with _our_errors():
            self._usual.v1.subscriptions.resume(
                subscription_id,
                {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"},
                {"idempotency_key": key},
            )

    def cancel(self, subscription_id: str, *, at_period_end: bool = True, key: str) -> None:
        """No further charge. At the end of the paid month (`at_period_end`), or at once, without any credit."""
        with _our_errors():
            if at_period_end:
                self._usual.v1.subscriptions.update(
                    subscription_id, {"cancel_at_period_end": True}, {"idempotency_key": key}
                )
            else:
                self._usual.v1.subscriptions.cancel(subscription_id, None, {"idempotency_key": key})

    def undo_cancel(self, subscription_id: str, *, key: str) -> None:
        """Go on after all."""
        with _our_errors():
            self._usual.v1.subscriptions.update(
                subscription_id, {"cancel_at_period_end": False}, {"idempotency_key": key}
            )

    def list_events(self, since: datetime) -> list[tuple[Notice, str]]:
        """What Stripe says it told us since then, oldest first, each with its body as JSON text."""
        with _our_errors():
            found = self._usual.v1.events.list(
                {"created": {"gte": int(since.timestamp())}, "types": list(LISTED_KINDS), "limit": 100}
            )
            events = [stripe_event.to_dict(for_json=True) for stripe_event in found.auto_paging_iter()]
        return [(webhooks.notice(event), webhooks.as_text(event)) for event in reversed(events)]

    def verify_webhook(self, raw: bytes, header: str | None) -> Notice:
        """What a genuine message is about. Raises NotGenuine: unsigned, tampered with, too old, or from the future."""
        if header is not None and not header.isascii():
            raise NotGenuine("a signature in letters that Stripe does not use")  # the SDK cannot compare them
        for secret in self._secrets:
            try:
                stripe.WebhookSignature.verify_header(raw, header, secret, stripe.Webhook.DEFAULT_TOLERANCE)
            except (stripe.SignatureVerificationError, UnicodeDecodeError):
                continue
            if webhooks.signed_at(header or "") > time.time() + webhooks.AHEAD_SECONDS:
                break
            return webhooks.notice(webhooks.parsed(raw))
        raise NotGenuine("no signature of ours fits")
