"""Signed texts and estimates as pages show them and files hold them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts.rules.contact import spoken_phone
from service.consent.queries import Evidence
from service.consent.rules.estimates import Provider
from service.enrollment.rules.signing import SCOPES
from service.visits.models import Practitioner


def filled_in(one: Evidence) -> list[tuple[str, str]]:
    """What was filled in below a text, as labels with words."""
    kept: dict[str, Any] = one.details
    words = {
        "Name": str(kept.get("name", "")),
        "Relation": str(kept.get("relation", "")),
        "Telephone": spoken_phone(str(kept["phone"])) if kept.get("phone") else "",
        "What may be shared": "; ".join(SCOPES.get(key, str(key)) for key in kept.get("scope", ())),
    }
    return [(label, said) for label, said in words.items() if said]


def provider_of(session: Session, practitioner_id: UUID) -> Provider:
    """A clinician as a written estimate names them."""
    row = session.get_one(Practitioner, practitioner_id)
    return Provider(f"{row.display_name}, {row.credentials}", row.npi)
