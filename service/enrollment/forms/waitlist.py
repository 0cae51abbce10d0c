"""Asking to hear when a state opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import EmailField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.enrollment.forms.join import trimmed
from service.kit.fields import Form


class WaitlistForm(Form):
    """An address and the state to wait for. The action judges both."""

    email = EmailField(
        _("Email address"),
        description=_("We use it for this one message, and for nothing else."),
        filters=[trimmed],
        validators=[
            InputRequired(_("Enter your email address")),
            Length(max=254, message=_("That is longer than any email address can be")),
        ],
        render_kw={"autocomplete": "email", "autocapitalize": "none"},
    )
    state = SelectField(
        _("State"),
        validators=[InputRequired(_("Choose the state you live in"))],
        render_kw={"autocomplete": "address-level1"},
        validate_choice=False,
    )

    def __init__(self, regions: Mapping[str, str], **values: Any) -> None:
        super().__init__(**values)
        self.state.choices = [SelectChoice(code, name) for code, name in regions.items()]
