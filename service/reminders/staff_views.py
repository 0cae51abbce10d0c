"""The reminder ledger for staff: planned, sent, skipped, expired, failed."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from service.kit import access, clock, web
from service.reminders import actions, queries

bp = Blueprint("reminders_staff", __name__)

PAGE = 50
LAST_PAGE = 100_000  # beyond it the database cannot count, and nobody can read


@bp.get("/staff/reminders")
@access.staff("coordinator", "clinician", "owner")
def ledger() -> ResponseReturnValue:
    """Newest first, by state; above it, whether anything is missing."""
    status = request.args.get("status")
    status = status if status in queries.STATES else None
    page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    found = actions.open_ledger(
        status=status, page=page, actor=web.actor(), catalog=current_app.config["CATALOG"], now=clock.now()
    )
    total = found.counts[status] if status else sum(found.counts.values())
    return render_template(
        "reminders/staff/ledger.html", found=found, status=status, page=page, pages=max(1, -(-total // PAGE))
    )
