"""Checkout Sessions on the hosted page (docs.stripe.com/api/checkout/sessions)."""

from service.sandbox.stripe.api.sessions import creating, reading

__all__ = ["creating", "reading"]
