"""Choosing a time: one choice, shown in up to three groups of tiles; then what somebody needs at the visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from service.kit.fields import Form, TicksField
from service.kit.format import hour
from service.visits.queries import OpenTime
from service.visits.rules.times import part_of_day

PARTS = ("morning", "afternoon", "evening")


class BookingForm(Form):
    """Three groups of tiles that are one question: they share their name, so one choice unticks the others."""

    day = HiddenField()
    physician = HiddenField()
    morning = RadioField(_("Morning"), name="slot", id="slot-morning", choices=[], validate_choice=False)
    afternoon = RadioField(_("Afternoon"), name="slot", id="slot-afternoon", choices=[], validate_choice=False)
    evening = RadioField(_("Evening"), name="slot", id="slot-evening", choices=[], validate_choice=False)

    def offer(self, times: Sequence[OpenTime], zone: str, locale: str) -> None:
        """Fill the groups with what is open."""
        groups: dict[str, list[SelectChoice]] = defaultdict(list)
        for time in times:
            words = hour(time.starts_at, zone, locale, named=False)
            groups[part_of_day(time.starts_at, zone)].append(SelectChoice(slot_value(time), words))
        for part in PARTS:
            self[part].choices = groups[part]

    @property
    def groups(self) -> list[RadioField]:
        """The groups that have a time in them."""
        return [self[part] for part in PARTS if self[part].choices]

    def ask(self) -> None:
        """Say that a time must be chosen, at the first tile."""
        if self.groups:
            self.groups[0].errors = [str(_("Choose a time for your visit"))]

    def chosen(self) -> tuple[UUID, datetime] | None:
        """With whom and when; None when nothing, or nothing we offered, was chosen."""
        practitioner, _, moment = str(self.morning.data or "").partition("_")
        try:
            starts_at = datetime.fromtimestamp(int(moment), UTC)
            # At the ends of the calendar there is no local time to show.
            return (UUID(practitioner), starts_at) if MINYEAR < starts_at.year < MAXYEAR else None
        except (ValueError, OverflowError, OSError):
            return None


class CheckForm(Form):
    """What somebody needs at a visit. Nothing has to be ticked."""

    needs = TicksField(
        _("Is there anything you need for this visit?"),
        description=_("Tick all that you need. It is free, and we arrange it."),
        choices=[
            SelectChoice("captions", _("Captions")),
            SelectChoice("interpreter", _("An interpreter")),
            SelectChoice("more_time", _("More time")),
            SelectChoice("support_person", _("Somebody with me who supports me")),
        ],
    )
    own_words = TextAreaField(
        _("Anything else that helps you take part"),
        description=_("For example the language of the interpreter. Your care team reads it."),
        validators=[Length(max=1000, message=_("Keep this under 1,000 letters"))],
    )


def slot_value(time: OpenTime) -> str:
    """How a tile names its time: the practitioner and the moment."""
    return f"{time.practitioner.id}_{int(time.starts_at.timestamp())}"
