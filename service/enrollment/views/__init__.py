"""Pages of visitors and patients on the way in. Each module hangs its routes on this blueprint."""

from __future__ import annotations

from importlib import import_module, util

from flask import Blueprint

bp = Blueprint("enrollment", __name__)

for _name in ("assessment", "join", "waitlist", "booking", "consents"):
    if util.find_spec(f"{__name__}.{_name}"):
        import_module(f"{__name__}.{_name}")
