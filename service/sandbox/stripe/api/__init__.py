"""The endpoints, a file for each kind of thing. Importing this package registers all of them."""

from service.sandbox.stripe.api import (
    catalogue,
    customers,
    events,
    invoices,
    payments,
    previews,
    sessions,
    subscriptions,
)

__all__ = ["catalogue", "customers", "events", "invoices", "payments", "previews", "sessions", "subscriptions"]
