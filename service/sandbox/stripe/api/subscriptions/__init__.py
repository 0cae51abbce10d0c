"""Subscriptions, a file for each verb. Importing this package registers them (docs.stripe.com/api/subscriptions)."""

from service.sandbox.stripe.api.subscriptions import ending, pausing, reading, updating

__all__ = ["ending", "pausing", "reading", "updating"]
