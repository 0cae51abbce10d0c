"""The page about plan and money: what it costs and when, what was paid."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.billing import queries
from service.billing.queries.receipts import invoices_page
from service.billing.rules import LIVE
from service.billing.views import bp
from service.billing.views.common import catalog
from service.kit import access, clock, db
from service.safety import queries as safety

LATEST = 4


@bp.get("/billing")
@access.patient
def billing() -> ResponseReturnValue:
    """What it costs and when, what was paid, and how to cancel."""
    now = clock.now()
    with db.reading() as session:
        card = queries.membership_of(session, current_user.patient_id)
        invoices, _ = invoices_page(session, current_user.patient_id, limit=LATEST)
        live = card is not None and card.status in LIVE
        on_hold = live and safety.standing_hold(session, current_user.patient_id)
        changes = queries.changes_of(session, card, catalog(), current_user.time_zone, now) if card and live else None
    return render_template(
        "billing/billing.html",
        membership=card,
        plan=catalog().plans.get(card.plan) if card else None,
        next_plan=catalog().plans.get(card.next_plan) if card and card.next_plan else None,
        changes=changes,
        on_hold=on_hold,
        card_runs_out=card is not None and card.runs_out,
        now=now,
        invoices=invoices,
        zone=current_user.time_zone,
    )
