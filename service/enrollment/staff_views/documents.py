"""Signed documents for the care team: one patient's evidence, and who has a new version to sign."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.enrollment.actions import look, papers, reconsent
from service.enrollment.queries.papers import filled_in
from service.enrollment.staff_views import bp
from service.kit import access, clock, web
from service.kit.files import as_pdf


@bp.get("/staff/enrollments/<uuid:enrollment_id>/documents")
@access.staff(*look.MAY_LOOK)
def documents(enrollment_id: UUID) -> ResponseReturnValue:
    """Every answer with its evidence, and every estimate."""
    found = papers.look(enrollment_id=enrollment_id, actor=web.actor())
    return render_template(
        "enrollment/staff/documents.html",
        papers=found,
        filled={one.id: filled_in(one) for one in found.signed},
        enrollment_id=enrollment_id,
        zone=current_user.time_zone,
    )


@bp.get("/staff/enrollments/<uuid:enrollment_id>/documents/<uuid:document_id>.pdf")
@access.staff(*look.MAY_LOOK)
def document_pdf(enrollment_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """One signed text with its evidence, as a file."""
    made = papers.look_at_signed(
        enrollment_id=enrollment_id,
        document_id=document_id,
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        templates_dir=current_app.config["HOMEWARD"].templates_dir,
        now=clock.now(),
    )
    return as_pdf(made.name, made.content)


@bp.get("/staff/new-versions")
@access.staff(*look.MAY_LOOK)
def new_versions() -> ResponseReturnValue:
    """Who has not signed a new version."""
    found = reconsent.who_has_not_signed(catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now())
    return render_template("enrollment/staff/new_versions.html", waiting=found)
