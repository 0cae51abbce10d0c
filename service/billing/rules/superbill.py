"""A superbill (shared/domain.md 7.5): one signed visit in the words an insurance asks for. Pure.

A membership fee is no visit and is never on it. What is not known is asked for, never made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from service.billing.rules.papers import Practice, Sheet, born
from service.kit.format import moment, money

# CMS place of service codes: 10 is telehealth in the patient's home, 02 telehealth elsewhere.
AT_HOME, ELSEWHERE = "10", "02"
PLACES = {AT_HOME: "10, telehealth at the patient's home", ELSEWHERE: "02, telehealth elsewhere than at home"}
AUDIO_VIDEO = "95"  # modifier for synchronous care by audio and video


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed visit as a superbill needs it. `at_home` is None where nobody said where the patient was."""

    held_at: datetime
    modality: str
    at_home: bool | None
    code: str
    diagnoses: tuple[str, ...]
    clinician: str
    credentials: str
    npi: str
    signed_by: str
    signed_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it was for."""

    name: str
    born_on: date
    address: tuple[str, ...]


def superbill(visit: Visit, person: Person, practice: Practice, *, zone: str) -> Sheet:
    """One visit. Nothing is charged for a visit alone, so nothing stands on it."""
    missing = []
    code = visit.code if visit.code in practice.procedure_codes else ""
    if not code:
        missing.append("the procedure code of the visit")
    if not visit.diagnoses:
        missing.append("the diagnosis codes")
    if not visit.npi:
        missing.append("the clinician's NPI")
    if not practice.tax_id:
        missing.append("the practice's tax number")
    if not person.address:
        missing.append("your address (add it in your settings)")
    place = ""
    if visit.modality != "in_person" and visit.at_home is not None:
        place = AT_HOME if visit.at_home else ELSEWHERE
    if not place:
        missing.append("the place of service code")
    modifier = AUDIO_VIDEO if visit.modality == "video" else ""
    on = moment(visit.held_at, zone, "day-only long")
    facts = (
        ("Patient", person.name),
        ("Date of birth", born(person.born_on)),
        ("Address", ", ".join(person.address) or "On request"),
        ("Date of service", on),
        ("Clinician", f"{visit.clinician}, {visit.credentials}" if visit.credentials else visit.clinician),
        ("Clinician's NPI", visit.npi or "On request"),
        ("Practice", practice.name),
        ("Practice's address", ", ".join(practice.address)),
        ("Practice's phone", practice.phone),
        *((("Practice's NPI", practice.npi),) if practice.npi else ()),
        ("Tax number", practice.tax_id or "On request"),
        ("Place of service", PLACES.get(place, "On request")),
        ("Diagnosis codes (ICD-10-CM)", ", ".join(visit.diagnoses) or "On request"),
        ("Signed", f"{visit.signed_by}, electronically on {moment(visit.signed_at, zone, 'long')}"),
        ("Fingerprint of the signed record", visit.sha256),
    )
    return Sheet(
        title=f"Superbill for {on}",
        facts=facts,
        head=("Procedure", "Modifier", "Units", "Charge"),
        rows=((code or "On request", modifier or "None", "1", money(0)),),
        totals=(("Charged for this visit", money(0)), ("Still to pay", money(0))),
        notes=(
            "Paid status: nothing is owed for this visit.",
            "This is not a bill. A monthly membership is not a visit and is not on it.",
        ),
        missing=tuple(missing),
    )
