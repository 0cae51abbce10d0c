"""What a clinician records of a visit, and the decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import Field, ValidationError
from wtforms.fields.choices import SelectChoice

from service.accounts.rules.contact import one_line, phone_number
from service.catalog.rules.dated import Pdmp
from service.catalog.rules.states import State
from service.enrollment.forms.encounter_parts import (
    AccountPart,
    ChecksPart,
    DecisionPart,
    FindingsPart,
    IdentityPart,
    MeetingPart,
    PlacePart,
)
from service.kit.errors import Rejected
from service.visits.rules.encounters import Identity, Kind, Reading, VisitRecord, Why
from service.visits.rules.encounters.codes import diagnoses, em_code

ELSEWHERE = "elsewhere"


class EncounterForm(MeetingPart, PlacePart, IdentityPart, ChecksPart, FindingsPart, AccountPart, DecisionPart):
    """The encounter and the decision that rests on it. Times are on the clinician's own clock."""

    def fit(
        self,
        states: Mapping[str, State],
        state: State,
        *,
        kind: Kind,
        disclosures: Mapping[str, str],
        pdmp: Pdmp | None,
        zone: str,
    ) -> None:
        """Fit the form to the visit: what its state asks for, and whether a decision is due."""
        self.patient_state.choices = [SelectChoice(one.code, one.name) for one in states.values()] + [
            SelectChoice(ELSEWHERE, gettext("Somewhere else"))
        ]
        self.patient_county.choices = [SelectChoice("", "")] + [SelectChoice(c.fips, c.name) for c in state.counties]
        if "disclosed" in self:
            self.disclosed.choices = [SelectChoice(*one) for one in disclosures.items()]
            if not disclosures:
                del self.disclosed
        self.pdmp_checked_at.label.text = gettext("When was %(program)s checked?", program=pdmp.system if pdmp else "")
        clock = gettext("On your own clock (%(zone)s), like 11/23/2026 10:15 AM.", zone=zone.replace("_", " "))
        for field in (self.started_at, self.ended_at):
            field.description = clock
        hours = int(pdmp.fresh_for.total_seconds() // 3600) if pdmp else 0
        needed = gettext("Needed within %(hours)s hours before an approval.", hours=hours)
        self.pdmp_checked_at.description = f"{clock} {needed}"
        if kind == "follow_up" and "decision" in self:
            del self.decision, self.reason
        elif kind == "transfer":
            self.decision.label.text = gettext("Your decision about care in %(state)s", state=state.name)

    def validate_callback(self, field: Field) -> None:
        """A number, or nothing."""
        if field.data and field.data.strip():
            try:
                phone_number(field.data)
            except Rejected as no:
                raise ValidationError(gettext(no.message)) from None

    def validate_diagnoses(self, field: Field) -> None:
        """Each one has the shape of a code."""
        try:
            diagnoses(field.data or "")
        except ValueError as odd:
            raise ValidationError(
                gettext("“%(code)s” is no ICD-10-CM code. They look like F33.1.", code=str(odd)[:20])
            ) from None

    def validate_visit_level(self, field: Field) -> None:
        """Five characters, or nothing."""
        try:
            em_code(field.data or "")
        except ValueError:
            raise ValidationError(_("Enter a code of five characters, or leave it empty")) from None

    def validate_diastolic_1(self, _field: Field) -> None:
        """A reading has two numbers."""
        _both(self.systolic_1, self.diastolic_1)

    def validate_diastolic_2(self, _field: Field) -> None:
        """A reading has two numbers."""
        _both(self.systolic_2, self.diastolic_2)

    @property
    def visit_id(self) -> UUID | None:
        """The visit the page was about, where it says so."""
        try:
            return UUID(self.appointment_id.data or "")
        except ValueError:
            return None

    @property
    def own_words(self) -> list[Any]:
        """The fields in which a clinician writes sentences."""
        return [self[name] for name in ("assessment", "plan", "pdmp_note", "notes", "reason") if name in self]

    @property
    def typed_notes(self) -> str:
        """The notes as a record keeps them."""
        return _text(self.notes.data)

    def record(self, zone: str) -> VisitRecord:
        """What was sent, with its times on the clinician's clock made moments."""
        started, ended = _moment(self.started_at.data, zone), _moment(self.ended_at.data, zone)
        if started is None or ended is None:
            raise ValueError("a record is made of a form that was validated")
        pairs = ((self.systolic_1.data, self.diastolic_1.data), (self.systolic_2.data, self.diastolic_2.data))
        return VisitRecord(
            modality=self.modality.data,
            platform=one_line(self.platform.data) if self.modality.data == "video" else "",
            started_at=started,
            ended_at=ended,
            patient_state=self.patient_state.data,
            patient_county=self.patient_county.data or "",
            place_confirmed=bool(self.place_confirmed.data),
            emergency_address=one_line(self.emergency_address.data),
            callback=phone_number(self.callback.data) if one_line(self.callback.data) else "",
            practitioner_state=self.practitioner_state.data or "",
            identity=self._identity(),
            disclosed=frozenset(self.disclosed.data or ()) if "disclosed" in self else frozenset(),
            agreed_to_telehealth=bool(self.agreed_to_telehealth.data),
            others_present=one_line(self.others_present.data),
            pdmp_checked_at=_moment(self.pdmp_checked_at.data, zone),
            pdmp_checked_by=one_line(self.pdmp_checked_by.data),
            pdmp_finding=self.pdmp_finding.data or "",
            pdmp_note=_text(self.pdmp_note.data),
            in_person_exam_on=_day(self.in_person_exam_on.data),
            history_reviewed=bool(self.history_reviewed.data),
            medicines_reconciled=bool(self.medicines_reconciled.data),
            readings=tuple(Reading(upper, lower) for upper, lower in pairs if upper is not None and lower is not None),
            heart_rate=self.heart_rate.data,
            sitter=self.sitter.data or "",
            monitor=self.monitor.data or "",
            assessment=_text(self.assessment.data),
            diagnoses=diagnoses(self.diagnoses.data or ""),
            plan=_text(self.plan.data),
            safety_plan_given=bool(self.safety_plan_given.data),
            referral=one_line(self.referral.data),
            follow_up_on=_day(self.follow_up_on.data),
            em_code=em_code(self.visit_level.data or ""),
            payment_source=self.payment_source.data,
            notes=self.typed_notes,
            decision=self.decision.data if "decision" in self else None,
            reason=_text(self.reason.data) if "reason" in self else "",
        )

    def _identity(self) -> Identity:
        """What is left over from another choice is not kept."""
        if self.identity_method.data != "photo_id":
            return Identity(method=self.identity_method.data)
        return Identity(
            method="photo_id",
            document=self.document.data or "",
            issued_by=one_line(self.issued_by.data),
            last4=self.last4.data or "",
            expires_on=_day(self.document_expires_on.data),
            matches=tuple(self.id_matches.data or ()),
        )

    def show(self, whys: Iterable[Why]) -> None:
        """Put each reason at its field, and in the summary above."""
        for why in whys:
            field = self._fields.get({"em_code": "visit_level"}.get(why.field, why.field))
            if field is None or field.errors:
                self.form_errors.append(gettext(why.message))
            else:
                field.errors = [gettext(why.message)]


def _both(upper: Field, lower: Field) -> None:
    if (upper.data is None) != (lower.data is None):
        raise ValidationError(_("Enter both numbers of the reading, or neither"))


def _moment(local: datetime | None, zone: str) -> datetime | None:
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if local is not None else None


def _day(value: Any) -> date | None:
    return value if isinstance(value, date) else None  # an untouched field holds a mark


def _text(value: str | None) -> str:
    return (value or "").replace("\r\n", "\n").strip()
