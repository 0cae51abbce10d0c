"""Signing one text, taking one back, and where help can be sent."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, HiddenField, RadioField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from service.consent.rules.names import is_a_name
from service.enrollment.rules.signing import LASTS, SCOPES, Filled
from service.kit.fields import Form, TicksField

TOO_LONG = _("That is longer than we can keep. Use a shorter form.")


def _a_name(form: Form, field: Field) -> None:  # noqa: ARG001 (WTForms' signature)
    if not is_a_name(field.data or ""):
        raise ValidationError(gettext("Type your full name, not only a letter"))


class SignForm(Form):
    """An unticked box, a typed name, and the hash of the text that was on the page. The box takes its words from it."""

    shown = HiddenField()
    opened = HiddenField()
    sure = HiddenField()
    agreed = BooleanField(validators=[InputRequired(_("Tick the box to say that you have read this and agree"))])
    typed_name = StringField(
        _("Type your full name"),
        description=_("This is your electronic signature."),
        validators=[
            InputRequired(_("Type your full name to sign")),
            Length(max=200, message=_("Your name must be 200 characters or fewer")),
            _a_name,
        ],
        render_kw={"autocomplete": "name"},
    )

    def filled(self) -> Filled | None:
        """What was filled in below the text; nothing here."""
        return None


class SitterForm(SignForm):
    """Who stays with the patient."""

    name = StringField(
        _("Their full name"),
        validators=[InputRequired(_("Enter the name of this person")), Length(max=100, message=TOO_LONG)],
    )
    relation = StringField(
        _("Who they are to you"),
        description=_("For example: my sister, a friend, a neighbor"),
        validators=[InputRequired(_("Say who this person is to you")), Length(max=100, message=TOO_LONG)],
    )
    phone = TelField(
        _("Their telephone number"),
        description=_("We call it only when your life may be in danger."),
        validators=[InputRequired(_("Enter their telephone number")), Length(max=40, message=TOO_LONG)],
    )

    def filled(self) -> Filled:
        """The person who stays."""
        return Filled(name=self.name.data or "", relation=self.relation.data or "", phone=self.phone.data or "")


class ReleaseForm(SignForm):
    """With whom we may speak, about what, and for how long."""

    name = StringField(
        _("Their full name, or the name of the office"),
        validators=[InputRequired(_("Enter the name of this person")), Length(max=100, message=TOO_LONG)],
    )
    phone = TelField(_("Their telephone number, if you have it"), validators=[Length(max=40, message=TOO_LONG)])
    scope = TicksField(_("What may we share?"), validators=[InputRequired(_("Choose what we may share"))])
    months = RadioField(_("For how long?"), validators=[InputRequired(_("Choose how long this lasts"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope.choices = [(key, gettext(said)) for key, said in SCOPES.items()]
        self.months.choices = [(key, gettext("%(count)s months", count=count)) for key, count in LASTS.items()]

    def filled(self) -> Filled:
        """With whom, what, how long."""
        return Filled(
            name=self.name.data or "",
            phone=self.phone.data or "",
            scope=tuple(self.scope.data or ()),
            months=self.months.data or "",
        )


FORMS: dict[str, type[SignForm]] = {"nothing": SignForm, "sitter": SitterForm, "release": ReleaseForm}
DETAILS = ("name", "relation", "phone", "scope", "months")


class WithdrawForm(Form):
    """Why, for whoever wants to say."""

    why = TextAreaField(
        _("Would you like to say why? You do not have to."),
        validators=[Length(max=2000, message=_("Keep it under 2,000 letters"))],
    )


class HomeForm(Form):
    """The street where the patient is, in the ZIP that we know."""

    line1 = StringField(
        _("Street and house number"),
        description=_("Not a post office box: an ambulance has to find it."),
        validators=[InputRequired(_("Enter your street and house number")), Length(max=100, message=TOO_LONG)],
        render_kw={"autocomplete": "address-line1"},
    )
    line2 = StringField(
        _("Apartment or suite, if there is one"),
        validators=[Length(max=100, message=TOO_LONG)],
        render_kw={"autocomplete": "address-line2"},
    )
    city = StringField(
        _("City"),
        validators=[InputRequired(_("Enter your city")), Length(max=100, message=TOO_LONG)],
        render_kw={"autocomplete": "address-level2"},
    )
