"""Pages of visitors and patients on the way in. Each module hangs its routes on this blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("enrollment", __name__)

# Below the blueprint, because each of them asks for it.
from service.enrollment.views import assessment, booking, consents, estimates, join, move, reach, signed, waitlist  # noqa: E402

__all__ = ["assessment", "booking", "bp", "consents", "estimates", "join", "move", "reach", "signed", "waitlist"]
