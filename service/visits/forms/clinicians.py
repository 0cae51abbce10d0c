"""Who a clinician is, and their licences, as an owner types them. What may stand is for the actions to say."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from service.accounts.rules.contact import US_ZONES
from service.catalog.rules.states import State
from service.kit.fields import DayField, Form
from service.visits.actions.practise import About
from service.visits.queries import Practitioner
from service.visits.rules.licenses import DEGREES, KIND_WORDS

KIND_HINTS = {
    "out_of_state_telehealth": _("A state's registration for clinicians licensed in another one."),
    "dea": _("Federal, one for each state they prescribe in. Not a license to see patients."),
    "cds": _("A state's own, beside the DEA registration. Not a license to see patients."),
}


def trimmed(text: str | None) -> str:
    """Without spaces around it."""
    return (text or "").strip()


class AboutForm(Form):
    """What patients are told of a clinician, and what only we need."""

    display_name = StringField(
        _("Name, as patients read it"),
        description=_("With the title, like Dr. Maya Lee."),
        filters=[trimmed],
        validators=[DataRequired(_("Enter the name as patients should read it")), Length(max=120)],
        render_kw={"autocomplete": "off"},
    )
    credentials = RadioField(
        _("Degree"),
        choices=[SelectChoice(one, one) for one in DEGREES],
        validators=[InputRequired(_("Choose the degree"))],
    )
    board = StringField(
        _("Certifying board"),
        description=_("As American Board of Psychiatry and Neurology. Leave it empty where there is none."),
        filters=[trimmed],
        validators=[Length(max=200, message=_("Keep the name of the board under 200 letters"))],
        render_kw={"autocomplete": "off"},
    )
    npi = StringField(
        _("NPI"),
        description=_("Ten digits, from the NPPES registry."),
        filters=[trimmed],
        validators=[Length(max=20)],
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    phone = TelField(
        _("Phone number for patients"),
        description=_("Patients must be able to reach who treats them. The practice's number will do."),
        filters=[trimmed],
        validators=[Length(max=40)],
        render_kw={"autocomplete": "off"},
    )
    time_zone = SelectField(_("Time zone of their hours"), validators=[InputRequired(_("Choose the time zone"))])

    def fill(self, person: Practitioner | None) -> None:
        """The zones to choose from, and what is on file where nothing was sent."""
        own = person.time_zone if person else "America/New_York"
        zones = dict(US_ZONES) if own in US_ZONES else {own: own, **US_ZONES}
        self.time_zone.choices = [SelectChoice(zone, gettext(name)) for zone, name in zones.items()]
        if self.time_zone.data is None:
            self.time_zone.data = own

    def about(self) -> About:
        """What was typed."""
        return About(
            self.display_name.data or "",
            self.credentials.data or "",
            self.time_zone.data or "",
            self.board.data or "",
            self.npi.data or "",
            self.phone.data or "",
        )


def _source_field() -> StringField:
    return StringField(
        _("Where did you look it up today?"),
        description=_("The name of the page, as: Department of Health license search."),
        filters=[trimmed],
        validators=[DataRequired(_("Enter where it was looked up")), Length(max=120)],
        render_kw={"autocomplete": "off"},
    )


class RenewForm(Form):
    """Number and day, as looked up today."""

    number = StringField(
        _("Number"),
        filters=[trimmed],
        validators=[DataRequired(_("Enter the number as it stands on the license")), Length(max=40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters"},
    )
    expires_on = DayField(
        _("Expires on"),
        description=_("It counts up to the day before."),
        validators=[InputRequired(_("Enter the day on which it expires"))],
    )
    source = _source_field()


class LicenseForm(RenewForm):
    """A licence that is not on file yet."""

    kind = RadioField(
        _("Which is it?"),
        choices=[SelectChoice(key, _(name)) for key, name in KIND_WORDS.items()],
        validators=[InputRequired(_("Choose which it is"))],
    )
    state = RadioField(_("State"), validators=[InputRequired(_("Choose the state"))])

    def offer(self, states: Mapping[str, State]) -> None:
        """The states of the practice."""
        self.state.choices = [SelectChoice(code, state.name) for code, state in states.items()]


class VerifyForm(Form):
    """Where it was looked up again."""

    source = _source_field()


class EndForm(Form):
    """Nothing but the token: the page before says what it means."""
