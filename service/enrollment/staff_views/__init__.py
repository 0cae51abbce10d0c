"""Pages of the care team: the queue, one record, recording a visit, completing an approval."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint

bp = Blueprint("enrollment_staff", __name__)

for _name in ("queue", "record", "encounter"):
    import_module(f"{__name__}.{_name}")
