"""What staff see and do about memberships and money."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("billing_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.billing.staff_views import go_on, memberships  # noqa: E402

__all__ = ["bp", "go_on", "memberships"]
