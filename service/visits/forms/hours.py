"""A week in seven lines, and a day unlike the others."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from service.kit.fields import DayField, Form
from service.visits.rules.rota import read_clock, read_day, write_day
from service.visits.rules.times import Stretch

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAMES = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def _line(number: int) -> StringField:
    return StringField(
        NAMES[number], validators=[Length(max=200)], render_kw={"autocomplete": "off", "autocapitalize": "none"}
    )


class WeekForm(Form):
    """The hours of each weekday in words: "9 AM to 12 PM, 1 PM to 5 PM"; empty where closed."""

    monday = _line(0)
    tuesday = _line(1)
    wednesday = _line(2)
    thursday = _line(3)
    friday = _line(4)
    saturday = _line(5)
    sunday = _line(6)

    @property
    def lines(self) -> list[Any]:
        """The seven fields, from Monday."""
        return [self[name] for name in WEEKDAYS]

    def show(self, week: dict[int, tuple[Stretch, ...]]) -> None:
        """What is on file."""
        for number, field in enumerate(self.lines):
            field.data = write_day(week.get(number, ()))

    def validate(self, extra_validators: Any = None) -> bool:
        """Every line must be read; each that cannot says how to write it."""
        good = bool(super().validate(extra_validators))
        for number, field in enumerate(self.lines):
            try:
                read_day(number, field.data or "")
            except ValueError:
                words = gettext("Write the hours of %(day)s like 9 AM to 12 PM, 1 PM to 5 PM", day=field.label.text)
                field.errors = [words]
                good = False
        return good

    def week(self) -> list[Stretch]:
        """All that was typed."""
        return [one for number, field in enumerate(self.lines) for one in read_day(number, field.data or "")]


def _clock(form: Form, field: Any) -> None:
    if (field.data or "").strip() and read_clock(field.data) is None:
        raise ValidationError(gettext("Write a time like 9:30 AM or 17:00"))
    if form["what"].data in ("part", "extra") and not (field.data or "").strip():
        raise ValidationError(gettext("Enter a time like 9:30 AM or 17:00"))


class OtherDayForm(Form):
    """Closed all day, closed for a part of it, or open for longer."""

    day = DayField(_("Which day?"), validators=[InputRequired(_("Enter the day"))])
    what = RadioField(
        _("What is different?"),
        choices=[
            SelectChoice("closed", _("Closed all day")),
            SelectChoice("part", _("Closed for a part of the day")),
            SelectChoice("extra", _("Open for extra hours")),
        ],
        validators=[InputRequired(_("Choose what is different"))],
    )
    starts = StringField(
        _("From"),
        description=_("Leave both empty for the whole day."),
        validators=[Length(max=20), _clock],
        render_kw={"autocomplete": "off"},
    )
    ends = StringField(_("To"), validators=[Length(max=20), _clock], render_kw={"autocomplete": "off"})
    keep = BooleanField(_("Keep these visits: they take place, and the rest of that time is closed"))

    def span(self) -> tuple[time | None, time | None]:
        """From when to when; nothing for a whole day."""
        if self.what.data == "closed":
            return None, None
        return read_clock(self.starts.data or ""), read_clock(self.ends.data or "")
