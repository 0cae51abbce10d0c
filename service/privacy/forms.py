"""What is ticked and written on the pages of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from service.kit.fields import Form

REASON_MIN, REASON_MAX = 10, 2000


class CloseForm(Form):
    """The one tick that closes an account."""

    understood = BooleanField(
        _("I want to close my account, and I know that it cannot be opened again"),
        validators=[InputRequired(_("Tick the box if you want to close your account"))],
    )


class ReasonForm(Form):
    """Why a legal hold is placed or lifted."""

    reason = TextAreaField(
        _("Reason"),
        description=_("For the record: which matter it is, and who asked. At least 10 letters."),
        validators=[
            InputRequired(_("Enter the reason")),
            Length(min=REASON_MIN, max=REASON_MAX, message=_("Enter between 10 and 2,000 letters")),
        ],
    )


class FindForm(Form):
    """Which patient a hold is about. Sent by POST: an address in a link would stay in logs."""

    patient = StringField(
        _("The patient's email address or id"),
        description=_("The id stands in the audit trail and beside a closed account."),
        filters=[lambda text: (text or "").strip()],
        validators=[
            InputRequired(_("Enter the patient's email address or id")),
            Length(max=254, message=_("That is longer than an email address can be")),
        ],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
