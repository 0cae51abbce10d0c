"""Pages for the people who run the practice: who works here, and who may do what."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts_staff", __name__)
