"""Asking to hear when a state opens, or a program in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import EmailField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.enrollment.forms.join import trimmed
from service.enrollment.rules.regions import Place
from service.kit.fields import Form


def key_of(state: str, program: str = "") -> str:
    """How a form names what is waited for: "NY", or "FL/chronic_pain"."""
    return f"{state}/{program}" if program else state


def place_of(key: str) -> Place:
    """What a form named."""
    state, _slash, program = key.partition("/")
    return Place(state, program)


class PlaceForm(Form):
    """An address, for a place that the page knows already. The action judges both."""

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
    state: Any = HiddenField()


class WaitlistForm(PlaceForm):
    """An address and what to wait for. The action judges both."""

    state = SelectField(
        _("State"),
        validators=[InputRequired(_("Choose the state you live in"))],
        render_kw={"autocomplete": "address-level1"},
        validate_choice=False,
    )

    def __init__(self, places: Mapping[str, str], **values: Any) -> None:
        """`places` are the keys of what may be waited for and their names."""
        super().__init__(**values)
        self.state.choices = [SelectChoice(key, name) for key, name in places.items()]
