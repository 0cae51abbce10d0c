"""Choosing a plan, paying, and what a patient sees of it afterwards. Each module hangs its routes here."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("billing", __name__)

# Below the blueprint, because each of them asks for it.
from service.billing.views import (  # noqa: E402
    cancel,
    card,
    checkout,
    date,
    page,
    pay,
    plan,
    price,
    promotion,
    receipts,
    skip,
    superbills,
)

__all__ = [
    "bp",
    "cancel",
    "card",
    "checkout",
    "date",
    "page",
    "pay",
    "plan",
    "price",
    "promotion",
    "receipts",
    "skip",
    "superbills",
]
