"""What was signed of a visit, with its addenda, opened and compared with its fingerprint. For clinicians only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.queries import display_names
from service.kit import crypto
from service.visits.models import Encounter, EncounterAddendum
from service.visits.queries.clinicians import licenses_of
from service.visits.rules.encounters import (
    SETTLES,
    Credential,
    VisitRecord,
    addendum_content,
    fingerprint,
    from_json,
)


@dataclass(frozen=True, slots=True)
class Addendum:
    """What somebody added later. `settles`: open questions it closes. `verified`: its fingerprint fits."""

    id: UUID
    text: str
    settles: tuple[str, ...]
    signed_by: UUID
    by_name: str
    signed_at: datetime
    sha256: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Codes:
    """What a record is coded as: diagnoses (ICD-10-CM) and the evaluation (CPT or HCPCS; empty where there is none)."""

    diagnoses: tuple[str, ...] = ()
    em_code: str = ""


@dataclass(frozen=True, slots=True)
class SignedEncounter:
    """A signed encounter, opened. `record` and `around` are None for those signed before there was more than notes.

    `around` is what the house knew and signed with it: the licence and registrations as they stood, the place the
    patient had attested to, the consents. `verified`: everything is as it was signed.
    """

    id: UUID
    appointment_id: UUID
    practitioner_id: UUID
    license_id: UUID
    kind: str
    modality: str
    patient_state: str
    identity_checked: bool
    physician_option_disclosed: bool
    pdmp_system: str
    pdmp_checked_at: datetime | None
    in_person_exam_on: date | None
    notes: str
    signed_by: UUID
    by_name: str
    signed_at: datetime
    sha256: str
    verified: bool
    record: VisitRecord | None
    around: Mapping[str, Any] | None
    addenda: tuple[Addendum, ...]


def settled_by(signed: Iterable[SignedEncounter]) -> frozenset[str]:
    """What is settled for care at home, of SETTLES, by the last word on each: of a record, or of an addendum."""
    said: list[tuple[datetime, str, bool]] = []
    for one in signed:
        own = {name: getattr(one.record, name) for name in SETTLES} if one.record else {}
        said += [(one.signed_at, name, word == "settled") for name, word in own.items() if word]
        said += [(added.signed_at, name, True) for added in one.addenda for name in added.settles]
    last = {name: settled for _at, name, settled in sorted(said)}
    return frozenset(name for name, settled in last.items() if settled)


def encounters_of(session: Session, patient_id: UUID) -> list[SignedEncounter]:
    """Every signed encounter of a patient with its addenda, the latest first, in three statements."""
    rows = list(
        session.scalars(
            select(Encounter).where(Encounter.patient_id == patient_id).order_by(Encounter.signed_at, Encounter.id)
        )
    )
    added = _addenda(session, [row.id for row in rows])
    signers = {row.signed_by for row in rows} | {one.signed_by for several in added.values() for one in several}
    names = display_names(session, signers)
    return [_opened(row, added.get(row.id, []), names) for row in reversed(rows)]


def addenda_of(session: Session, encounter: Encounter) -> list[Addendum]:
    """What was added to one encounter, the first first."""
    rows = _addenda(session, [encounter.id]).get(encounter.id, [])
    names = display_names(session, {row.signed_by for row in rows})
    return [_added(row, encounter.sha256, names) for row in rows]


def encounter_at(session: Session, appointment_id: UUID) -> Encounter | None:
    """What was signed of one appointment, sealed as it is stored, or None."""
    return session.scalars(select(Encounter).where(Encounter.appointment_id == appointment_id)).one_or_none()


def in_person_exam_on(session: Session, patient_id: UUID) -> date | None:
    """The latest in-person exam any clinician recorded of a patient, or None."""
    return session.scalar(select(func.max(Encounter.in_person_exam_on)).where(Encounter.patient_id == patient_id))


def document_until(session: Session, patient_id: UUID) -> date | None:
    """The last day of the photo ID that was checked last, or None: one that did not match proves nobody."""
    row = session.scalars(
        select(Encounter)
        .where(Encounter.patient_id == patient_id, Encounter.identity_method == "photo_id")
        .order_by(Encounter.signed_at.desc())
        .limit(1)
    ).one_or_none()
    record = opened_record(row)[0] if row is not None else None
    return record.identity.proven_until if record else None


def credentials_of(session: Session, practitioner_id: UUID) -> tuple[Credential, ...]:
    """Every licence and registration of a practitioner, in force or not, as a record keeps it; the longest first."""
    return tuple(
        Credential(
            id=str(one.id),
            state=one.state,
            kind=one.kind,
            number=one.number,
            expires_on=one.expires_on,
            verified_at=one.verified_at,
            source=one.source,
            ended=one.ended_at is not None,
        )
        for one in sorted(licenses_of(session, practitioner_id), key=lambda one: one.expires_on, reverse=True)
    )


def codes_in(record_sealed: bytes | None, encounter_id: UUID) -> Codes:
    """The codes alone, for counts without names; none in an old record."""
    if record_sealed is None:
        return Codes()
    record = crypto.unseal_json(record_sealed, "encounters", "record", encounter_id)["record"]
    return Codes(tuple(record["diagnoses"]), record["em_code"])


def opened_record(row: Encounter) -> tuple[VisitRecord | None, Mapping[str, Any] | None]:
    """The record of one row with its notes, and what was signed around it; (None, None) for an old one."""
    if row.record_sealed is None:
        return None, None
    content = dict(crypto.unseal_json(row.record_sealed, "encounters", "record", row.id))
    content["record"]["notes"] = crypto.unseal(row.notes_sealed, "encounters", "notes", row.id)
    return from_json(content["record"]), content


def is_as_signed(row: Encounter) -> bool:
    """Is the row as it was signed? Each column that rules and reports read must say what the signed record says."""
    record, content = opened_record(row)
    if record is None or content is None:
        return fingerprint(content_of_old(row)) == row.sha256
    said = {
        "kind": content["kind"],
        "attestation_id": UUID(content["attestation_id"]) if content["attestation_id"] else None,
        "modality": record.modality,
        "patient_state": record.patient_state,
        "patient_county": record.patient_county,
        "practitioner_state": record.practitioner_state,
        "identity_checked": record.identity_checked,
        "identity_method": record.identity.method,
        "physician_option_disclosed": record.physician_option_disclosed,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "pdmp_system": content["pdmp_system"] if record.pdmp_checked_at else "",
        "pdmp_checked_at": record.pdmp_checked_at,
        "in_person_exam_on": record.in_person_exam_on,
        "payment_source": record.payment_source,
        "follow_up_on": record.follow_up_on,
    }
    ids = ("appointment_id", "patient_id", "practitioner_id", "license_id", "signed_by")
    return (
        fingerprint(content) == row.sha256
        and content["encounter_id"] == str(row.id)
        and all(getattr(row, name) == value for name, value in said.items())
        and all(content[name] == str(getattr(row, name)) for name in ids)
        and datetime.fromisoformat(content["signed_at"]) == row.signed_at
    )


def content_of_old(row: Encounter) -> dict[str, Any]:
    """What the fingerprint covered before there was a whole record: the columns themselves."""
    return {
        "encounter_id": row.id,
        **{name: getattr(row, name) for name in _OLD},
        "notes": crypto.unseal(row.notes_sealed, "encounters", "notes", row.id),
        "pdmp_checked_at": row.pdmp_checked_at.astimezone(UTC) if row.pdmp_checked_at else None,
        "signed_at": row.signed_at.astimezone(UTC),
    }


_OLD = (
    "appointment_id",
    "patient_id",
    "practitioner_id",
    "license_id",
    "modality",
    "patient_state",
    "identity_checked",
    "physician_option_disclosed",
    "pdmp_system",
    "in_person_exam_on",
    "signed_by",
)


def _opened(row: Encounter, added: list[EncounterAddendum], names: Mapping[UUID, str]) -> SignedEncounter:
    record, around = opened_record(row)
    return SignedEncounter(
        id=row.id,
        appointment_id=row.appointment_id,
        practitioner_id=row.practitioner_id,
        license_id=row.license_id,
        kind=row.kind,
        modality=row.modality,
        patient_state=row.patient_state,
        identity_checked=row.identity_checked,
        physician_option_disclosed=row.physician_option_disclosed,
        pdmp_system=row.pdmp_system,
        pdmp_checked_at=row.pdmp_checked_at,
        in_person_exam_on=row.in_person_exam_on,
        notes=crypto.unseal(row.notes_sealed, "encounters", "notes", row.id),
        signed_by=row.signed_by,
        by_name=names.get(row.signed_by, ""),
        signed_at=row.signed_at,
        sha256=row.sha256,
        verified=is_as_signed(row),
        record=record,
        around=around,
        addenda=tuple(_added(one, row.sha256, names) for one in added),
    )


def _addenda(session: Session, encounter_ids: list[UUID]) -> dict[UUID, list[EncounterAddendum]]:
    found: dict[UUID, list[EncounterAddendum]] = {}
    query = select(EncounterAddendum).where(EncounterAddendum.encounter_id.in_(encounter_ids))
    for row in session.scalars(query.order_by(EncounterAddendum.signed_at, EncounterAddendum.id)):
        found.setdefault(row.encounter_id, []).append(row)
    return found


def _added(row: EncounterAddendum, of_sha256: str, names: Mapping[UUID, str]) -> Addendum:
    said = crypto.unseal_json(row.text_sealed, "encounter_addenda", "text", row.id)
    content = addendum_content(
        text=said["text"],
        settles=tuple(said["settles"]),
        addendum_id=row.id,
        encounter_id=row.encounter_id,
        encounter_sha256=of_sha256,
        signed_by=row.signed_by,
        signed_at=row.signed_at.astimezone(UTC),
    )
    return Addendum(
        id=row.id,
        text=said["text"],
        settles=tuple(said["settles"]),
        signed_by=row.signed_by,
        by_name=names.get(row.signed_by, ""),
        signed_at=row.signed_at,
        sha256=row.sha256,
        verified=fingerprint(content) == row.sha256,
    )
