"""The endpoints, a file for each kind of thing. Importing this package registers all of them."""

from service.sandbox.stripe.api import (
    catalogue,
    customers,
    disputes,
    events,
    invoices,
    payments,
    previews,
    sessions,
    subscribing,
    subscriptions,
    test_clocks,
)

__all__ = [
    "catalogue",
    "customers",
    "disputes",
    "events",
    "invoices",
    "payments",
    "previews",
    "sessions",
    "subscribing",
    "subscriptions",
    "test_clocks",
]
