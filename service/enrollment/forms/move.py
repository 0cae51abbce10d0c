"""Where somebody lives."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Regexp

from service.kit.fields import Form

_LONG = Length(max=100, message=_("Keep this under 100 letters"))


class MoveForm(Form):
    """A postal address. The county is asked only where the ZIP reaches into more than one."""

    line1 = StringField(
        _("Street and house number"),
        validators=[DataRequired(_("Enter your street and house number")), _LONG],
        render_kw={"autocomplete": "address-line1"},
    )
    line2 = StringField(
        _("Apartment, floor or unit"),
        description=_("Leave it empty if there is none."),
        validators=[_LONG],
        render_kw={"autocomplete": "address-line2"},
    )
    city = StringField(
        _("City"),
        validators=[DataRequired(_("Enter your city")), _LONG],
        render_kw={"autocomplete": "address-level2"},
    )
    zip_code = StringField(
        _("ZIP code"),
        description=_("It tells us the state and the county."),
        validators=[
            DataRequired(_("Enter your ZIP code.")),
            Regexp(r"\s*\d{5}(-?\d{4})?\s*$", message=_("Enter five digits, like 07102")),
        ],
        render_kw={"autocomplete": "postal-code", "inputmode": "numeric"},
    )
    county = SelectField(_("County"), choices=[], validate_choice=False)
    yes_to = HiddenField()

    def ask_county(self, counties: Mapping[str, str], *, many: bool) -> None:
        """Offer counties (FIPS code to name). `many`: the ZIP reaches into several; else we do not know its county."""
        self.county.choices = [SelectChoice(fips, name) for fips, name in counties.items()]
        self.county.description = (
            _("This ZIP code reaches into more than one county: choose yours.")
            if many
            else _("We do not know the county of this ZIP code: choose yours.")
        )
