"""Where a patient says they are, before the room of their visit opens. Inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.kit import crypto
from service.kit.ids import new_id
from service.visits.models import LocationAttestation


def attest(
    session: Session,
    *,
    patient_id: UUID,
    appointment_id: UUID,
    state: str,
    county_fips: str,
    emergency_address: str,
    callback: str,
    now: datetime,
) -> UUID:
    """Keep one word on where they are. An empty `emergency_address` means the home address. Returns its id."""
    row_id = new_id()
    session.add(
        LocationAttestation(
            id=row_id,
            patient_id=patient_id,
            appointment_id=appointment_id,
            state=state,
            county_fips=county_fips,
            at_home_address=not emergency_address,
            emergency_address_sealed=crypto.seal(
                emergency_address, "location_attestations", "emergency_address", row_id
            )
            if emergency_address
            else None,
            callback_sealed=crypto.seal(callback, "location_attestations", "callback", row_id) if callback else None,
            attested_at=now,
        )
    )
    session.flush()
    return row_id
