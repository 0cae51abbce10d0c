"""What a mail about a charge to come rests on: asked as it is planned, and again as it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Membership
from service.billing.queries.memberships import end_waits
from service.billing.queries.stopping import in_the_way
from service.billing.rules import IN_CARE
from service.enrollment.models import Enrollment
from service.mail.models import OutboxMessage

# What a mail's `wanted_while` may say of a membership: its charge still comes, its card is still out of date by then.
CHARGE_COMES, CARD_OUT = "charge_comes", "card_out"
CARD_SEEN_AHEAD = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class ExpiringCard:
    """A card that will be out of date at its membership's next charge."""

    membership_id: UUID
    patient_id: UUID
    card_brand: str | None
    card_last4: str | None
    expires_on: date
    charge_at: datetime


def _card_out() -> tuple[ColumnElement[bool], ...]:
    charge_on = cast(func.timezone("UTC", Membership.period_ends_at), Date)
    return (*_charged_next(), Membership.card_expires_on < charge_on)


def _charged_next() -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.status.in_(IN_CARE),
        Membership.cancels_at_period_end.is_(False),
        ~end_waits(Membership.id),
        or_(Membership.collection_resumes_at.is_(None), Membership.collection_resumes_at <= Membership.period_ends_at),
    )


def expiring_cards(session: Session, now: datetime, limit: int) -> list[ExpiringCard]:
    """Those whose charge is near enough to tell them, and who have not been told of this card and this charge."""
    rows: Any = session.execute(
        select(
            Membership.id,
            Membership.patient_id,
            Membership.card_brand,
            Membership.card_last4,
            Membership.card_expires_on,
            Membership.period_ends_at,
        )
        .where(
            *_card_out(),
            Membership.period_ends_at > now,
            Membership.period_ends_at <= now + CARD_SEEN_AHEAD,
            ~exists().where(OutboxMessage.message_key == _card_key()),
        )
        .order_by(Membership.period_ends_at, Membership.id)
        .limit(limit)
    )
    return [ExpiringCard(*row) for row in rows]


def _card_key() -> ColumnElement[str]:
    """The key of the mail about this card and this charge, as `actions.cards` writes it."""
    day = func.to_char(func.timezone("UTC", Membership.period_ends_at), "YYYY-MM-DD")
    return func.concat("card_expires:", Membership.id, ":", Membership.card_expires_on, ":", day)


def charge_comes(session: Session, membership_id: UUID) -> bool:
    """Will the announced charge be made, as far as anybody knows now? Else nobody is written to about it."""
    return bool(
        session.scalar(
            select(
                exists()
                .where(Membership.id == membership_id, *_charged_next())
                .where(Enrollment.id == Membership.enrollment_id, Patient.id == Membership.patient_id)
                .where(~in_the_way())
            )
        )
    )


def card_out(session: Session, membership_id: UUID) -> bool:
    """Will the card still be out of date at the next charge?"""
    return bool(session.scalar(select(exists().where(Membership.id == membership_id, *_card_out()))))
