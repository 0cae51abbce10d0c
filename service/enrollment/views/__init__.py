"""Pages of visitors and patients on the way in. Each module hangs its routes on this blueprint."""

from __future__ import annotations

from flask import Blueprint

from service.enrollment.views.addresses import ConsentKey

bp = Blueprint("enrollment", __name__)
bp.record_once(lambda state: state.app.url_map.converters.update(consent=ConsentKey))

# Below the blueprint, because each of them asks for it.
from service.enrollment.views import assessment, booking, consents, estimates, join, move, reach, signed, waitlist  # noqa: E402

__all__ = ["assessment", "booking", "bp", "consents", "estimates", "join", "move", "reach", "signed", "waitlist"]
