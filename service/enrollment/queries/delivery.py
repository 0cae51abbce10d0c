"""Where a patient's parcels would go, as the state-rule engine asks for it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.catalog.rules.engine import Delivery
from service.enrollment.rules.delivery import kind_of
from service.kit import crypto


def delivery_of(session: Session, patient_id: UUID) -> Delivery | None:
    """The home on file, in the state its ZIP tells; None while there is no street on file."""
    query = select(Patient.address_sealed, Patient.state).where(Patient.id == patient_id)
    row = session.execute(query).one_or_none()
    return None if row is None else delivery_in(patient_id, row.address_sealed, row.state)


def delivery_in(patient_id: UUID, sealed: bytes | None, state: str) -> Delivery | None:
    """The same of a patient's row that was read already."""
    if sealed is None:
        return None
    home = crypto.unseal_json(sealed, "patients", "address", patient_id)
    return Delivery(state=state, kind=kind_of(home["line1"], home["line2"])) if home.get("line1") else None
