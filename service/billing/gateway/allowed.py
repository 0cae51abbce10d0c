"""All that may ever leave for Stripe: a place, a key and a shape for each value. Anything else is refused before it
is sent, so that no name, answer, condition or address can slip out with a new parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from service.billing.gateway.facts import Bug

UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID: Final = r"[A-Za-z0-9_]+"

PLACES: Final = (
    r"/v1/customers",
    r"/v1/products",
    r"/v1/prices",
    r"/v1/checkout/sessions",
    rf"/v1/checkout/sessions/cs_{_ID}(?:/expire)?",
    rf"/v1/subscriptions/sub_{_ID}(?:/pause|/resume)?",
    r"/v1/invoices",
    rf"/v1/invoices/in_{_ID}",
    r"/v1/events",
)
KEY: Final = rf"(?:cus|checkout|expire|pause|resume|cancel):{UUID}(?::\d+)?|(?:product|price):homeward_[a-z_]+:\d+"

VALUES: Final[Mapping[str, str]] = {
    # a customer and a pay page
    "metadata[membership]": UUID,
    "mode": "subscription",
    "customer": rf"cus_{_ID}",
    "line_items[][price]": rf"price_{_ID}",
    "line_items[][quantity]": "1",
    "client_reference_id": UUID,
    "subscription_data[metadata][membership]": UUID,
    "success_url": r"https?://[a-z0-9.:-]+/membership/return\?session_id=\{CHECKOUT_SESSION_ID\}",
    "cancel_url": r"https?://[a-z0-9.:-]+/membership/cancelled",
    "expires_at": r"\d+",
    # what is for sale: a neutral name, which card statements and receipts may show
    "name": r"Monthly membership(?: [A-Z][a-z]+)?",
    "product": rf"prod_{_ID}",
    "unit_amount": r"\d+",
    "currency": "usd",
    "recurring[interval]": "month",
    "lookup_key": r"homeward_[a-z_]+",
    # a subscription
    "cancel_at_period_end": "true|false",
    "type": "subscription",
    "bill_for[unused_time_from][type]": "none",
    "billing_cycle_anchor[type]": "now",
    "payment_behavior": "resume_on_payment_success",
    # reading
    "lookup_keys[]": r"homeward_[a-z_]+",
    "active": "true",
    "limit": r"\d+",
    "expand[]": "default_payment_method|latest_invoice",
    "subscription": rf"sub_{_ID}",
    "created[gte]": r"\d+",
    "types[]": r"[a-z_.]+",
    "starting_after": _ID,
}


def check(method: str, url: str, body: str, idempotency_key: str | None) -> None:
    """Raises Bug unless every part of this request is on the list. Names the key, never the value."""
    parts = urlsplit(url)
    if not any(re.fullmatch(place, parts.path) for place in PLACES):
        raise Bug("this address is not on the list of what may be asked of Stripe")
    for name, value in parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True):
        plain = re.sub(r"\[\d+\]", "[]", name)
        shape = VALUES.get(plain)
        if shape is None or not re.fullmatch(shape, value):
            raise Bug(f"{plain} is not on the list of what may be sent to Stripe")
    # The SDK makes up a random key where none is given: a retried job would then act twice.
    if method.upper() == "POST" and not re.fullmatch(KEY, idempotency_key or ""):
        raise Bug("a call with effects needs an idempotency key of ours")
