"""Pages for the people who run the practice: who works here, and who may do what."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.accounts.staff_views import invitations, members, team  # noqa: E402

__all__ = ["bp", "invitations", "members", "team"]
