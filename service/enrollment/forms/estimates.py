"""Asking for an estimate."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired

from service.kit.fields import Form
from service.kit.ids import new_id


class AskForm(Form):
    """With which plan. `request` is made with the page, so that sending it twice is one estimate."""

    request = HiddenField()
    plan = RadioField(_("With which plan?"), validators=[InputRequired(_("Choose one of the plans"))])

    def asked(self) -> UUID:
        """The request's id; a new one where somebody sent something else."""
        try:
            return UUID(self.request.data or "")
        except ValueError:
            return new_id()
