"""Pages about clinicians for those who run the practice, and about their own hours for clinicians."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("visits_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.visits.staff_views import clinicians, hours, licenses  # noqa: E402

__all__ = ["bp", "clinicians", "hours", "licenses"]
