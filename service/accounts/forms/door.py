"""The shape of what is typed at the door."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from service.accounts.rules import PASSWORD_MAX
from service.kit.fields import Form


class SignInForm(Form):
    """E-mail address and password."""

    email = EmailField(
        _("Email address"),
        validators=[InputRequired(_("Enter your email address")), Length(max=254)],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )
    password = PasswordField(
        _("Password"),
        validators=[
            InputRequired(_("Enter your password")),
            Length(max=PASSWORD_MAX, message=_("That is longer than any password here can be")),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class ConfirmForm(Form):
    """The password that was chosen at joining."""

    password = PasswordField(
        _("The password you chose when you joined"),
        description=_("It shows that it was you who joined, and not somebody who typed your address."),
        validators=[
            InputRequired(_("Enter the password you chose")),
            Length(max=PASSWORD_MAX, message=_("That is longer than any password here can be")),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class SendAgainForm(Form):
    """Where the link goes once more."""

    email = EmailField(
        _("Email address"),
        validators=[InputRequired(_("Enter your email address")), Length(max=254)],
        render_kw={"autocomplete": "email", "autocapitalize": "none"},
    )
