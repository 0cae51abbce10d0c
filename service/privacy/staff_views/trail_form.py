"""What the trail is searched for, and why somebody needs it as a file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from service.audit.rules.acts import GROUPS
from service.kit.fields import Form

KINDS = ("staff", "patient", "visitor", "system")


def _day(text: str | None) -> str:
    return (text or "").strip()


class TrailForm(Form):
    """Who, whose, what, when, how it ended. Sent by GET: it changes nothing, and a link can hold it."""

    class Meta(Form.Meta):
        """No token: there is nothing to protect."""

        csrf = False

    who = SelectField(_("Who"), validate_choice=False)
    act = SelectField(_("What"), validate_choice=False)
    outcome = SelectField(_("How it ended"), validate_choice=False)
    from_on = StringField(_("From day"), filters=[_day], description=_("Month, day and year, like 11/21/2026"))
    until_on = StringField(_("To day"), filters=[_day], description=_("Month, day and year, like 11/21/2026"))
    patient = HiddenField(filters=[_day])

    def offer(self, staff: list[tuple[UUID, str]]) -> None:
        """Fill the lists: `staff` as (id, name)."""
        self.who.choices = [
            SelectChoice("", gettext("Anybody")),
            SelectChoice("staff", gettext("Any member of staff")),
            SelectChoice("patient", gettext("Any patient")),
            SelectChoice("visitor", gettext("Somebody not signed in")),
            SelectChoice("system", gettext("The service itself")),
            *(SelectChoice(str(user_id), name) for user_id, name in staff),
        ]
        self.act.choices = [
            SelectChoice("", gettext("Anything")),
            *(SelectChoice(key, gettext(title)) for key, (title, _prefixes) in GROUPS.items()),
        ]
        self.outcome.choices = [
            SelectChoice("", gettext("Either way")),
            SelectChoice("done", gettext("Done")),
            SelectChoice("refused", gettext("Turned down")),
        ]

    def validate_from_on(self, field: Any) -> None:
        """A day, or nothing."""
        _checked(field)

    def validate_until_on(self, field: Any) -> None:
        """A day, or nothing."""
        _checked(field)

    @property
    def actor_kind(self) -> str | None:
        """The kind of actor that was chosen, if it was a kind."""
        return self.who.data if self.who.data in KINDS else None

    @property
    def actor_id(self) -> UUID | None:
        """The member of staff that was chosen, if it was one."""
        return _id(self.who.data)

    @property
    def patient_id(self) -> UUID | None:
        """Whose record, by a link."""
        return _id(self.patient.data)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day."""
        return read_day(self.from_on.data), read_day(self.until_on.data)


class ExportForm(TrailForm):
    """The same search, and why somebody needs it as a file."""

    who = HiddenField()
    act = HiddenField()
    outcome = HiddenField()
    from_on = HiddenField(filters=[_day])
    until_on = HiddenField(filters=[_day])
    reason = RadioField(
        _("Why do you need the file?"),
        description=_("It is written down in the trail."),
        choices=[
            SelectChoice("regular_review", _("A regular review of the trail")),
            SelectChoice("patient_asked", _("A patient asked who looked")),
            SelectChoice("incident", _("Something happened that has to be looked into")),
            SelectChoice("authority", _("A court or an authority asked for it")),
            SelectChoice("other", _("Something else")),
        ],
        validators=[InputRequired(_("Choose why you need the file"))],
    )

    def offer(self, staff: list[tuple[UUID, str]]) -> None:
        """Nothing to choose here."""


def read_day(text: str | None) -> date | None:
    """A day from "11/21/2026", or "2026-11-21" as links have it; None for anything else."""
    for shape in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text or "", shape).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _checked(field: Any) -> None:
    if field.data and read_day(field.data) is None:
        raise ValidationError(gettext("Write the day as month, day and year, like 11/21/2026"))
