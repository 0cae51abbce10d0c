"""Where the link to go on shall be sent."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField
from wtforms.validators import InputRequired, Length

from service.enrollment.forms.join import trimmed
from service.kit.fields import Form


class LaterForm(Form):
    """An address, for the link alone, and whether to be reminded once. Nothing is ticked for anybody."""

    email = EmailField(
        _("Email address"),
        description=_("Only to send you this link. We keep it for 30 days at most."),
        filters=[trimmed],
        validators=[
            InputRequired(_("Enter your email address")),
            Length(max=254, message=_("That is longer than any email address can be")),
        ],
        render_kw={"autocomplete": "email", "autocapitalize": "none"},
    )
    nudge = BooleanField(_("Remind me once, if I have not come back in a day"))
