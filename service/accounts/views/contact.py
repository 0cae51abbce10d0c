"""How to reach a patient, and whom to call for them. (The postal address is enrollment's: it decides where we may.)"""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions import contact as actions
from service.accounts.forms.settings import EmergencyContactForm, PhoneForm
from service.accounts.rules.contact import spoken_phone
from service.accounts.views import bp
from service.accounts.views.settings import kept, mine
from service.kit import access, clock, web
from service.kit.errors import Rejected


@bp.get("/settings/phone")
@access.patient
@access.step_up
def phone() -> ResponseReturnValue:
    """The number we have."""
    patient = mine().patient
    form = PhoneForm(data={"phone": spoken_phone(patient.phone) if patient else ""})
    return render_template("accounts/settings/phone.html", form=form)


@bp.post("/settings/phone")
@access.patient
@access.step_up
def phone_submit() -> ResponseReturnValue:
    """Keep another, or none."""
    form = PhoneForm()
    if form.validate_on_submit():
        try:
            changed = actions.change_phone(
                user_id=current_user.user_id, phone=form.phone.data or "", actor=web.actor(), now=clock.now()
            )
        except Rejected as error:
            form.phone.errors = [_(error.message)]
        else:
            return kept(changed, _("Your phone number is changed."))
    return render_template("accounts/settings/phone.html", form=form), 422


@bp.get("/settings/emergency-contact")
@access.patient
def emergency_contact() -> ResponseReturnValue:
    """Whom we would call."""
    patient = mine().patient
    present = patient.emergency_contact if patient else None
    typed = (
        {"name": present.name, "relation": present.relation, "phone": spoken_phone(present.phone)} if present else {}
    )
    return _contact_page(EmergencyContactForm(data=typed), has_one=present is not None, status=200)


@bp.post("/settings/emergency-contact")
@access.patient
def emergency_contact_submit() -> ResponseReturnValue:
    """Keep somebody else."""
    form = EmergencyContactForm()
    if form.validate_on_submit():
        try:
            changed = actions.change_emergency_contact(
                user_id=current_user.user_id,
                name=form.name.data,
                relation=form.relation.data or "",
                phone=form.phone.data,
                actor=web.actor(),
            )
        except Rejected as error:
            field = form.phone if error.code == "phone_unreadable" else form.name
            field.errors = [_(error.message)]
        else:
            return kept(changed, _("Your emergency contact is changed."))
    patient = mine().patient
    return _contact_page(form, has_one=patient is not None and patient.emergency_contact is not None, status=422)


@bp.post("/settings/emergency-contact/remove")
@access.patient
def emergency_contact_remove() -> ResponseReturnValue:
    """Keep nobody."""
    changed = actions.remove_emergency_contact(user_id=current_user.user_id, actor=web.actor())
    return kept(changed, _("Your emergency contact is removed."))


def _contact_page(form: EmergencyContactForm, *, has_one: bool, status: int) -> ResponseReturnValue:
    return render_template("accounts/settings/emergency_contact.html", form=form, has_one=has_one), status
