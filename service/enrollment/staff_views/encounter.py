"""Recording a visit and deciding, and adding to what was signed."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.rules.care import ONLY_READING
from service.accounts.rules.contact import spoken_phone
from service.enrollment.actions import addendum, decide, look
from service.enrollment.forms.addendum import AddendumForm
from service.enrollment.forms.decision import EncounterForm
from service.enrollment.queries.review import Record
from service.enrollment.queries.signing import Begun, VisitToSign, booked_to_sign
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.words import encounter_context
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, NotFound, words


@bp.get("/staff/enrollments/<uuid:enrollment_id>/encounter")
@access.staff("clinician")
@access.step_up
def encounter(enrollment_id: UUID) -> ResponseReturnValue:
    """The form, beside what the patient answered."""
    record = _record(enrollment_id)
    found = _booked(record)
    if found is None:
        return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)
    case, begun = found
    form = EncounterForm(
        formdata=None,
        data={
            "appointment_id": str(case.visit.id),
            "started_at": case.visit.starts_at.astimezone(_zone(begun)),
            "patient_county": begun.county_fips,
            "emergency_address": begun.emergency_address,
            "callback": spoken_phone(begun.callback) if begun.callback else "",
            "payment_source": "self_pay",
        },
    )
    return _page(record, form, case, begun)


@bp.post("/staff/enrollments/<uuid:enrollment_id>/encounter")
@access.staff("clinician")
@access.step_up
def encounter_submit(enrollment_id: UUID) -> ResponseReturnValue:
    """Sign and decide. What stands in the way is listed on the form, and nothing is kept."""
    record, form = _record(enrollment_id), EncounterForm()
    found = _booked(record)
    if found is None:
        return _not_signed(record, form, _("There is no booked visit to record any more."))
    case, begun = found
    _fit(form, case, begun)
    if not form.validate():
        return _page(record, form, case, begun, status=422)
    try:
        decide.record_decision(
            enrollment_id=enrollment_id,
            record=form.record(begun.zone),
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
            appointment_id=form.visit_id,
        )
    except decide.NotSignable as no:
        form.show(no.whys)
        return _page(record, form, case, begun, status=422)
    except Conflict as no:
        return _not_signed(_record(enrollment_id), form, _(no.message))
    decided = "decision" in form
    flash(_("The visit is signed and your decision is kept.") if decided else _("The visit is signed."), "good")
    return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)


@bp.get("/staff/enrollments/<uuid:enrollment_id>/encounters/<uuid:encounter_id>/addendum")
@access.staff("clinician")
@access.step_up
def addendum_form(enrollment_id: UUID, encounter_id: UUID) -> ResponseReturnValue:
    """What was signed, and a place to add to it."""
    return _addendum_page(enrollment_id, encounter_id, AddendumForm(formdata=None))


@bp.post("/staff/enrollments/<uuid:enrollment_id>/encounters/<uuid:encounter_id>/addendum")
@access.staff("clinician")
@access.step_up
def addendum_submit(enrollment_id: UUID, encounter_id: UUID) -> ResponseReturnValue:
    """Sign the addendum."""
    form = AddendumForm()
    if not form.validate():
        return _addendum_page(enrollment_id, encounter_id, form, status=422)
    try:
        addendum.add_addendum(
            enrollment_id=enrollment_id,
            encounter_id=encounter_id,
            text=form.plain_text,
            settles=tuple(form.settles.data or ()),
            actor=web.actor(),
            now=clock.now(),
        )
    except decide.NotSignable as no:
        form.text.errors = [_(reason) for reason in no.reasons]
        return _addendum_page(enrollment_id, encounter_id, form, status=422)
    flash(_("Your addendum is signed."), "good")
    return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)


def _record(enrollment_id: UUID) -> Record:
    """The record, for those who may sign in it: nobody types a page that an emergency look cannot keep."""
    record = look.open_record(
        enrollment_id=enrollment_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
    )
    if record.glass_until is not None:
        raise ONLY_READING
    return record


def _booked(record: Record) -> tuple[VisitToSign, Begun] | None:
    """The booked visit as it would be signed. `_record` has let this person pass and noted the look."""
    with db.reading() as session:
        return booked_to_sign(
            session, current_app.config["CATALOG"], record.enrollment.id, current_user.user_id, clock.now()
        )


def _zone(begun: Begun) -> ZoneInfo:
    return ZoneInfo(begun.zone)


def _fit(form: EncounterForm, case: VisitToSign, begun: Begun) -> None:
    if case.state is None:
        raise NotFound("no_such_state", words("We do not know that state."))
    form.fit(
        current_app.config["CATALOG"].states,
        case.state,
        kind=case.kind,
        disclosures=case.disclosures,
        pdmp=case.state.pdmp_on(case.known.day),
        zone=begun.zone,
    )


def _page(
    record: Record, form: EncounterForm, case: VisitToSign, begun: Begun, *, status: int = 200
) -> ResponseReturnValue:
    _fit(form, case, begun)
    page = render_template(
        "enrollment/staff/encounter.html", form=form, record=record, case=case, zone=begun.zone, **encounter_context()
    )
    return page, status


def _not_signed(record: Record, form: EncounterForm, why: str) -> ResponseReturnValue:
    """The visit is gone: missed, changed, or signed by somebody else. What was typed is shown once more, to be taken
    along; sending what is signed already leads to it."""
    signed = record.clinical.encounters if record.clinical else ()
    there = next((one for one in signed if one.appointment_id == form.visit_id), None)
    typed = [(field.label.text, field.data) for field in form.own_words if field.data and field.data.strip()]
    kept = any(one.notes == form.typed_notes for one in signed)
    if kept or not typed:
        flash(_("This visit is in the record already.") if kept else why, "info")
        return redirect(url_for(".record", enrollment_id=record.enrollment.id), code=303)
    page = render_template("enrollment/staff/not_signed.html", record=record, why=why, there=there, typed=typed)
    return page, 409


def _addendum_page(
    enrollment_id: UUID, encounter_id: UUID, form: AddendumForm, *, status: int = 200
) -> ResponseReturnValue:
    record = _record(enrollment_id)
    signed = record.clinical.encounters if record.clinical else ()
    found = next((one for one in signed if one.id == encounter_id), None)
    if found is None:
        raise NotFound("no_such_encounter", words("We could not find that visit."))
    page = render_template(
        "enrollment/staff/addendum.html",
        form=form,
        record=record,
        one=found,
        zone=current_user.time_zone,
        **encounter_context(),
    )
    return page, status
