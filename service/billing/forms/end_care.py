"""What staff fill in before somebody's care ends."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.billing.rules.ending import DELIVERED_WORDS, NOTE_MAX, WORDS
from service.kit.fields import Form


class EndCareForm(Form):
    """Why, whether anything was delivered, and what the next colleague should know. Nothing is chosen beforehand."""

    reason = RadioField(_("Why does care end?"), validators=[InputRequired(_("Choose why care ends"))])
    delivered = RadioField(
        _("Was anything delivered to them?"),
        description=_("This decides how much is given back."),
        choices=[SelectChoice(key, _(said)) for key, said in DELIVERED_WORDS.items()],
        validators=[InputRequired(_("Say whether anything was delivered"))],
    )
    note = TextAreaField(
        _("Note"),
        description=_("For colleagues, sealed. Nothing about anybody's health: that belongs into the record."),
        validators=[Length(max=NOTE_MAX, message=_("Write at most 2,000 letters"))],
    )

    def about(self, reasons: tuple[str, ...]) -> EndCareForm:
        """This form, with the reasons this colleague may give."""
        self.reason.choices = [SelectChoice(one, gettext(WORDS[one])) for one in reasons]
        return self


class EndCareSureForm(Form):
    """The same, carried by the page that asks whether they are sure."""

    reason = HiddenField(validators=[InputRequired(), Length(max=40)])
    delivered = HiddenField(validators=[InputRequired(), Length(max=40)])
    note = HiddenField(validators=[Length(max=NOTE_MAX)])
