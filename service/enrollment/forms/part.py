"""The day on which a clinician leaves, and where each visit booked with them goes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from service.enrollment.actions.placing import ToPlace
from service.kit.fields import DayField, Form

CALL_OFF = "call-off"


class PartingDayForm(Form):
    """From which day on they see nobody."""

    class Meta(Form.Meta):
        """It only asks: nothing changes by it."""

        csrf = False

    on = DayField(
        _("From which day on do they see nobody?"),
        description=_("On their own calendar. The day before is their last."),
        validators=[InputRequired(_("Enter the day"))],
    )


class PlacesForm(Form):
    """One choice for each visit; the fields are made for the list at hand by `places_form`."""

    def places(self) -> dict[UUID, UUID | None]:
        """Each visit's new practitioner, or None to call it off."""
        return {
            UUID(name.removeprefix("visit-")): None if field.data == CALL_OFF else UUID(field.data)
            for name, field in self._fields.items()
            if name.startswith("visit-")
        }


def places_form(visits: tuple[ToPlace, ...], labels: list[str]) -> PlacesForm:
    """A form with a line for each visit. Nothing is chosen beforehand: each patient is thought of once."""
    fields: dict[str, Any] = {}
    for one, label in zip(visits, labels, strict=True):
        choices = [SelectChoice(str(who.id), gettext("Give it to %(name)s", name=who.title)) for who in one.colleagues]
        fields[f"visit-{one.visit.id}"] = RadioField(
            label,
            choices=[*choices, SelectChoice(CALL_OFF, gettext("Call it off, and offer to book again"))],
            validators=[InputRequired(gettext("Choose what becomes of this visit"))],
        )
    made: PlacesForm = type("PlacesForAll", (PlacesForm,), fields)()
    return made
