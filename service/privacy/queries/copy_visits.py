"""Of a copy: what was signed of each visit, what was added to it, and where you said you were."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.kit import crypto
from service.privacy.rules import Entry, Section
from service.visits import queries as visits
from service.visits.models import LocationAttestation, Practitioner
from service.visits.queries import SignedEncounter
from service.visits.rules.encounters import VisitRecord


def visit_notes(session: Session, patient_id: UUID) -> Section:
    """What your clinician recorded and signed, whole, with what was added later."""
    names = practitioners(session)
    entries = [
        {
            "signed_at": found.signed_at,
            "by": names.get(found.practitioner_id),
            "kind": found.kind,
            "held_by": found.modality,
            "you_were_in": found.patient_state,
            "identity_checked": found.identity_checked,
            "in_person_exam_on": found.in_person_exam_on,
            "prescription_monitoring_checked": found.pdmp_system,
            "checked_at": found.pdmp_checked_at,
            **_record(found.record),
            **_around(found),
            "notes": found.notes,
            "added_later": [
                {"at": added.signed_at, "by": added.by_name, "text": added.text, "settled": ", ".join(added.settles)}
                for added in found.addenda
            ],
            "sha256": found.sha256,
        }
        for found in visits.encounters_of(session, patient_id)
    ]
    return Section("visit_notes", "What your clinician recorded", entries)


def _record(record: VisitRecord | None) -> Entry:
    """The record field by field; nothing for a visit from before there was more than notes.

    The decision stands among the decisions; the reason beside it is left out, as the copy itself says.
    """
    if record is None:
        return {}
    seen = record.identity
    return {
        "began_at": record.started_at,
        "ended_at": record.ended_at,
        "video_service": record.platform,
        "others_present": record.others_present,
        "your_county": record.patient_county,
        "emergency_address": record.emergency_address,
        "callback": record.callback,
        "clinician_was_in": record.practitioner_state,
        "identity_checked_by": seen.method,
        "id_document": seen.document,
        "id_issued_by": seen.issued_by,
        "id_ends_in": seen.last4,
        "id_valid_until": seen.expires_on,
        "id_matches": ", ".join(seen.matches),
        "agreed_to_telehealth": record.agreed_to_telehealth,
        "told_before_the_visit": ", ".join(sorted(record.disclosed)),
        "prescription_monitoring_checked_by": record.pdmp_checked_by,
        "prescription_monitoring_showed": record.pdmp_finding,
        "prescription_monitoring_note": record.pdmp_note,
        "history_gone_through": record.history_reviewed,
        "medicines_gone_through": record.medicines_reconciled,
        "blood_pressure": ", ".join(f"{one.systolic}/{one.diastolic}" for one in record.readings),
        "heart_rate": record.heart_rate,
        "sober_adult": record.sitter,
        "blood_pressure_monitor": record.monitor,
        "assessment": record.assessment,
        "diagnoses": ", ".join(record.diagnoses),
        "plan": record.plan,
        "safety_plan_given": record.safety_plan_given,
        "referral": record.referral,
        "next_visit_by": record.follow_up_on,
        "evaluation_code": record.em_code,
        "paid_by": record.payment_source,
    }


def _around(found: SignedEncounter) -> Entry:
    """The licences as they stood, and the texts that you had signed by then."""
    if found.around is None:
        return {}
    held = (found.around["license"], *found.around["registrations"])
    texts = found.around["consents"].items()
    return {
        "licenses": [{"kind": one["kind"], "state": one["state"], "number": one["number"]} for one in held],
        "texts_signed_by_then": [
            {"text": key, "version": text["version"], "signed_at": text["signed_at"]}
            for key, text in texts
            if text["signed_at"]
        ],
    }


def places(session: Session, patient_id: UUID) -> Section:
    """Where you said you were, before a visit, and how to reach you there."""
    rows = session.scalars(
        select(LocationAttestation)
        .where(LocationAttestation.patient_id == patient_id)
        .order_by(LocationAttestation.attested_at, LocationAttestation.id)
    )
    entries = [
        {
            "said_at": row.attested_at,
            "state": row.state,
            "county": row.county_fips,
            "at_home_address": row.at_home_address,
            "emergency_address": _opened(row, "emergency_address"),
            "callback": _opened(row, "callback"),
        }
        for row in rows
    ]
    return Section("places", "Where you said you were", entries)


def _opened(row: LocationAttestation, column: str) -> str | None:
    sealed = getattr(row, f"{column}_sealed")
    return None if sealed is None else crypto.unseal(sealed, "location_attestations", column, row.id)


def practitioners(session: Session) -> dict[UUID, str]:
    """Clinicians as patients are told of them."""
    rows = session.execute(select(Practitioner.id, Practitioner.display_name, Practitioner.credentials))
    return {row.id: f"{row.display_name}, {row.credentials}" for row in rows}
