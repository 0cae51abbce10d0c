"""Looking for one person in the queue."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField
from wtforms.validators import Email, InputRequired, Length

from service.kit.fields import Form


class FindForm(Form):
    """The whole e-mail address somebody signs in with. Sent in the body, so that it stands in no address and no log."""

    email = EmailField(
        _("Their e-mail address"),
        description=_("The whole address they sign in with. Names are sealed and cannot be searched."),
        validators=[
            InputRequired(_("Enter an e-mail address, like name@example.com")),
            Length(max=254, message=_("Enter an e-mail address, like name@example.com")),
            Email(_("Enter an e-mail address, like name@example.com")),
        ],
        render_kw={"autocomplete": "off"},
    )
