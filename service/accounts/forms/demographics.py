"""The shape of what people tell about sex, race and ethnicity."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from service.accounts.rules.demographics import ETHNICITY, RACE, SEX
from service.kit.fields import Form, TicksField


class DemographicsForm(Form):
    """Three questions, each optional."""

    sex = RadioField(_("Sex"), choices=[], validators=[Optional()])
    race = TicksField(_("Race"), description=_("Choose all that fit."), choices=[])
    ethnicity = RadioField(_("Ethnicity"), choices=[], validators=[Optional()])

    def offer(self) -> None:
        """The choices in the reader's language."""
        for field, codes in ((self.sex, SEX), (self.race, RACE), (self.ethnicity, ETHNICITY)):
            field.choices = [SelectChoice(code, gettext(said)) for code, said in codes.items()]
