"""What stands on file of everything an approval waits for before it is completed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.accounts.queries.settings import own_patient
from service.enrollment.queries.delivery import delivery_in, delivery_of
from service.enrollment.rules.completion import OF_THE_PATIENT, Item, Logistics, checklist, missing
from service.kit import crypto
from service.kit.asked import Asked
from service.kit.db import Line
from service.visits import queries as visits
from service.visits.queries import SignedEncounter


def completion(
    session: Session, *, patient_id: UUID, state: str, encounter_id: UUID | None, now: datetime
) -> tuple[Item, ...]:
    """The checklist of an approval that rests on `encounter_id`."""
    patient = own_patient(session.get_one(Patient, patient_id))
    signed = visits.encounters_of(session, patient_id)
    rests_on = next((one for one in signed if one.id == encounter_id), None)
    contact = patient.emergency_contact
    return checklist(
        Logistics(
            day=now.astimezone(ZoneInfo(patient.time_zone)).date(),
            identity_checked=rests_on.identity_checked if rests_on else None,
            document_until=_document_until(rests_on, signed),
            old=rests_on is not None and rests_on.record is None,
            delivery=delivery_of(session, patient_id),
            cared_for_in=state,
            emergency_contact=bool(contact and contact.name and contact.phone),
            phone=bool(patient.phone),
            settled=visits.settled_by(signed),
        )
    )


_OWN_WORDS: tuple[Any, ...] = (
    Patient.state,
    Patient.address_sealed,
    Patient.emergency_contact_sealed,
    Patient.phone_sealed,
)
_OWN = Asked(select(*_OWN_WORDS).where(Patient.id == bindparam("patient_id")))


def missing_of_patient(session: Session | Line, patient_id: UUID, state: str, now: datetime) -> tuple[str, ...]:
    """What the patient alone can put right before an approval for `state` is completed: keys of the checklist."""
    (row,) = _OWN.rows(session, patient_id=patient_id)
    sealed = row.emergency_contact_sealed
    contact = crypto.unseal_json(sealed, "patients", "emergency_contact", patient_id) if sealed else {}
    items = checklist(
        Logistics(
            day=now.date(),
            identity_checked=None,
            document_until=None,
            old=False,
            delivery=delivery_in(patient_id, row.address_sealed, row.state),
            cared_for_in=state,
            emergency_contact=bool(contact.get("name") and contact.get("phone")),
            phone=bool(row.phone_sealed),
            settled=frozenset(),
        )
    )
    return tuple(item.key for item in missing(items) if item.key in OF_THE_PATIENT)


def _document_until(rests_on: SignedEncounter | None, signed: list[SignedEncounter]) -> date | None:
    """Of that visit's own ID or, where the clinician knew the patient, of the one seen last, if it was theirs."""
    if rests_on is None or rests_on.record is None:
        return None
    seen = [one for one in signed if one.signed_at <= rests_on.signed_at and one.record is not None]
    return next(
        (one.record.identity.proven_until for one in seen if one.record and one.record.identity.method == "photo_id"),
        None,
    )
