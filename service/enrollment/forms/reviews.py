"""Asking that a person looks at a no, and a clinician's answer."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.enrollment.actions.reviews import MOST_WORDS, NOTE_MIN
from service.enrollment.forms.join import trimmed
from service.kit.fields import Form


class AskForm(Form):
    """An address for the answer, and what the clinician should know."""

    email = EmailField(
        _("Email address"),
        description=_("Only to tell you that there is an answer. The mail says nothing about your health."),
        filters=[trimmed],
        validators=[
            InputRequired(_("Enter your email address")),
            Length(max=254, message=_("That is longer than any email address can be")),
        ],
        render_kw={"autocomplete": "email", "autocapitalize": "none"},
    )
    message = TextAreaField(
        _("What should the clinician know? (optional)"),
        description=_(
            "For example what has changed, or what your doctor says. Nobody watches this page: in danger, call 911."
        ),
        filters=[trimmed],
        validators=[Length(max=MOST_WORDS, message=_("Keep it under 2,000 letters"))],
    )


class VerdictForm(Form):
    """A clinician's answer, and why."""

    verdict = RadioField(
        _("Your answer"),
        choices=[
            SelectChoice("stands", _("The result stands: at-home treatment is not a good fit right now")),
            SelectChoice("opened", _("Open the way: an account and a free visit are possible")),
        ],
        validators=[InputRequired(_("Choose an answer"))],
    )
    note = TextAreaField(
        _("What you looked at, for the record"),
        description=_("The person does not read this."),
        filters=[trimmed],
        validators=[
            InputRequired(_("Write in a sentence what you looked at")),
            Length(min=NOTE_MIN, message=_("Write in a sentence what you looked at")),
            Length(max=MOST_WORDS, message=_("Keep it under 2,000 letters")),
        ],
    )
