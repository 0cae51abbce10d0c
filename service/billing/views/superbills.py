"""Papers about visits for an insurance: the visits there are, and one of them to read and to keep."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.billing.actions import papers
from service.billing.queries.superbills import signed_visits
from service.billing.views import bp
from service.billing.views.common import catalog
from service.kit import access, clock, db, web
from service.kit.files import as_pdf


@bp.get("/billing/superbills")
@access.patient
def superbills() -> ResponseReturnValue:
    """What a superbill is, and for which visits there is one."""
    with db.reading() as session:
        found = signed_visits(session, current_user.patient_id)
    return render_template("billing/superbills.html", visits=found, zone=current_user.time_zone)


@bp.get("/billing/superbills/<uuid:superbill_id>")
@access.patient
@access.step_up
def superbill(superbill_id: UUID) -> ResponseReturnValue:
    """One, to read."""
    sheet = papers.superbill_page(superbill_id=superbill_id, catalog=catalog(), actor=web.actor())
    return render_template(
        "billing/superbill.html",
        sheet=sheet,
        practice=papers.practice_of(catalog().practice),
        superbill_id=superbill_id,
    )


@bp.get("/billing/superbills/<uuid:superbill_id>.pdf")
@access.patient
@access.step_up
def superbill_pdf(superbill_id: UUID) -> ResponseReturnValue:
    """The same as a file."""
    made = papers.superbill_pdf(
        superbill_id=superbill_id,
        catalog=catalog(),
        actor=web.actor(),
        templates_dir=current_app.config["HOMEWARD"].templates_dir,
        now=clock.now(),
    )
    return as_pdf(made.name, made.content)
