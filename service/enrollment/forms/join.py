"""Making an account: five things, each with its reason."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, Field, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from service.accounts.rules import PASSWORD_MAX, PASSWORD_MIN
from service.enrollment.rules.passwords import is_common
from service.kit.fields import Form


def trimmed(text: str | None) -> str | None:
    """Without spaces around it."""
    return text.strip() if text else text


def _not_common(_form: Form, field: Field) -> None:
    if is_common(field.data or ""):
        raise ValidationError(_("This password is one of the first that strangers try. Choose another one."))


class JoinForm(Form):
    """Name, address, password, and the agreement to be written to."""

    given_name = StringField(
        _("First name"),
        filters=[trimmed],
        validators=[
            DataRequired(_("Enter your first name")),
            Length(max=100, message=_("Keep your first name under 100 letters")),
        ],
        render_kw={"autocomplete": "given-name"},
    )
    family_name = StringField(
        _("Last name"),
        filters=[trimmed],
        validators=[
            DataRequired(_("Enter your last name")),
            Length(max=100, message=_("Keep your last name under 100 letters")),
        ],
        render_kw={"autocomplete": "family-name"},
    )
    email = EmailField(
        _("Email address"),
        description=_("We send a link there to make sure that it is yours."),
        filters=[trimmed],
        validators=[
            InputRequired(_("Enter your email address")),
            Length(max=254, message=_("That is longer than any email address can be")),
        ],
        render_kw={"autocomplete": "email", "autocapitalize": "none"},
    )
    password = PasswordField(
        _("Choose a password"),
        description=_("8 characters or more. A few words that only you would put together work well."),
        validators=[
            InputRequired(_("Choose a password")),
            Length(min=PASSWORD_MIN, message=_("Use 8 characters or more")),
            Length(max=PASSWORD_MAX, message=_("Use 128 characters or fewer")),
            _not_common,
        ],
        render_kw={"autocomplete": "new-password"},
    )
    notices = BooleanField(
        _("You may send me notices about my care by email"),
        description=_("Notices say only that something is waiting for you here, never what it is about."),
        validators=[InputRequired(_("Tick the box to go on: without email we could not tell you about your care"))],
    )
