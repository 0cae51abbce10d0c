"""Why a hold may be lifted, why a record must be opened, and what a review found."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.accounts.rules.care import WORDS_MAX, WORDS_MIN
from service.kit.fields import Form
from service.safety.rules import REASON_MAX, REASON_MIN


def _trimmed(text: str | None) -> str:
    return (text or "").strip()


class LiftForm(Form):
    """Why it is safe to go on, in the clinician's own words."""

    reason = TextAreaField(
        _("Why is it safe to go on?"),
        description=_("What you found out, and what you agreed with the patient. It becomes part of the record."),
        filters=[_trimmed],
        validators=[
            Length(min=REASON_MIN, message=_("Write in a sentence why it is safe to go on.")),
            Length(max=REASON_MAX, message=_("Keep the reason under 2,000 characters.")),
        ],
    )


class GlassForm(Form):
    """Why somebody must see a record that is not in their care. `next` is the page they came from."""

    why = RadioField(
        _("Why do you need this record now?"),
        choices=[
            SelectChoice("emergency", _("An emergency")),
            SelectChoice("covering", _("I stand in for a colleague")),
            SelectChoice("asked", _("The patient asked me to look")),
            SelectChoice("other", _("Something else")),
        ],
        validators=[InputRequired(_("Choose why you need this record"))],
    )
    reason = TextAreaField(
        _("What happened?"),
        description=_("A sentence that whoever reviews this will understand."),
        filters=[_trimmed],
        validators=[
            Length(min=WORDS_MIN, message=_("Write in a sentence what happened.")),
            Length(max=WORDS_MAX, message=_("Keep it under 2,000 characters.")),
        ],
    )
    next = HiddenField()


class ReviewForm(Form):
    """Whether a look was justified, and what was found."""

    justified = RadioField(
        _("Was it justified?"),
        choices=[SelectChoice("yes", _("Yes")), SelectChoice("no", _("No"))],
        validators=[InputRequired(_("Choose yes or no"))],
    )
    words = TextAreaField(
        _("What did you find?"),
        filters=[_trimmed],
        validators=[
            Length(min=WORDS_MIN, message=_("Write in a sentence what you found.")),
            Length(max=WORDS_MAX, message=_("Keep it under 2,000 characters.")),
        ],
    )
