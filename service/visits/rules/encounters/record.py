"""The record of a visit (shared/domain.md 3.5), as the clinician says it and as it is signed. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from service.kit.errors import words

Kind = Literal["consultation", "follow_up", "transfer"]
Modality = Literal["video", "audio", "in_person"]
Decision = Literal["approve", "decline", "more_info"]
Method = Literal["photo_id", "recognised", "questions", "none"]

MODALITIES = {"video": words("By video"), "audio": words("By audio alone"), "in_person": words("In person")}
DOCUMENTS = {
    "drivers_license": words("Driver's license"),
    "state_id": words("State ID card"),
    "passport": words("Passport"),
    "military_id": words("Military ID"),
    "tribal_id": words("Tribal ID"),
    "residence_card": words("Permanent resident card"),
    "other": words("Another with a photo"),
}
MATCHES = ("name", "birth_date", "address")
MUST_MATCH = frozenset({"name", "birth_date"})  # an old address is no reason to turn somebody away
PAYMENT_SOURCES = {
    "self_pay": words("The patient"),
    "insurance": words("An insurance"),
    "medicare": words("Medicare"),
    "medicaid": words("Medicaid"),
    "other": words("Somebody else"),
}
FINDINGS = {"none": words("Nothing of concern"), "concern": words("Something of concern")}
SETTLED = {"settled": words("Settled"), "open": words("Still open")}
SETTLES = ("sitter", "monitor")  # what may stay open when a visit is signed, and is settled before care begins
PHYSICIAN = "physician"  # the key of New Jersey's disclosure in config/states


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How the clinician made sure whom they met (shared/domain.md 3.6). Never a picture, never a whole number.

    `matches` are those of MATCHES that the document and the person agreed on.
    """

    method: Method
    document: str = ""
    issued_by: str = ""
    last4: str = ""
    expires_on: date | None = None
    matches: tuple[str, ...] = ()

    @property
    def proven_until(self) -> date | None:
        """The last day of a photo ID with the patient's name and birthday on it; None where it showed another's."""
        return self.expires_on if self.method == "photo_id" and set(self.matches) >= MUST_MATCH else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A blood pressure in mmHg."""

    systolic: int
    diastolic: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A licence or registration as it stood when the record was signed. `verified_at` is aware."""

    id: str
    state: str
    kind: str
    number: str
    expires_on: date
    verified_at: datetime
    source: str
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """What the clinician says of a visit. Moments are aware. All of it is sealed when stored.

    States are USPS codes ("elsewhere" for the patient outside of them), the county is a FIPS code or empty. `disclosed`
    are keys of what the state wants said before a visit. `sitter` and `monitor`: whether it is settled that a sober
    adult stays with the patient, and that a blood pressure monitor is there. `decision` is None where none is due.
    """

    modality: Modality
    platform: str = ""
    started_at: datetime
    ended_at: datetime
    patient_state: str
    patient_county: str = ""
    place_confirmed: bool
    emergency_address: str
    callback: str  # E.164
    practitioner_state: str
    identity: Identity
    disclosed: frozenset[str] = frozenset()
    agreed_to_telehealth: bool = False
    others_present: str = ""
    pdmp_checked_at: datetime | None = None
    pdmp_checked_by: str = ""  # a designee; empty: the clinician
    pdmp_finding: str = ""  # none | concern
    pdmp_note: str = ""
    in_person_exam_on: date | None = None
    history_reviewed: bool = False
    medicines_reconciled: bool = False
    readings: tuple[Reading, ...] = ()
    heart_rate: int | None = None
    sitter: str = ""
    monitor: str = ""
    assessment: str = ""
    diagnoses: tuple[str, ...] = ()  # ICD-10-CM
    plan: str = ""
    safety_plan_given: bool = False
    referral: str = ""
    follow_up_on: date | None = None
    em_code: str = ""
    payment_source: str = "self_pay"
    notes: str = ""
    decision: Decision | None = None
    reason: str = field(default="", repr=False)

    @property
    def identity_checked(self) -> bool:
        """Was it made sure whom the clinician met, by a document or by one seen earlier?"""
        return self.identity.method in ("photo_id", "recognised")

    @property
    def physician_option_disclosed(self) -> bool:
        """Was the patient told that they may ask for a physician (N.J.S.A. 45:1-62)?"""
        return PHYSICIAN in self.disclosed
