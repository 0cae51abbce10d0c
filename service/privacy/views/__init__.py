"""Pages of the person whose data it is. Each module hangs its routes on this blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("privacy", __name__)
