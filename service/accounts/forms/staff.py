"""The shape of what is typed on the team page and behind an invitation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from service.accounts.rules import PASSWORD_MAX
from service.kit.fields import Form

ROLE_NAMES = {
    "owner": _("Owner"),
    "clinician": _("Clinician"),
    "coordinator": _("Care coordinator"),
    "billing": _("Billing"),
    "auditor": _("Auditor"),
}
ROLE_HINTS = {
    "owner": _("Runs the practice: invites people and takes care of their accounts."),
    "clinician": _("Sees and decides about the patients they look after."),
    "coordinator": _("Completes enrollments and helps patients along."),
    "billing": _("Looks after memberships and payments. Sees no clinical answer."),
    "auditor": _("Reads who did and saw what. Changes nothing."),
}

REASON_NAMES = {
    "leaving": _("They leave, or are away for long"),
    "new_duties": _("Their duties change"),
    "lost_device": _("A phone, key or laptop was lost or stolen"),
    "asked": _("They asked for it"),
    "out_of_reach": _("Somebody cannot be reached"),
    "concern": _("A concern about safety or conduct"),
    "mistake": _("To put a mistake right"),
    "other": _("Something else"),
}


def trimmed(text: str | None) -> str | None:
    """Without spaces around it."""
    return text.strip() if text else text


def _name_field() -> StringField:
    return StringField(
        _("First and last name"),
        filters=[trimmed],
        validators=[
            DataRequired(_("Enter a first and last name")),
            Length(max=120, message=_("Keep the name under 120 letters")),
        ],
        render_kw={"autocomplete": "off"},
    )


def _role_field() -> RadioField:
    return RadioField(
        _("Role"),
        choices=[SelectChoice(key, name) for key, name in ROLE_NAMES.items()],
        validators=[InputRequired(_("Choose a role"))],
    )


def _reason_field() -> RadioField:
    return RadioField(
        _("Why?"),
        description=_("It is kept in the audit trail."),
        choices=[SelectChoice(key, name) for key, name in REASON_NAMES.items()],
        validators=[InputRequired(_("Choose why"))],
    )


class InviteForm(Form):
    """Whom to invite, and as what."""

    name = _name_field()
    email = EmailField(
        _("Work email address"),
        description=_("Not one they use as a patient here."),
        filters=[trimmed],
        validators=[InputRequired(_("Enter an email address")), Length(max=254)],
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )
    role = _role_field()


class ReasonForm(Form):
    """Why somebody's account is changed."""

    reason = _reason_field()


class RoleForm(Form):
    """The new role, and why."""

    role = _role_field()
    reason = _reason_field()


class AcceptForm(Form):
    """The name as it should read, and a password of one's own."""

    name = StringField(
        _("Your first and last name"),
        filters=[trimmed],
        validators=[
            DataRequired(_("Enter your first and last name")),
            Length(max=120, message=_("Keep your name under 120 letters")),
        ],
        render_kw={"autocomplete": "name"},
    )
    password = PasswordField(
        _("Choose a password"),
        description=_("8 characters or more. A few words that only you would put together work well."),
        validators=[
            InputRequired(_("Choose a password")),
            Length(max=PASSWORD_MAX, message=_("That is longer than any password here can be")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
