"""Choosing a colleague: for the care team, or as the new owner; and why somebody leaves."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from service.kit.fields import Form

People = Iterable[tuple[UUID, str, str]]


class AssignForm(Form):
    """One colleague who is to join. Whoever is not offered is not a choice."""

    user_id = SelectField(_("Colleague to add"))

    def fit(self, people: People) -> None:
        """Offer these: (user id, name, role)."""
        self.user_id.choices = _choices(people)


class HandOverForm(Form):
    """One colleague who is to own the enrollment."""

    heir_id = SelectField(_("New owner"))

    def fit(self, people: People) -> None:
        """Offer these: (user id, name, role)."""
        self.heir_id.choices = _choices(people)


class LeaveForm(Form):
    """Why somebody leaves the care team."""

    why = RadioField(
        _("Why?"),
        choices=[
            SelectChoice("handed", _("A colleague looks after the patient now")),
            SelectChoice("done", _("Their part is done")),
            SelectChoice("away", _("They are away or leaving")),
            SelectChoice("mistake", _("They were added by mistake")),
        ],
        validators=[InputRequired(_("Choose why"))],
    )

    def of_oneself(self) -> None:
        """The same reasons, said by whoever leaves."""
        self.why.choices = [
            SelectChoice("handed", _("A colleague looks after the patient now")),
            SelectChoice("done", _("My part is done")),
            SelectChoice("away", _("I am away or leaving")),
            SelectChoice("mistake", _("I was added by mistake")),
        ]


def _choices(people: People) -> list[SelectChoice]:
    return [SelectChoice(str(one), f"{name}, {role}") for one, name, role in people]
