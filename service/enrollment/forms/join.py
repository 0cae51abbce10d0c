"""Making an account: five things, each with its reason."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, Field, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from service.accounts.rules import password_problem
from service.kit.fields import Form


def trimmed(text: str | None) -> str | None:
    """Without spaces around it."""
    return text.strip() if text else text


def _good_enough(form: JoinForm, field: Field) -> None:
    about = [form.given_name.data or "", form.family_name.data or "", form.email.data or ""]
    if problem := password_problem(field.data or "", about):
        raise ValidationError(gettext(problem))


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
    phone = StringField(
        _("Your phone number, if we may call you"),
        description=_(
            "Because of one of your answers a clinician would like to talk with you soon. We call it for that."
        ),
        filters=[trimmed],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    password = PasswordField(
        _("Choose a password"),
        description=_("8 characters or more. A few words that only you would put together work well."),
        validators=[
            InputRequired(_("Choose a password")),
            _good_enough,
        ],
        render_kw={"autocomplete": "new-password"},
    )
    notices = BooleanField(
        _("You may send me notices about my care by email"),
        description=_("Notices say only that something is waiting for you here, never what it is about."),
        validators=[InputRequired(_("Tick the box to go on: without email we could not tell you about your care"))],
    )
