"""The parts of a visit's record as a clinician fills them in. Nothing that attests is ticked beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateTimeField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from service.enrollment.rules.regions import REGIONS
from service.kit.fields import DayField, Form, TicksField
from service.visits.rules.encounters.record import DOCUMENTS, FINDINGS, MODALITIES, PAYMENT_SOURCES, SETTLED

CLOCKS = ["%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]


def _offered(codes: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(code, _(text)) for code, text in codes.items()]


def at_most(letters: int) -> Length:
    """No more than can be kept."""
    return Length(max=letters, message=_("This text is too long"))


class ClockField(DateTimeField):  # type: ignore[misc]
    """A day and a time typed on one's own wall clock."""

    data: datetime | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """As the parent does, with words that show how."""
        if not any(value.strip() for value in valuelist):
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
            if self.data is not None and not MINYEAR < self.data.year < MAXYEAR:
                raise ValueError("at the ends of the calendar there is no other time zone to convert to")
        except ValueError:
            self.data = None
            raise ValueError(_("Enter the day and time like 11/23/2026 10:15 AM")) from None


class _Clock(ClockField):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, format=CLOCKS, **kwargs)


class MeetingPart(Form):
    """How, when and where."""

    appointment_id = HiddenField()
    modality = RadioField(
        _("How did you meet?"),
        choices=_offered(MODALITIES),
        validators=[InputRequired(_("Choose how you met"))],
    )
    platform = StringField(_("Video service"), description=_("The one you used."), validators=[at_most(80)])
    started_at = _Clock(_("When did it begin?"), validators=[InputRequired(_("Enter when it began"))])
    ended_at = _Clock(_("When did it end?"), validators=[InputRequired(_("Enter when it ended"))])
    practitioner_state = SelectField(
        _("Where were you yourself?"), choices=[SelectChoice("", ""), *(SelectChoice(*one) for one in REGIONS.items())]
    )
    others_present = StringField(
        _("Who else was there"), description=_("Leave this empty if nobody was."), validators=[at_most(500)]
    )


class PlacePart(Form):
    """Where the patient was."""

    patient_state = RadioField(
        _("Where did the patient say they are?"), validators=[InputRequired(_("Choose where the patient is"))]
    )
    patient_county = SelectField(_("In which county?"), choices=[], validate_choice=False)
    place_confirmed = BooleanField(_("I asked the patient where they are, and this is what they said"))
    emergency_address = StringField(
        _("Address to which help would be sent"), validators=[at_most(300)], render_kw={"autocomplete": "off"}
    )
    callback = TelField(
        _("Number to call back on"),
        validators=[at_most(40)],
        render_kw={"autocomplete": "off", "inputmode": "tel"},
    )


class IdentityPart(Form):
    """Whom the clinician met. No picture and no whole number is ever kept."""

    identity_method = RadioField(
        _("How did you make sure whom you met?"),
        choices=[
            SelectChoice("photo_id", _("I compared a photo ID with the person I saw")),
            SelectChoice("recognised", _("I know this person from a visit at which an ID was checked")),
            SelectChoice("questions", _("By asking for name, date of birth and address")),
            SelectChoice("none", _("I could not make sure")),
        ],
        validators=[InputRequired(_("Choose how you made sure whom you met"))],
    )
    document = SelectField(
        _("Which ID"),
        choices=[SelectChoice("", ""), *_offered(DOCUMENTS)],
    )
    issued_by = StringField(_("Issued by"), description=_("A state or a country."), validators=[at_most(60)])
    last4 = StringField(
        _("Last four characters of its number"),
        description=_("Never the whole number."),
        filters=[lambda text: (text or "").strip().upper()],
        validators=[at_most(4)],
        render_kw={"autocomplete": "off"},
    )
    document_expires_on = DayField(_("Valid until"), validators=[Optional()])
    id_matches = TicksField(  # "matches" alone would hide the form's own method of that name from scripts
        _("What matches the patient's record?"),
        choices=[
            SelectChoice("name", _("Name")),
            SelectChoice("birth_date", _("Date of birth")),
            SelectChoice("address", _("Address")),
        ],
    )


class ChecksPart(Form):
    """What the law wants said and looked up."""

    agreed_to_telehealth = BooleanField(_("The patient agreed to be seen by telehealth"))
    disclosed = TicksField(_("I told the patient, before we began"))
    pdmp_checked_at = _Clock(_("When did you check the prescription monitoring program?"))
    pdmp_checked_by = StringField(
        _("Who checked"), description=_("Leave this empty if it was you."), validators=[at_most(120)]
    )
    pdmp_finding = RadioField(
        _("What did it show?"),
        choices=_offered(FINDINGS),
        validators=[Optional()],
    )
    pdmp_note = TextAreaField(
        _("About the check"), description=_("A summary. Never copy the report."), validators=[at_most(2000)]
    )
    in_person_exam_on = DayField(
        _("Day of an in-person exam"), description=_("Leave this empty when there was none."), validators=[Optional()]
    )


class FindingsPart(Form):
    """What was gone through, measured and found."""

    history_reviewed = BooleanField(_("I went through the history and the assessment with the patient"))
    medicines_reconciled = BooleanField(_("I went through every medicine with the patient"))
    systolic_1 = IntegerField(_("Upper number, first reading"), validators=[Optional()])
    diastolic_1 = IntegerField(_("Lower number, first reading"), validators=[Optional()])
    systolic_2 = IntegerField(_("Upper number, second reading"), validators=[Optional()])
    diastolic_2 = IntegerField(_("Lower number, second reading"), validators=[Optional()])
    heart_rate = IntegerField(_("Heart rate"), validators=[Optional()])
    sitter = RadioField(
        _("A sober adult stays with the patient at every session"),
        choices=_offered(SETTLED),
        validators=[Optional()],
    )
    monitor = RadioField(
        _("An upper-arm blood pressure monitor is at home"),
        choices=_offered(SETTLED),
        validators=[Optional()],
    )
    assessment = TextAreaField(_("Assessment"), validators=[at_most(8000)])
    diagnoses = StringField(
        _("Diagnoses"), description=_("ICD-10-CM codes, with commas between them."), validators=[at_most(200)]
    )
    plan = TextAreaField(_("Plan"), validators=[at_most(8000)])
    safety_plan_given = BooleanField(_("I gave the patient a safety plan"))
    referral = StringField(
        _("Referral"), description=_("To whom, if to anybody. For example a therapist."), validators=[at_most(1000)]
    )
    follow_up_on = DayField(_("Next visit due by"), validators=[Optional()])
    notes = TextAreaField(
        _("Notes of the visit"), validators=[InputRequired(_("Write your notes of the visit")), at_most(20_000)]
    )


class AccountPart(Form):
    """What reports and receipts ask for."""

    visit_level = StringField(
        _("Evaluation and management code"), description=_("Five characters, if you use one."), validators=[at_most(10)]
    )
    payment_source = SelectField(
        _("Who pays"),
        choices=_offered(PAYMENT_SOURCES),
        default="self_pay",
    )


class DecisionPart(Form):
    """The decision that rests on it."""

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
        validators=[at_most(4000)],
    )
