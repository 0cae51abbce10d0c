"""What a clinician records of a visit, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateTimeField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from service.catalog.rules.states import State
from service.kit.fields import DayField, Form
from service.visits.rules.encounters import VisitRecord

ELSEWHERE = "elsewhere"
CLOCKS = ["%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
_LONG = Length(max=20_000, message=_("This text is too long"))


class ClockField(DateTimeField):  # type: ignore[misc]
    """A day and a time typed on one's own wall clock."""

    data: datetime | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """As the parent does, with words that show how."""
        try:
            super().process_formdata(valuelist)
            if self.data is not None and not MINYEAR < self.data.year < MAXYEAR:
                raise ValueError("at the ends of the calendar there is no other time zone to convert to")
        except ValueError:
            self.data = None
            raise ValueError(_("Enter the day and time like 11/23/2026 10:15 AM")) from None


class EncounterForm(Form):
    """The encounter and the decision that rests on it. Nothing is ticked beforehand: each tick is an attestation."""

    modality = RadioField(
        _("How did you meet?"),
        choices=[
            SelectChoice("video", _("By video")),
            SelectChoice("audio", _("By audio alone")),
            SelectChoice("in_person", _("In person")),
        ],
        validators=[InputRequired(_("Choose how you met"))],
    )
    patient_state = RadioField(
        _("Where did the patient say they are?"), validators=[InputRequired(_("Choose where the patient is"))]
    )
    identity_checked = BooleanField(_("I compared a photo ID with the person I met"))
    physician_option_disclosed = BooleanField(_("I told the patient that they may ask for a physician"))
    pdmp_checked_at = ClockField(
        _("When did you check the prescription monitoring program?"),
        format=CLOCKS,
        validators=[InputRequired(_("Enter when you checked"))],
    )
    in_person_exam_on = DayField(
        _("Day of an in-person exam"),
        description=_("Leave this empty when there was none."),
        validators=[Optional()],
    )
    notes = TextAreaField(
        _("Notes of the visit"), validators=[InputRequired(_("Write your notes of the visit")), _LONG]
    )
    decision = RadioField(
        _("Your decision"),
        choices=[
            SelectChoice("approve", _("Approve")),
            SelectChoice("decline", _("Decline")),
            SelectChoice("more_info", _("Ask for more information and another visit")),
        ],
        validators=[InputRequired(_("Choose your decision"))],
    )
    reason = TextAreaField(
        _("Reason"),
        description=_("Needed to decline or to ask for more. Only clinicians can read it."),
        validators=[_LONG],
    )

    def fit(self, states: Mapping[str, State], state: str, zone: str, day: date) -> None:
        """Fit the form to what the patient's state asks for on `day`, and to the clinician's clock."""
        pdmp = states[state].pdmp_on(day)
        self.patient_state.choices = [SelectChoice(one.code, one.name) for one in states.values()] + [
            SelectChoice(ELSEWHERE, str(_("Somewhere else")))
        ]
        self.pdmp_checked_at.label.text = _("When did you check %(program)s?", program=pdmp.system if pdmp else "")
        self.pdmp_checked_at.description = _(
            "Within the last 24 hours, on your own clock (%(zone)s). For example 11/23/2026 10:15 AM.",
            zone=zone.replace("_", " "),
        )
        if not states[state].disclosures_on(day) and "physician_option_disclosed" in self:
            del self.physician_option_disclosed

    def record(self, zone: str) -> VisitRecord:
        """What was sent, with its time on the clinician's clock made a moment."""
        checked = self.pdmp_checked_at.data
        if checked is None:
            raise ValueError("a record is made of a form that was validated")
        examined = self.in_person_exam_on.data
        disclosed = self.physician_option_disclosed.data if "physician_option_disclosed" in self else False
        return VisitRecord(
            modality=self.modality.data,
            patient_state=self.patient_state.data,
            identity_checked=bool(self.identity_checked.data),
            physician_option_disclosed=bool(disclosed),
            pdmp_checked_at=checked.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC),
            in_person_exam_on=examined if isinstance(examined, date) else None,  # an untouched field holds a mark
            notes=self.notes.data.strip(),
            decision=self.decision.data,
            reason=(self.reason.data or "").strip(),
        )
