"""Pages of those who guard the records: the trail, legal holds, what was removed. Each module hangs its routes here."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("privacy_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.privacy.staff_views import holds, trail  # noqa: E402

__all__ = ["bp", "holds", "trail"]
