"""The reason for lifting a hold."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import TextAreaField
from wtforms.validators import Length

from service.kit.fields import Form
from service.safety.rules import REASON_MAX, REASON_MIN


class LiftForm(Form):
    """Why it is safe to go on, in the clinician's own words."""

    reason = TextAreaField(
        _("Why is it safe to go on?"),
        description=_("What you found out, and what you agreed with the patient. It becomes part of the record."),
        filters=[lambda text: (text or "").strip()],
        validators=[
            Length(min=REASON_MIN, message=_("Write in a sentence why it is safe to go on.")),
            Length(max=REASON_MAX, message=_("Keep the reason under 2,000 characters.")),
        ],
    )
