"""Ending a membership: when, and why if somebody cares to say."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, TextAreaField
from wtforms.validators import Length

from service.billing.rules.leaving import COMMENT_MAX, WHY
from service.kit.fields import Form


class LeavingForm(Form):
    """Nothing has to be filled in: without a choice it ends with the paid month."""

    when = RadioField(_("When"), validate_choice=False)
    reason = RadioField(
        _("Why do you cancel? (You do not have to say.)"), choices=[], default=None, validate_choice=False
    )
    comment = TextAreaField(
        _("Anything you would like us to know (you do not have to)"),
        description=_("Leave out your health: somebody of your care team asks you about that."),
        validators=[Length(max=COMMENT_MAX, message=_("That is longer than we can keep. Use a shorter form."))],
    )

    def offer(self, *, later: str | None, now: str) -> LeavingForm:
        """This form with its choices in words; `later` is None where it can only end at once."""
        self.when.choices = [*([("end", later)] if later else []), ("now", now)]
        if self.when.data not in dict(self.when.choices):
            self.when.data = "end" if later else "now"
        self.reason.choices = [(code, gettext(words)) for code, words in WHY.items()]
        return self
