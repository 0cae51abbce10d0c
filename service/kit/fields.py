"""Form fields the browser has no good one for."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, SelectMultipleField, widgets

MONTHS = {calendar.month_abbr[number].lower(): number for number in range(1, 13)}


@dataclass(frozen=True)
class Part:
    """One of the three boxes. `width` is in characters."""

    key: str
    label: str
    width: int
    value: str


class DayField(Field):  # type: ignore[misc]
    """A day somebody knows by heart, typed as month, day and year. `data` is a date or None.

    Three boxes are quicker and clearer than a calendar for a birthday. A month may be typed as "4" or "April".
    """

    widget = widgets.TextInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.typed: dict[str, str] = {}

    @property
    def parts(self) -> list[Part]:
        """The boxes in American order, with what was typed or what was saved."""
        saved = self.data if isinstance(self.data, date) else None
        labels = {"month": _("Month"), "day": _("Day"), "year": _("Year")}
        return [
            Part(
                key,
                label,
                4 if key == "year" else 2,
                self.typed.get(key) or (str(getattr(saved, key)) if saved else ""),
            )
            for key, label in labels.items()
        ]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ARG002 (WTForms' signature)
        """Gather the three boxes into one date. What cannot be a day is an error that names what is missing."""
        self.process_errors = []
        self.object_data = data
        self.data = data
        if not formdata or not any(f"{self.name}-{key}" in formdata for key in ("month", "day", "year")):
            self.raw_data = []
            return
        self.typed = {key: formdata.get(f"{self.name}-{key}", "").strip() for key in ("month", "day", "year")}
        self.raw_data = [value for value in self.typed.values() if value]
        self.data = None
        if not self.raw_data:
            return
        missing = [part.label for part in self.parts if not self.typed[part.key]]
        if missing:
            self.process_errors.append(_("Add the %(parts)s", parts=_(" and ").join(missing).lower()))
            return
        try:
            month = MONTHS.get(self.typed["month"][:3].lower()) or int(self.typed["month"])
            year = int(self.typed["year"])
            if year < 1000:
                raise ValueError("a year has four digits")
            self.data = date(year, month, int(self.typed["day"]))
        except (ValueError, OverflowError):
            self.process_errors.append(_("Enter a day that exists, like 4 23 1985"))


class TicksField(SelectMultipleField):  # type: ignore[misc]
    """Several of a list, as tiles to tick."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class PlainWords:
    """WTForms' own sentences, said as we say things. Anything it does not know stays as it came."""

    def gettext(self, words: str) -> str:
        """One sentence."""
        known: dict[str, str] = {
            "This field is required.": _("Answer this to go on"),
            "Not a valid choice.": _("Choose one of these"),
            "Invalid Choice: could not coerce.": _("Choose one of these"),
            "Not a valid integer value.": _("Enter a whole number"),
            "Not a valid decimal value.": _("Enter a number"),
            "Not a valid float value.": _("Enter a number"),
            "Invalid email address.": _("Enter an e-mail address, like name@example.com"),
            "Invalid input.": _("Check what you entered"),
        }
        return known.get(words, words)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """One sentence with a number."""
        return one if count == 1 else many


class Form(FlaskForm):  # type: ignore[misc]
    """The base of our forms: no sentence of the library reaches a person."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """WTForms' settings."""

        def get_translations(self, form: Any) -> PlainWords:  # noqa: ARG002 (WTForms' signature)
            """Where WTForms looks its sentences up."""
            return PlainWords()
