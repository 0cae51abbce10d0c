"""Memberships that need a person: stopped, in grace, or ending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing.models import GateRecord, Membership
from service.billing.rules import LIVE, card_words

MOST = 200


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """One of them. `reasons` are the codes of the gate's latest no, for a stopped one only."""

    id: UUID
    patient_id: UUID
    name: str
    kind: str
    price_cents: int
    card: str
    period_ends_at: datetime | None
    ending: bool
    reasons: tuple[str, ...]


def needing_a_person(session: Session, membership_id: UUID | None = None) -> list[NeedsPerson]:
    """Those that need a person, stopped ones first, at most 200; or only the one with this id, if it does."""
    query = select(Membership).where(
        Membership.status.in_(LIVE),
        or_(Membership.status != "active", Membership.cancels_at_period_end.is_(True)),
    )
    if membership_id is not None:
        query = query.where(Membership.id == membership_id)
    order = case({"stopped": 0, "grace": 1}, value=Membership.status, else_=2)
    rows = list(session.scalars(query.order_by(order, Membership.period_ends_at, Membership.id).limit(MOST)))
    names = accounts.patients(session, [row.patient_id for row in rows])
    reasons = _latest_no(session, [row.patient_id for row in rows if row.status == "stopped"])
    return [
        NeedsPerson(
            id=row.id,
            patient_id=row.patient_id,
            name=f"{names[row.patient_id].given_name} {names[row.patient_id].family_name}",
            kind="ending" if row.status == "active" else row.status,
            price_cents=row.price_cents,
            card=card_words(row.card_brand, row.card_last4),
            period_ends_at=row.period_ends_at,
            ending=row.cancels_at_period_end,
            reasons=reasons.get(row.patient_id, ()) if row.status == "stopped" else (),
        )
        for row in rows
    ]


def _latest_no(session: Session, patient_ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows: Any = session.execute(
        select(GateRecord.patient_id, GateRecord.reasons)
        .ext(distinct_on(GateRecord.patient_id))
        .where(GateRecord.patient_id.in_(patient_ids), GateRecord.action == "charge", GateRecord.yes.is_(False))
        .order_by(GateRecord.patient_id, GateRecord.asked_at.desc())
    )
    return {patient_id: tuple(found) for patient_id, found in rows}
