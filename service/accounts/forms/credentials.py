"""The shape of what is typed to change, or to get back, what one signs in with."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from service.accounts.rules import PASSWORD_MAX
from service.kit.fields import Form

_LONG = Length(max=PASSWORD_MAX, message=_("That is longer than any password here can be"))
_ADDRESS_LONG = Length(max=254, message=_("That is longer than any email address can be"))
NEW_WORDS = _("8 characters or more. A few words that only you would put together work well.")


class ChangePasswordForm(Form):
    """The old password and a new one. The rules judge the new one; the form only gathers it."""

    old = PasswordField(
        _("Your present password"),
        validators=[InputRequired(_("Enter your present password")), _LONG],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _("Your new password"),
        description=NEW_WORDS,
        validators=[
            InputRequired(_("Choose a new password")),
            Length(max=PASSWORD_MAX, message=_("Use 128 characters or fewer")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    end_others = BooleanField(_("Sign me out in every other browser"), default=True)


class ResetPasswordForm(Form):
    """A new password, behind a link."""

    new = PasswordField(
        _("Your new password"),
        description=NEW_WORDS,
        validators=[
            InputRequired(_("Choose a new password")),
            Length(max=PASSWORD_MAX, message=_("Use 128 characters or fewer")),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class ForgotPasswordForm(Form):
    """Where the link goes."""

    email = EmailField(
        _("Email address"),
        validators=[InputRequired(_("Enter your email address")), _ADDRESS_LONG],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )


class NewEmailForm(Form):
    """Another address."""

    email = EmailField(
        _("Your new email address"),
        description=_("We send a link there. Nothing changes before you open it and enter your password."),
        validators=[InputRequired(_("Enter your new email address")), _ADDRESS_LONG],
        render_kw={"autocomplete": "email", "autocapitalize": "none"},
    )


class ConfirmNewEmailForm(Form):
    """The password, to show whose account it is."""

    password = PasswordField(
        _("Your password"),
        description=_("It shows that the account is yours, and that the link did not reach the wrong mailbox."),
        validators=[InputRequired(_("Enter your password")), _LONG],
        render_kw={"autocomplete": "current-password"},
    )
