"""The evidence itself: what was signed, in which words, by whom, when, and whether it was taken back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.consent.models import ConsentAcceptance, ConsentText, ConsentWithdrawal
from service.kit import crypto


@dataclass(frozen=True, slots=True)
class Evidence:
    """One answer to one text, with everything that proves it. `text` is what was signed, word for word.

    `details` is what was filled in below the text. Moments are aware; `time_zone` is the signer's that day.
    """

    id: UUID
    patient_id: UUID
    key: str
    state: str
    version: int
    language: str
    sha256: str
    text: str
    statement: str
    typed_name: str
    details: dict[str, Any]
    accepted_at: datetime
    time_zone: str
    address: str | None
    user_agent: str | None
    auth_level: str
    opened_at: datetime | None
    ends_on: date | None
    declined: bool
    withdrawn_at: datetime | None
    why: str
    newer_at: datetime | None = None

    @property
    def title(self) -> str:
        """What the document calls itself, in its first heading."""
        first = self.text.lstrip().partition("\n")[0]
        return first.removeprefix("# ") if first.startswith("# ") else self.key.replace("_", " ")


def evidences(session: Session, patient_id: UUID) -> list[Evidence]:
    """Every answer of a patient, the newest first; of each also when a newer one for the same text followed."""
    rows = session.execute(
        select(ConsentAcceptance, ConsentText.state, ConsentText.body, ConsentWithdrawal)
        .join(ConsentText, ConsentText.sha256 == ConsentAcceptance.document_sha256)
        .outerjoin(ConsentWithdrawal, ConsentWithdrawal.acceptance_id == ConsentAcceptance.id)
        .where(ConsentAcceptance.patient_id == patient_id)
        .order_by(ConsentAcceptance.accepted_at.desc(), ConsentAcceptance.id.desc())
    )
    newer: dict[str, datetime] = {}
    found = []
    for signed, state, body, back in rows:
        found.append(_opened(signed, state, body, back, newer.get(signed.consent_key)))
        newer[signed.consent_key] = signed.accepted_at
    return found


def evidence(session: Session, patient_id: UUID, acceptance_id: UUID) -> Evidence | None:
    """One answer of that patient, or None where it is somebody else's or nobody's."""
    return next((one for one in evidences(session, patient_id) if one.id == acceptance_id), None)


def _opened(
    signed: ConsentAcceptance, state: str, body: str, back: ConsentWithdrawal | None, newer_at: datetime | None
) -> Evidence:
    details = {}
    if signed.details_sealed is not None:
        details = json.loads(crypto.unseal(signed.details_sealed, "consent_acceptances", "details", signed.id))
    why = ""
    if back is not None and back.why_sealed is not None:
        why = crypto.unseal(back.why_sealed, "consent_withdrawals", "why", back.id)
    return Evidence(
        id=signed.id,
        patient_id=signed.patient_id,
        key=signed.consent_key,
        state=state,
        version=signed.version,
        language=signed.language,
        sha256=signed.document_sha256,
        text=body,
        statement=signed.statement,
        typed_name=crypto.unseal(signed.typed_name_sealed, "consent_acceptances", "typed_name", signed.id),
        details=details,
        accepted_at=signed.accepted_at,
        time_zone=signed.time_zone,
        address=signed.address,
        user_agent=signed.user_agent,
        auth_level=signed.auth_level,
        opened_at=signed.opened_at,
        ends_on=signed.ends_on,
        declined=signed.declined,
        withdrawn_at=back.withdrawn_at if back else None,
        why=why,
        newer_at=newer_at,
    )
