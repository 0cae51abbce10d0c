"""The only package that speaks Stripe. Ours in, ours out; nothing leaves that `allowed` does not list."""

from __future__ import annotations

import time

import stripe

from config.settings import Settings
from service.billing.gateway import webhooks
from service.billing.gateway.facts import NotGenuine, Notice
from service.billing.gateway.listing import Listing


class Gateway(Listing):
    """Stripe, or whatever stands in for it at `api_url`. Every call with effects takes its idempotency key.

    Raises Declined, NeedsAction, TryAgain (nothing may have happened, or it may: the same key finds out) and Bug.
    """

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

    def verify_webhook(self, raw: bytes, header: str | None) -> Notice:
        """What a genuine message is about.

        Raises NotGenuine, with a code: unsigned, unfit (tampered with, or another's), old, ahead (of time).
        """
        if not header:
            raise NotGenuine("unsigned")
        if not header.isascii():
            raise NotGenuine("unfit")  # the SDK cannot compare them
        for secret in self._secrets:
            try:
                stripe.WebhookSignature.verify_header(raw, header, secret)
            except (stripe.SignatureVerificationError, UnicodeDecodeError):
                continue
            webhooks.check_time(header, time.time())
            return webhooks.read(raw, live=self.live)
        raise NotGenuine("unfit")
