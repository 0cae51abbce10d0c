"""What stands in the way of a charge since when, and whose charge is so near that it must be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, null, or_, select, union
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Intent, Invoice, Membership
from service.billing.queries.gate import APPROVED
from service.billing.rules import IN_CARE, LIVE
from service.billing.rules.stopping import REACH, Standing
from service.consent.models import ConsentWithdrawal
from service.enrollment.models import Enrollment
from service.safety.models import SafetyHold

UNCOLLECTED = ("draft", "open")


@dataclass(frozen=True, slots=True)
class Refused:
    """A live membership with something in the way of its charges."""

    membership_id: UUID
    patient_id: UUID
    enrollment_id: UUID
    standing: Standing


def _hold_at() -> ColumnElement[Any]:
    mine = (SafetyHold.patient_id == Membership.patient_id, SafetyHold.lifted_at.is_(None))
    return select(func.min(SafetyHold.placed_at)).where(*mine).scalar_subquery()


def _withdrawn_at() -> ColumnElement[Any]:
    mine = ConsentWithdrawal.patient_id == Membership.patient_id
    return select(func.max(ConsentWithdrawal.withdrawn_at)).where(mine).scalar_subquery()


def _standing() -> Select[Any]:
    """Each membership with the moments of `Standing`. A patient elsewhere whose move nobody timed moved long ago."""
    over = Enrollment.status.not_in(APPROVED)
    moved = Patient.state != Enrollment.state
    since = func.coalesce(Enrollment.moving_since, Enrollment.status_changed_at)
    return (
        select(
            Membership.id,
            Membership.patient_id,
            Membership.enrollment_id,
            Patient.closed_at,
            _when(over, Enrollment.status_changed_at).label("care_over_at"),
            _hold_at().label("hold_at"),
            _when(moved, since).label("moved_at"),
            _withdrawn_at().label("withdrawn_at"),
        )
        .join(Enrollment, Enrollment.id == Membership.enrollment_id)
        .join(Patient, Patient.id == Membership.patient_id)
    )


def _when(condition: ColumnElement[bool], moment: Any) -> ColumnElement[Any]:
    return case((condition, moment), else_=null())


def _in_the_way() -> ColumnElement[bool]:
    """Does anything stand in the way at all? What only the gate can tell is told apart by whoever asked."""
    return or_(
        Patient.closed_at.is_not(None),
        Enrollment.status.not_in(APPROVED),
        Patient.state != Enrollment.state,
        exists().where(SafetyHold.patient_id == Membership.patient_id, SafetyHold.lifted_at.is_(None)),
        exists().where(ConsentWithdrawal.patient_id == Membership.patient_id),
    )


def standing_of(session: Session, membership_id: UUID) -> Standing:
    """What stands in the way of one membership's charges, in one statement."""
    row = session.execute(_standing().where(Membership.id == membership_id)).one_or_none()
    return Standing() if row is None else Standing(*row[3:])


def _near(now: datetime) -> Any:
    """Memberships that Stripe may charge within a day: a draft or open invoice, or a renewal. One index each."""
    uncollected = select(Invoice.membership_id.label("id")).where(Invoice.status.in_(UNCOLLECTED))
    renewing = select(Membership.id).where(
        Membership.status.in_(IN_CARE),
        Membership.cancels_at_period_end.is_(False),
        Membership.period_ends_at <= now + REACH,
    )
    return union(uncollected, renewing).subquery()


def refused_near(session: Session, now: datetime, limit: int) -> list[Refused]:
    """Live memberships with a charge near and something in the way of it, those charged soonest first.

    Not those about which a stop or an end is under way already.
    """
    near = _near(now)
    query = (
        _standing()
        .join(near, near.c.id == Membership.id)
        .where(
            Membership.status.in_(LIVE),
            Membership.stripe_subscription_id.is_not(None),
            _in_the_way(),
            ~_under_way("pause", "end", "stop_invoice"),
        )
        .order_by(Membership.period_ends_at, Membership.id)
        .limit(limit)
    )
    return _refused(session, query)


def over_and_live(session: Session, limit: int) -> list[Refused]:
    """Live memberships of whom care is over, the account closed, or who live elsewhere or took a consent back."""
    query = (
        _standing()
        .where(
            Membership.status.in_(LIVE),
            Membership.stripe_subscription_id.is_not(None),
            or_(
                Patient.closed_at.is_not(None),
                Enrollment.status.not_in(APPROVED),
                Patient.state != Enrollment.state,
                exists().where(ConsentWithdrawal.patient_id == Membership.patient_id),
            ),
            ~_under_way("end"),
        )
        .order_by(Membership.period_ends_at, Membership.id)
        .limit(limit)
    )
    return _refused(session, query)


def uncollected(session: Session, membership_id: UUID) -> list[tuple[UUID, str]]:
    """(our id, Stripe's id) of the invoices that Stripe may still collect, as far as we know."""
    rows = session.execute(
        select(Invoice.id, Invoice.stripe_invoice_id)
        .where(Invoice.membership_id == membership_id, Invoice.status.in_(UNCOLLECTED))
        .order_by(Invoice.issued_at)
    )
    return [(row.id, row.stripe_invoice_id) for row in rows]


def _under_way(*kinds: str) -> ColumnElement[bool]:
    return exists().where(and_(Intent.membership_id == Membership.id, Intent.status == "meant", Intent.kind.in_(kinds)))


def _refused(session: Session, query: Select[Any]) -> list[Refused]:
    rows: Sequence[Any] = session.execute(query).all()
    return [Refused(row[0], row[1], row[2], Standing(*row[3:])) for row in rows]
