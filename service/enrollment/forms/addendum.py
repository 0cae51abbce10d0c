"""What a clinician adds to a signed visit."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import TextAreaField
from wtforms.fields.choices import SelectChoice

from service.enrollment.forms.encounter_parts import at_most
from service.kit.fields import Form, TicksField


class AddendumForm(Form):
    """Words, or what is settled meanwhile, or both."""

    text = TextAreaField(
        _("What do you add?"),
        description=_("A correction or an afterthought. What was signed before stays as it is."),
        validators=[at_most(20_000)],
    )
    settles = TicksField(
        _("Settled since"),
        choices=[
            SelectChoice("sitter", _("A sober adult stays with the patient at every session")),
            SelectChoice("monitor", _("An upper-arm blood pressure monitor is at home")),
        ],
    )

    @property
    def plain_text(self) -> str:
        """The words as they are signed."""
        return (self.text.data or "").replace("\r\n", "\n").strip()
