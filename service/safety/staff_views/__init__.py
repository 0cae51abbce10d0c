"""Staff pages of safety: the alerts, the holds behind them, and emergency looks with their reviews."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("safety_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.safety.staff_views import alerts, glass, holds, reviews  # noqa: E402

__all__ = ["alerts", "bp", "glass", "holds", "reviews"]
