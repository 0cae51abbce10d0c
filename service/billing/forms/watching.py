"""Why somebody of the staff does something about billing's own machinery: one of a few reasons, and no sentence."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from service.kit.fields import Form


class WhyForm(Form):
    """One of the reasons that fit."""

    reason = RadioField(
        _("Why?"),
        description=_("It is written down in the audit trail."),
        validators=[InputRequired(_("Choose why"))],
    )

    def offer(self, reasons: Mapping[str, str]) -> WhyForm:
        """This form with these reasons."""
        self.reason.choices = [SelectChoice(code, gettext(text)) for code, text in reasons.items()]
        return self


class InboxForm(Form):
    """What is looked for. Sent by GET: it changes nothing, and a link can hold it."""

    class Meta(Form.Meta):
        """No token: there is nothing to protect."""

        csrf = False

    about = SelectField(_("About"), validate_choice=False)
    parked_for = SelectField(_("Why it is kept"), validate_choice=False)

    def offer(self, about: Mapping[str, str], parked_for: Mapping[str, str]) -> InboxForm:
        """This form with these choices."""
        self.about.choices = [SelectChoice("", gettext("Anything")), *(SelectChoice(*one) for one in about.items())]
        kept = (SelectChoice(code, gettext(text)) for code, text in parked_for.items())
        self.parked_for.choices = [SelectChoice("", gettext("Any reason")), *kept]
        return self
