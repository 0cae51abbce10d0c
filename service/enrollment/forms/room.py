"""Where somebody is at the moment of their visit."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from service.catalog.rules.states import State
from service.enrollment.rules.regions import REGIONS
from service.kit.fields import Form
from service.visits.rules.day import ELSEWHERE

HERE, OTHER, ABROAD = "here", "other", "abroad"
HOME, AT = "home", "at"


class WhereForm(Form):
    """Place, address for an ambulance, telephone. Nothing is chosen beforehand: each is said anew for each visit."""

    where = RadioField(_("Where are you right now?"), validators=[InputRequired(_("Choose where you are right now"))])
    county = SelectField(_("County"), choices=[], validate_choice=False)
    other_state = SelectField(
        _("Which state?"),
        description=_("Only if you are in another state."),
        choices=[SelectChoice(code, name) for code, name in sorted(REGIONS.items(), key=lambda one: one[1])],
        validate_choice=False,
    )
    help_to = RadioField(
        _("Where should an ambulance come, if you needed one during the visit?"),
        validators=[InputRequired(_("Choose where help should come"))],
    )
    address = StringField(
        _("The address where you are"),
        description=_("Only if it is not your home: street, number, city."),
        validators=[Length(max=300, message=_("Keep this under 300 letters"))],
        render_kw={"autocomplete": "off"},
    )
    callback = StringField(
        _("The phone number where we reach you now"),
        description=_("We call it if the picture fails."),
        validators=[DataRequired(_("Enter a phone number with area code, like (305) 555-0123"))],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )

    def fit(self, state: State, home: str) -> None:
        """Fit the form to the state of the visit and the home address; "" where we have none."""
        self.where.choices = [
            SelectChoice(HERE, gettext("In %(state)s", state=state.name)),
            SelectChoice(OTHER, gettext("In another state")),
            SelectChoice(ABROAD, gettext("Outside of the United States")),
        ]
        self.county.label.text = gettext("County in %(state)s", state=state.name)
        self.county.choices = [SelectChoice(county.fips, county.name) for county in state.counties]
        self.help_to.choices = [SelectChoice(AT, gettext("To another address"))]
        if home:
            self.help_to.choices.insert(0, SelectChoice(HOME, gettext("To my home: %(address)s", address=home)))

    def complete(self, state: State) -> bool:
        """What one answer asks of another, said at its field."""
        if self.where.data == HERE and state.county(self.county.data or "") is None:
            self.county.errors = [gettext("Choose the county you are in")]
        if self.where.data == OTHER and self.other_state.data not in set(REGIONS) - {state.code}:
            self.other_state.errors = [gettext("Choose the state you are in")]
        if self.help_to.data == AT and not (self.address.data or "").strip():
            self.address.errors = [gettext("Enter the address where you are")]
        return not self.errors

    def place(self, state: State) -> str:
        """A USPS code, or "elsewhere"."""
        return {HERE: state.code, OTHER: self.other_state.data or ""}.get(self.where.data, ELSEWHERE)
