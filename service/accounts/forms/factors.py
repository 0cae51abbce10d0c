"""The shape of what is shown as a second step, and of what adds or removes one."""

from __future__ import annotations

from typing import Any, Self

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, Optional

from service.accounts.rules import PASSWORD_MAX
from service.kit.errors import HomewardError, NotAllowed
from service.kit.fields import Form

CREDENTIAL_MOST = 64 * 1024  # a browser's answer with a long certificate chain is some kilobytes
LABELS = {
    "app": (_("Code from your authenticator app"), _("Six digits. A new code appears every 30 seconds.")),
    "mail": (_("Code from the email"), _("Eight digits. It works for 10 minutes, in this browser.")),
    "recovery": (_("Recovery code"), _("One of the ten you kept, like 4f9kt-0wz2m. Each works once.")),
    "passkey": (_("Passkey"), ""),
}


def _end_others() -> BooleanField:
    return BooleanField(
        _("Sign me out everywhere else"),
        description=_("Do this if somebody else may have used your account."),
    )


class _WithCredential(Form):
    """A form that a script fills. What is missing is said above it: there is no field to lead to."""

    credential = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Check, and move what is wrong with the hidden field to where it is seen."""
        right: bool = super().validate(extra_validators)
        self.form_errors.extend(self.credential.errors)
        self.credential.errors = []
        return right


class SecondStepForm(_WithCredential):
    """One way of showing it: a code, or a passkey's answer that a script filled in."""

    way = HiddenField()
    code = StringField(validators=[InputRequired(_("Enter the code")), Length(max=40, message=_("That is too long"))])
    remember = BooleanField(
        _("Do not ask for this again on this device"),
        description=_("Leave this empty on a device that others use too."),
    )

    def asking(self, way: str) -> Self:
        """Word the form for one way."""
        self.way.data = way
        self.code.label.text, self.code.description = LABELS[way]
        if way == "recovery":
            self.code.render_kw = {"autocomplete": "off", "autocapitalize": "none"}
        else:
            self.code.render_kw = {"autocomplete": "one-time-code", "inputmode": "numeric"}
        if way == "passkey":
            self.code.validators = [Optional()]
            self.credential.validators = [
                InputRequired(_("Your browser sent no passkey. Try again, or choose another way.")),
                Length(max=CREDENTIAL_MOST),
            ]
        return self

    def turned_down(self, error: HomewardError) -> int:
        """Put the no where it belongs. Returns the status of the page."""
        if self.way.data == "passkey":
            self.form_errors.append(gettext(error.message))
        else:
            self.code.errors = [*self.code.errors, gettext(error.message)]
        return 429 if isinstance(error, NotAllowed) else 422


class PasskeySignInForm(_WithCredential):
    """A passkey's answer on the page where one signs in."""

    credential = HiddenField(
        validators=[
            InputRequired(
                _("Your browser sent no passkey. Try again, or sign in with your email address and password.")
            ),
            Length(max=CREDENTIAL_MOST),
        ]
    )


class PasswordForm(Form):
    """The password once more."""

    password = PasswordField(
        _("Your password"),
        validators=[
            InputRequired(_("Enter your password")),
            Length(max=PASSWORD_MAX, message=_("That is longer than any password here can be")),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class SetUpCodeForm(Form):
    """The code that staff were handed when their second step was removed."""

    code = StringField(
        _("Code that the owner gave you"),
        description=_("Like 4f9kt-0wz2m. It works for 72 hours."),
        validators=[InputRequired(_("Enter the code")), Length(max=40, message=_("That is too long"))],
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )


class AddAppForm(Form):
    """The first code of an app that was just set up."""

    code = StringField(
        _("Code that the app shows now"),
        description=_("Six digits."),
        validators=[InputRequired(_("Enter the code")), Length(max=12, message=_("The code has six digits"))],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )
    end_others = _end_others()


class NameForm(Form):
    """What a passkey is called on its owner's list."""

    name = StringField(
        _("Name of the passkey"),
        description=_("So that you know it again, like “My phone”."),
        validators=[InputRequired(_("Enter a name")), Length(max=60, message=_("Keep the name under 60 letters"))],
        render_kw={"autocomplete": "off"},
    )


class AddPasskeyForm(NameForm, _WithCredential):
    """A name, and what the browser made."""

    credential = HiddenField(
        validators=[
            InputRequired(_("Your browser made no passkey. Try again, or set up an app instead.")),
            Length(max=CREDENTIAL_MOST),
        ]
    )
    end_others = _end_others()


class RemoveForm(Form):
    """Before a second step goes."""

    end_others = _end_others()
