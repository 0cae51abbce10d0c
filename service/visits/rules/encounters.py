"""What a clinician must have seen, checked and said before an encounter may be signed, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from service.kit.errors import words
from service.visits.rules.times import licensed_on

Modality = Literal["video", "audio", "in_person"]
Decision = Literal["approve", "decline", "more_info"]

# Licences and registrations that let somebody see patients in a state; a DEA or CDS registration alone does not.
PRACTICE_KINDS = ("physician", "advanced_practice_nurse", "physician_assistant", "out_of_state_telehealth")
PDMP_FRESH_FOR = timedelta(hours=24)  # the program's own limit, for its medical director to sign off


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """What the clinician says of a visit. `pdmp_checked_at` is aware; `notes` and `reason` are sealed when stored."""

    modality: Modality
    patient_state: str
    identity_checked: bool
    physician_option_disclosed: bool
    pdmp_checked_at: datetime
    in_person_exam_on: date | None
    notes: str
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the house itself knows at the moment of signing. A missing fact blocks.

    `starts_at` is when the booked visit begins, `today` the practitioner's own day. `telemedicine_authority`: a
    federal policy in force today lets Schedule III be prescribed with no in-person exam (21 U.S.C. 829(e); 90 FR 61301
    up to 2026-12-31). `physician_option`: the state asks that patients are told they may see a physician (N.J.S.A.
    45:1-62).
    """

    now: datetime
    starts_at: datetime
    today: date
    license_expires_on: date | None
    enrolled_in: str
    physician_option: bool
    telemedicine_authority: bool
    on_hold: bool


def why_not(record: VisitRecord, known: Circumstances) -> tuple[str, ...]:
    """Every reason, in plain words, why this record cannot be signed as it is; none means it can."""
    reasons = [*_why_no_encounter(record, known)]
    if record.decision == "approve":
        reasons += _why_no_approval(record, known)
    elif not record.reason.strip():
        reasons.append(words("Write the reason for this decision."))
    return tuple(reasons)


def _why_no_encounter(record: VisitRecord, known: Circumstances) -> list[str]:
    reasons = []
    if known.starts_at > known.now:
        reasons.append(words("The visit is still ahead. You can sign it once it has begun."))
    if known.license_expires_on is None:
        reasons.append(words("You have no license on file for this patient's state."))
    elif not licensed_on(known.license_expires_on, known.today):
        reasons.append(words("Your license for this patient's state has expired, or expires today."))
    if record.patient_state != known.enrolled_in:
        reasons.append(
            words("The patient must be in the state they are enrolled in, which is the state of your license.")
        )
    if not record.identity_checked:
        reasons.append(words("Check the patient's identity before you sign."))
    if known.physician_option and not record.physician_option_disclosed:
        reasons.append(words("Tell the patient that they may ask for a physician, and record that you did."))
    if record.pdmp_checked_at > known.now:
        reasons.append(words("The time of the prescription monitoring check lies in the future."))
    elif known.now - record.pdmp_checked_at > PDMP_FRESH_FOR:
        reasons.append(words("The prescription monitoring check is more than 24 hours old. Check again."))
    if record.in_person_exam_on is not None and record.in_person_exam_on > known.today:
        reasons.append(words("The in-person exam lies in the future. Record it once it has taken place."))
    if not record.notes.strip():
        reasons.append(words("Write your notes of the visit."))
    return reasons


def _why_no_approval(record: VisitRecord, known: Circumstances) -> list[str]:
    reasons = []
    if record.modality == "audio":
        reasons.append(words("An approval needs a visit by video or in person; this one was by audio alone."))
    if record.in_person_exam_on is None and not known.telemedicine_authority:
        reasons.append(
            words(
                "The federal telemedicine authority does not cover today, so this patient needs an in-person exam. "
                "Record the day of the exam, or choose another decision."
            )
        )
    if known.on_hold:
        reasons.append(words("A safety hold stands. It must be looked at and lifted before an approval."))
    return reasons


def fingerprint(content: dict[str, Any]) -> str:
    """SHA-256, in hex, of an encounter's content: JSON with sorted keys, NFC text, UTF-8."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def signed_content(record: VisitRecord, **identifiers: Any) -> dict[str, Any]:
    """What the fingerprint covers: the encounter as recorded, without the decision that rests on it."""
    content = asdict(record)
    del content["decision"], content["reason"]
    return {**content, **identifiers}


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
