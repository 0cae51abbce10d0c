"""What a patient has signed: the list of every version, each as a file, and taking one back."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from service.catalog.rules.consents import ConsentDocument
from service.catalog.rules.whole import Catalog
from service.consent import queries as evidence
from service.consent.rules import Signature, standing
from service.enrollment.actions import papers, withdraw
from service.enrollment.forms.consents import WithdrawForm
from service.enrollment.views import bp
from service.kit import access, clock, db, web
from service.kit.files import as_pdf


@bp.get("/consents/signed")
@access.patient
def signed_list() -> ResponseReturnValue:
    """Every version of every text, the newest first."""
    today = clock.now().astimezone(ZoneInfo(current_user.time_zone)).date()
    with db.reading() as session:
        found = evidence.evidences(session, current_user.patient_id)
        counts = {one.id for one in standing(evidence.signatures(session, current_user.patient_id), today)}
    return render_template("enrollment/consents/signed.html", signed=found, counts=counts, zone=current_user.time_zone)


@bp.get("/consents/signed/<uuid:acceptance_id>.pdf")
@access.patient
def signed_pdf(acceptance_id: UUID) -> ResponseReturnValue:
    """One signed text with its evidence, as a file."""
    made = papers.own_signed(
        acceptance_id=acceptance_id,
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        templates_dir=current_app.config["HOMEWARD"].templates_dir,
        now=clock.now(),
    )
    return as_pdf(made.name, made.content)


@bp.get("/consents/<consent:key>/withdraw")
@access.patient
def consent_withdraw(key: str) -> ResponseReturnValue:
    """What it means to take this one back, in words before the button."""
    return _withdraw_page(key, WithdrawForm(), 200)


@bp.post("/consents/<consent:key>/withdraw")
@access.patient
def consent_withdraw_submit(key: str) -> ResponseReturnValue:
    """Take it back. Pressing twice is once."""
    form = WithdrawForm()
    if not form.validate_on_submit():
        return _withdraw_page(key, form, 422)
    done = withdraw.withdraw_consent(
        key=key,
        why=form.why.data or "",
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        now=clock.now(),
    )
    flash(_("Taken back. It holds from now on.") if done else _("There is nothing to take back."), "good")
    return redirect(url_for("enrollment.signed_list"), code=303)


def _withdraw_page(key: str, form: WithdrawForm, status: int) -> ResponseReturnValue:
    with db.reading() as session:
        signatures = evidence.signatures(session, current_user.patient_id)
    given = [one for one in standing(signatures) if one.key == key]
    if not given:
        return redirect(url_for("enrollment.signed_list"), code=303)  # taken back in another tab, or never signed
    document = _document(given[-1])
    page = render_template(
        "enrollment/consents/withdraw.html",
        form=form,
        document=document,
        signed_at=given[-1].accepted_at,
        zone=current_user.time_zone,
    )
    return page, status


def _document(one: Signature) -> ConsentDocument:
    """The text that was signed, or the newest of its key where that version has left the configuration."""
    catalog: Catalog = current_app.config["CATALOG"]
    known = [document for document in catalog.consents if document.key == one.key]
    if not known:
        raise NotFound
    return next(
        (document for document in known if (document.state, document.version) == (one.state, one.version)), known[-1]
    )
