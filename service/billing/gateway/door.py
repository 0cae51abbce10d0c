"""The door itself: the SDK's clients, the allow-list just before a request leaves, errors in our words."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import stripe
from stripe import StripeClient

from service.billing.gateway import allowed, webhooks
from service.billing.gateway.facts import Bug, Declined, NeedsAction
from service.kit.errors import TryAgain

if TYPE_CHECKING:
    from stripe import RequestOptions

CONNECT_SECONDS, READ_SECONDS, QUICK_SECONDS = 3.0, 10.0, 5.0
WHOLE = ["default_payment_method", "latest_invoice.payments", "customer", "discounts.source.coupon"]

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
def our_errors() -> Iterator[None]:
    """Stripe's errors in our words. Its sentences may hold what we sent, so only codes are kept."""
    try:
        yield
    except stripe.CardError as error:
        said = getattr(error.error, "decline_code", None) if error.code == "card_declined" else error.code
        if said == "authentication_required" or str(said).endswith("_requires_action"):
            raise NeedsAction(str(said)) from None
        raise Declined(said or "card_declined") from None
    except (stripe.RateLimitError, stripe.APIConnectionError) as error:
        raise TryAgain(f"stripe: {type(error).__name__}") from None
    except stripe.StripeError as error:
        status, code = error.http_status or 0, error.code or ""
        # A key that is being changed, or an answer that came in pieces, is no word about what was asked.
        unheard = (
            isinstance(error, stripe.AuthenticationError | stripe.PermissionError) or type(error) is stripe.APIError
        )
        if unheard or status >= 500 or status == 409 or code in ("idempotency_key_in_use", "lock_timeout"):
            raise TryAgain(f"stripe: {status} {code}") from None
        raise Bug(f"stripe: {type(error).__name__} {status} {code} {error.request_id or ''}".strip()) from None


def with_key(key: str, part: int = 0) -> RequestOptions:
    """The idempotency key of a call; of one of several calls (`part` from 1) that one intent makes."""
    return {"idempotency_key": f"{key}:{part}" if part else key}


class Door:
    """The two clients, and where the patient may be sent to pay."""

    def __init__(self, *, key: str, api_url: str, webhook_secrets: str, checkout_origin: str, site: str) -> None:
        self._secrets = webhooks.secrets_of(webhook_secrets)
        self.live = "_live_" in key  # whether this key moves real money
        self._checkout_origin = checkout_origin
        self._site = site.rstrip("/")
        self._usual = self._client(key, api_url, READ_SECONDS, retries=1)
        # Inside "lock, then fetch" a row waits for us: shorter, and never twice.
        self._quick = self._client(key, api_url, QUICK_SECONDS, retries=0)

    @staticmethod
    def _client(key: str, api_url: str, seconds: float, *, retries: int) -> StripeClient:
        return StripeClient(
            key,
            base_addresses={"api": api_url},
            max_network_retries=retries,
            http_client=_Listed(timeout=(CONNECT_SECONDS, seconds)),
        )

    def _own_page(self, url: str | None) -> str | None:
        """A page of Stripe's to which a patient may be sent. Raises Bug for one that is elsewhere."""
        if url is not None:
            parts = urlsplit(url)
            if f"{parts.scheme}://{parts.netloc}" != self._checkout_origin:
                raise Bug("the pay page is not where the configuration says")
        return url
