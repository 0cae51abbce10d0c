"""Legal holds, and whose things they keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient, User
from service.accounts.rules.links import while_open
from service.billing.models import Checkout, Invoice, Membership
from service.kit import crypto
from service.privacy.models import LegalHold


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as the staff page shows it."""

    id: UUID
    patient_id: UUID
    patient_name: str
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str
    lifted_at: datetime | None


def held_patients() -> Select[UUID]:
    """The patients of whom nothing is removed, for use inside another statement."""
    return select(LegalHold.patient_id).where(LegalHold.lifted_at.is_(None))


def held_users() -> Select[UUID]:
    """Their accounts."""
    return select(Patient.user_id).where(Patient.id.in_(held_patients()))


def is_held(session: Session, patient_id: UUID) -> bool:
    """Does a hold stand on this patient?"""
    return session.scalar(held_patients().where(LegalHold.patient_id == patient_id)) is not None


def holds(session: Session, *, patient_id: UUID | None = None, limit: int = 200) -> list[Hold]:
    """Holds, those that stand first, then the latest; of one patient or of all."""
    query = select(LegalHold).order_by(LegalHold.lifted_at.is_not(None), LegalHold.placed_at.desc()).limit(limit)
    if patient_id is not None:
        query = query.where(LegalHold.patient_id == patient_id)
    rows = list(session.scalars(query))
    people = accounts.patients(session, {row.patient_id for row in rows})
    staff = accounts.display_names(
        session, {row.placed_by for row in rows} | {row.lifted_by for row in rows if row.lifted_by}
    )
    return [
        Hold(
            id=row.id,
            patient_id=row.patient_id,
            patient_name=f"{people[row.patient_id].given_name} {people[row.patient_id].family_name}",
            reason=crypto.unseal(row.reason_sealed, "legal_holds", "reason", row.id),
            placed_by=staff.get(row.placed_by, ""),
            placed_at=row.placed_at,
            lifted_by=staff.get(row.lifted_by, "") if row.lifted_by else "",
            lifted_at=row.lifted_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """What belongs to people under a hold and does not carry their id."""

    indexes: list[bytes]
    mails: list[str]  # keys, and what mails to an address are wanted while
    payment_objects: list[str]


def held_keys(session: Session) -> HeldKeys:
    """Look-up keys, mails and payment objects of everybody under a hold."""
    indexes, keys = [], []
    for user in session.scalars(select(User).where(User.id.in_(held_users()))):
        address = crypto.unseal(user.email_sealed, "users", "email", user.id)
        # The account may be closed: then its own index is no longer that of the address.
        indexes += [user.email_index, crypto.index(address, "email"), crypto.index(f"code:{user.id}", "code")]
        keys += [f"account_closed:{user.id}", while_open(user.id)]
    mine = select(Membership).where(Membership.patient_id.in_(held_patients()))
    objects: list[str | None] = []
    for membership in session.scalars(mine):
        objects += [membership.stripe_subscription_id, membership.stripe_customer_id]
    ids = select(Membership.id).where(Membership.patient_id.in_(held_patients()))
    objects += session.scalars(select(Invoice.stripe_invoice_id).where(Invoice.membership_id.in_(ids)))
    objects += session.scalars(select(Checkout.stripe_session_id).where(Checkout.membership_id.in_(ids)))
    return HeldKeys(indexes, keys, [found for found in objects if found is not None])
