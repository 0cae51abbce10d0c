"""Identifiers as Stripe makes them: a prefix that says what it is, then chance."""

from __future__ import annotations

import os
import string

ALPHABET = string.ascii_letters + string.digits

#: Which kind of object an id names, for expanding a reference into the object.
KINDS = {
    "cus_": "customer",
    "prod_": "product",
    "price_": "price",
    "cs_test_": "checkout.session",
    "sub_": "subscription",
    "in_": "invoice",
    "inpay_": "invoice_payment",
    "pi_": "payment_intent",
    "ch_": "charge",
    "pm_": "payment_method",
    "re_": "refund",
    "seti_": "setup_intent",
    "di_": "discount",
    "promo_": "promotion_code",
    "cbtxn_": "customer_balance_transaction",
    "bpc_": "billing_portal.configuration",
    "bps_": "billing_portal.session",
    "dp_": "dispute",
    "clock_": "test_helpers.test_clock",
    "evt_": "event",
}
_PREFIXES = {kind: prefix for prefix, kind in KINDS.items()} | {
    "subscription_item": "si_",
    "line_item": "il_",
    "item": "li_",
}


def new_id(kind: str) -> str:
    """A fresh id for an object of this kind."""
    return _PREFIXES[kind] + "".join([ALPHABET[byte % 62] for byte in os.urandom(24)])


def kind_of(identifier: str) -> str | None:
    """What an id names, None when it is no id of ours."""
    return next((kind for prefix, kind in KINDS.items() if identifier.startswith(prefix)), None)
