"""Signing one text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from service.kit.fields import Form


class SignForm(Form):
    """An unticked box, a typed name, and the hash of the text that was on the page. The box takes its words from it."""

    shown = HiddenField()
    agreed = BooleanField(validators=[InputRequired(_("Tick the box to say that you have read this and agree"))])
    typed_name = StringField(
        _("Type your full name"),
        description=_("This is your electronic signature."),
        validators=[
            InputRequired(_("Type your full name to sign")),
            Length(max=200, message=_("Your name must be 200 characters or fewer")),
        ],
        render_kw={"autocomplete": "name"},
    )
