"""Pages of the person whose data it is. Each module hangs its routes on this blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("privacy", __name__)

# Below the blueprint, because each of them asks for it.
from service.privacy.views import close_account, who_looked, your_data  # noqa: E402

__all__ = ["bp", "close_account", "who_looked", "your_data"]
