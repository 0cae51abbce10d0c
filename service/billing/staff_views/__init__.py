"""What staff see and do about memberships and money."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("billing_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.billing.staff_views import (  # noqa: E402
    asks,
    credit,
    disputes,
    drift,
    end_care,
    ending,
    failed,
    figures,
    go_on,
    inbox,
    listing,
    membership,
    refunds,
)

__all__ = [
    "asks",
    "bp",
    "credit",
    "disputes",
    "drift",
    "end_care",
    "ending",
    "failed",
    "figures",
    "go_on",
    "inbox",
    "listing",
    "membership",
    "refunds",
]
