"""The endpoints, a file for each kind of thing. Importing this package registers all of them."""

from service.sandbox.stripe.api import (
    balances,
    catalogue,
    coupons,
    customers,
    disputes,
    events,
    invoices,
    payments,
    portal,
    previews,
    promotion_codes,
    sessions,
    setup,
    subscribing,
    subscriptions,
    test_clocks,
)

__all__ = [
    "balances",
    "catalogue",
    "coupons",
    "customers",
    "disputes",
    "events",
    "invoices",
    "payments",
    "portal",
    "previews",
    "promotion_codes",
    "sessions",
    "setup",
    "subscribing",
    "subscriptions",
    "test_clocks",
]
