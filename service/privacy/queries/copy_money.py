"""Of a copy: what you agreed to pay, word for word, and how you left."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.billing.models import Agreement, Cancellation
from service.billing.rules.leaving import WHY
from service.kit import crypto
from service.privacy.rules import Entry, Section


def agreements(session: Session, patient_id: UUID) -> Section:
    """Each time you ticked the box beside a charge: the text that stood there, its fingerprint, and from where."""
    query = select(Agreement).where(Agreement.patient_id == patient_id).order_by(Agreement.agreed_at, Agreement.id)
    entries: list[Entry] = [
        {
            "agreed_at": row.agreed_at,
            "plan": row.plan,
            "each_month_cents": row.amount_cents,
            "wording": row.terms,
            "sha256_of_the_text": row.sha256,
            "network_address": row.address,
            "browser": row.user_agent,
        }
        for row in session.scalars(query)
    ]
    return Section("agreements", "What you agreed to pay", entries)


def cancellations(session: Session, patient_id: UUID) -> Section:
    """Each end of a membership as it was asked for."""
    query = select(Cancellation).where(Cancellation.patient_id == patient_id).order_by(Cancellation.asked_at)
    entries: list[Entry] = [
        {
            "asked_at": row.asked_at,
            "asked_by": row.asked_by,
            "why": WHY.get(row.reason or "", (row.reason or "").replace("_", " ")),
            "note": crypto.unseal(row.comment_sealed, "cancellations", "comment", row.id) if row.comment_sealed else "",
            "undone_at": row.undone_at,
        }
        for row in session.scalars(query)
    ]
    return Section("cancellations", "Memberships that you, we or a rule ended", entries)
