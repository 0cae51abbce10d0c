"""What was paid: every charge by pages, a receipt to read and to keep, a year in one file. And what was agreed to."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.billing.actions import papers
from service.billing.queries.agreements import agreements_of
from service.billing.queries.receipts import invoices_page, paid_years
from service.billing.views import bp
from service.billing.views.common import catalog
from service.kit import access, clock, db, web
from service.kit.files import as_pdf


@bp.get("/billing/receipts")
@access.patient
def receipts() -> ResponseReturnValue:
    """Every charge, the newest first, a page at a time; and the years there is a statement of."""
    with db.reading() as session:
        found, following = invoices_page(session, current_user.patient_id, after=_after())
        years = paid_years(session, current_user.patient_id, current_user.time_zone)
    return render_template(
        "billing/receipts.html", invoices=found, following=following, years=years, zone=current_user.time_zone
    )


@bp.get("/billing/receipts/<uuid:receipt_id>")
@access.patient
def receipt(receipt_id: UUID) -> ResponseReturnValue:
    """One receipt."""
    sheet = papers.receipt_page(receipt_id=receipt_id, catalog=catalog(), actor=web.actor())
    return render_template(
        "billing/receipt.html", sheet=sheet, practice=papers.practice_of(catalog().practice), receipt_id=receipt_id
    )


@bp.get("/billing/receipts/<uuid:receipt_id>.pdf")
@access.patient
def receipt_pdf(receipt_id: UUID) -> ResponseReturnValue:
    """The same as a file."""
    made = papers.receipt_pdf(
        receipt_id=receipt_id,
        catalog=catalog(),
        actor=web.actor(),
        templates_dir=current_app.config["HOMEWARD"].templates_dir,
        now=clock.now(),
    )
    return as_pdf(made.name, made.content)


@bp.get("/billing/statements/<int:year>.pdf")
@access.patient
def statement_pdf(year: int) -> ResponseReturnValue:
    """A calendar year of receipts in one file."""
    made = papers.statement_pdf(
        year=year,
        catalog=catalog(),
        actor=web.actor(),
        templates_dir=current_app.config["HOMEWARD"].templates_dir,
        now=clock.now(),
    )
    return as_pdf(made.name, made.content)


@bp.get("/billing/agreements")
@access.patient
def agreements() -> ResponseReturnValue:
    """Word for word what was agreed to, the newest first."""
    with db.reading() as session:
        found = agreements_of(session, current_user.patient_id)
    return render_template("billing/agreements.html", agreements=found, zone=current_user.time_zone)


def _after() -> UUID | None:
    try:
        return UUID(request.args.get("after", ""))
    except ValueError:
        return None
