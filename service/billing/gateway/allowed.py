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
    r"/v1/coupons",
    r"/v1/coupons/homeward_[a-z0-9_]+",
    r"/v1/promotion_codes",
    r"/v1/subscriptions",
    rf"/v1/subscriptions/sub_{_ID}(?:/pause|/resume)?",
    r"/v1/invoices(?:/create_preview)?",
    rf"/v1/invoices/in_{_ID}(?:/finalize|/pay|/void)?",
    r"/v1/invoice_payments",
    r"/v1/refunds",
    rf"/v1/refunds/re_{_ID}",
    rf"/v1/customers/cus_{_ID}/balance_transactions",
    rf"/v1/disputes/(?:dp|du)_{_ID}",
    r"/v1/events",
)
_COUPON: Final = r"homeward_[a-z0-9_]+"
CODE: Final = r"[A-Z0-9]{4,20}"  # what is for sale by a code; whoever types a name, types it in vain
KEY: Final = (
    rf"[a-z_]+:{UUID}(?::\d+)?"
    rf"|(?:product|price):homeward_[a-z0-9_]+:\d+|coupon:{_COUPON}|promotion:{_COUPON}:{CODE}"
)
# Asking what a change would cost has no effect, and so no key: Stripe takes it as a POST all the same.
WITHOUT_KEY: Final = "/v1/invoices/create_preview"

VALUES: Final[Mapping[str, str]] = {
    # a customer and a pay page
    "metadata[membership]": UUID,
    "metadata[refund]": UUID,
    "metadata[credit]": UUID,
    "setup_intent_data[metadata][membership]": UUID,
    "mode": "subscription|setup",
    "customer": rf"cus_{_ID}",
    "line_items[][price]": rf"price_{_ID}",
    "line_items[][quantity]": "1",
    "client_reference_id": UUID,
    "subscription_data[metadata][membership]": UUID,
    "success_url": r"https?://[a-z0-9.:-]+/(?:membership|billing/card)/return\?session_id=\{CHECKOUT_SESSION_ID\}",
    "cancel_url": r"https?://[a-z0-9.:-]+/(?:membership/cancelled|billing)",
    "expires_at": r"\d+",
    # what is for sale: a neutral name, which card statements and receipts may show
    "name": r"Monthly membership(?: [A-Z][a-z]+)?",
    "product": rf"prod_{_ID}",
    "unit_amount": r"\d+",
    "currency": "usd",
    "recurring[interval]": "month",
    "lookup_key": r"homeward_[a-z0-9_]+",
    "id": _COUPON,
    "percent_off": r"\d{1,3}",
    "amount_off": r"\d+",
    "duration": "once|repeating",
    "duration_in_months": r"\d+",
    "promotion[type]": "coupon",
    "promotion[coupon]": _COUPON,
    "code": CODE,
    "max_redemptions": r"\d+",
    # a subscription
    "cancel_at_period_end": "true|false",
    "type": "subscription",
    "default_payment_method": rf"pm_{_ID}",
    "items[][id]": rf"si_{_ID}",
    "items[][price]": rf"price_{_ID}",
    "proration_behavior": "always_invoice|none",
    "proration_date": r"\d+",
    "trial_end": r"\d+",
    "pause_collection": "",
    "pause_collection[behavior]": "void",
    "pause_collection[resumes_at]": r"\d+",
    "discounts[][promotion_code]": rf"promo_{_ID}",
    "discounts[][coupon]": _COUPON,
    "discounts[][discount]": rf"di_{_ID}",
    "bill_for[unused_time_from][type]": "none",
    "billing_cycle_anchor[type]": "now",
    "payment_behavior": "resume_on_payment_success|error_if_incomplete",
    # a charge, a refund, a credit, and what a change would cost
    "auto_advance": "false",
    "payment_intent": rf"pi_{_ID}",
    "amount": r"-?\d+",
    "subscription_details[items][][id]": rf"si_{_ID}",
    "subscription_details[items][][price]": rf"price_{_ID}",
    "subscription_details[proration_behavior]": "always_invoice",
    "subscription_details[proration_date]": r"\d+",
    "payment[type]": "payment_intent",
    "payment[payment_intent]": rf"pi_{_ID}",
    # reading
    "lookup_keys[]": r"homeward_[a-z0-9_]+",
    "status": "all|draft|open|paid|uncollectible|void",
    "active": "true",
    "limit": r"\d+",
    "expand[]": r"(?:[a-z_]+\.)*"
    r"(?:default_payment_method|latest_invoice|payments|customer|coupon|setup_intent|discounts)",
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
    acts = method.upper() in ("POST", "DELETE") and parts.path != WITHOUT_KEY
    if acts and not re.fullmatch(KEY, idempotency_key or ""):
        raise Bug("a call with effects needs an idempotency key of ours")
