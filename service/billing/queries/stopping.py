"""What stands in the way of a charge since when, and whose charge is so near that it must be stopped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, exists, func, null, or_, select, union
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import GateRecord, Intent, Invoice, Membership
from service.billing.queries.gate import APPROVED
from service.billing.rules import IN_CARE, LAST_BEFORE, LIVE
from service.billing.rules.stopping import A_SECOND, REACH, Standing
from service.consent.models import ConsentAcceptance, ConsentWithdrawal
from service.enrollment.models import Enrollment, EnrollmentMove
from service.safety.models import Alert, SafetyHold

UNCOLLECTED = ("draft", "open")


@dataclass(frozen=True)
class Refused:
    """A live membership with something in the way of its charges."""

    membership_id: UUID
    patient_id: UUID
    enrollment_id: UUID


@dataclass(frozen=True)
class Try(Refused):
    """A charge that Stripe will try within an hour. `period` names this try in the gate's records."""

    period: str


def _hold_at() -> ColumnElement[Any]:
    mine = (SafetyHold.patient_id == Membership.patient_id, SafetyHold.lifted_at.is_(None))
    return select(func.min(SafetyHold.placed_at)).where(*mine).scalar_subquery()


def _taken_back(needed: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Consents of the member's, among those that charges rest on, that were taken back and not given again."""
    again = exists().where(
        ConsentAcceptance.patient_id == ConsentWithdrawal.patient_id,
        ConsentAcceptance.consent_key == ConsentWithdrawal.consent_key,
        ConsentAcceptance.accepted_at > ConsentWithdrawal.withdrawn_at,
    )
    return ConsentWithdrawal.patient_id == Membership.patient_id, ConsentWithdrawal.consent_key.in_(needed), ~again


def _withdrawn_at(needed: Collection[str]) -> ColumnElement[Any]:
    return select(func.min(ConsentWithdrawal.withdrawn_at)).where(*_taken_back(needed)).scalar_subquery()


def _moved_at() -> ColumnElement[Any]:
    return func.coalesce(Enrollment.moving_since, Enrollment.status_changed_at)


def _standing(needed: Collection[str]) -> Select[Any]:
    """Each membership with the moments of `Standing`. A patient elsewhere whose move nobody timed moved long ago."""
    over = Enrollment.status.not_in(APPROVED)
    moved = Patient.state != Enrollment.state
    return (
        select(
            Membership.id,
            Membership.patient_id,
            Membership.enrollment_id,
            Patient.closed_at,
            _when(over, Enrollment.status_changed_at).label("care_over_at"),
            _hold_at().label("hold_at"),
            _when(moved, _moved_at()).label("moved_at"),
            _withdrawn_at(needed).label("withdrawn_at"),
        )
        .join(Enrollment, Enrollment.id == Membership.enrollment_id)
        .join(Patient, Patient.id == Membership.patient_id)
    )


def _when(condition: ColumnElement[bool], moment: Any) -> ColumnElement[Any]:
    return case((condition, moment), else_=null())


def in_the_way(needed: Collection[str] = ()) -> ColumnElement[bool]:
    """Does anything stand in the way at all? What only the gate can tell is told apart by whoever asked.

    `needed`: the consents that charges rest on (`rules.stopping.needed`).
    """
    return or_(
        Patient.closed_at.is_not(None),
        Enrollment.status.not_in(APPROVED),
        Patient.state != Enrollment.state,
        exists().where(SafetyHold.patient_id == Membership.patient_id, SafetyHold.lifted_at.is_(None)),
        exists().where(*_taken_back(needed)),
    )


def standing_of(session: Session, membership_id: UUID, needed: Collection[str]) -> Standing:
    """What stands in the way of one membership's charges, in one statement."""
    row = session.execute(_standing(needed).where(Membership.id == membership_id)).one_or_none()
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


def refused_near(session: Session, now: datetime, limit: int, needed: Collection[str]) -> list[Refused]:
    """Live memberships with a charge near and something in the way of it, those charged soonest first.

    Not those about which a stop or an end is under way already.
    """
    near = _near(now)
    query = (
        _standing(needed)
        .join(near, near.c.id == Membership.id)
        .where(
            Membership.status.in_(LIVE),
            Membership.stripe_subscription_id.is_not(None),
            in_the_way(needed),
            ~_under_way(now, "pause", "end", "stop_invoice"),
        )
        .order_by(Membership.period_ends_at, Membership.id)
        .limit(limit)
    )
    return _refused(session, query)


def over_and_live(
    session: Session, now: datetime, limit: int, needed: Collection[str], *, waited_since: datetime | None
) -> list[Refused]:
    """Live memberships of whom care or account is over, first; then who lives where we are not, or took a consent back,
    and nobody decided about since `waited_since` (None: those wait for a person).
    """
    over = or_(Patient.closed_at.is_not(None), Enrollment.status.not_in(APPROVED))
    waited = [] if waited_since is None else _undecided(needed, waited_since)
    query = (
        _standing(needed)
        .where(
            Membership.status.in_(LIVE),
            Membership.stripe_subscription_id.is_not(None),
            or_(over, *waited),
            ~_under_way(now, "end"),
        )
        .order_by(over.desc(), Membership.period_ends_at, Membership.id)
        .limit(limit)
    )
    return _refused(session, query)


def _undecided(needed: Collection[str], since: datetime) -> list[ColumnElement[bool]]:
    return [
        and_(Patient.state != Enrollment.state, Enrollment.moving_to.is_(None), _moved_at() <= since),
        exists().where(*_taken_back(needed), ConsentWithdrawal.withdrawn_at <= since),
    ]


def refused_by_stripe(session: Session, alert: str, now: datetime, limit: int = 500) -> list[tuple[UUID, UUID]]:
    """(patient, intent) of what had to stop or end within the last day, was refused, and nobody was called about."""
    rows = session.execute(
        select(Intent.patient_id, Intent.id)
        .where(
            Intent.kind.in_(("cancel", "end", "pause", "stop_invoice", "end_other")),
            Intent.status.in_(("refused", "given_up")),
            Intent.settled_at > now - timedelta(days=1),
            ~exists().where(Alert.source_id == Intent.id, Alert.code == alert),
        )
        .order_by(Intent.settled_at)
        .limit(limit)
    )
    return [(row.patient_id, row.id) for row in rows]


def uncollected(session: Session, membership_id: UUID) -> list[tuple[UUID, str]]:
    """(our id, Stripe's id) of the invoices that Stripe may still collect, as far as we know."""
    rows = session.execute(
        select(Invoice.id, Invoice.stripe_invoice_id)
        .where(Invoice.membership_id == membership_id, Invoice.status.in_(UNCOLLECTED))
        .order_by(Invoice.issued_at)
    )
    return [(row.id, row.stripe_invoice_id) for row in rows]


def tries_to_ask(session: Session, now: datetime, limit: int) -> list[Try]:
    """Charges that Stripe drafted or tries within an hour, of which the gate has not said yes to this try."""
    # As `rules.try_label` writes it.
    period = Invoice.stripe_invoice_id + "/" + Invoice.status + "/" + cast(Invoice.attempts, Text)
    said_yes = exists().where(
        GateRecord.patient_id == Membership.patient_id,
        GateRecord.action == "charge",
        GateRecord.period == period,
        GateRecord.yes,
    )
    rows: Any = session.execute(
        select(Membership.id, Membership.patient_id, Membership.enrollment_id, period)
        .join(Invoice, Invoice.membership_id == Membership.id)
        .where(
            Invoice.status.in_(UNCOLLECTED),
            or_(Invoice.status == "draft", Invoice.next_try_at <= now + LAST_BEFORE),
            Invoice.amount_due_cents > 0,
            Membership.status.in_(LIVE),
            Membership.stripe_subscription_id.is_not(None),
            ~said_yes,
            ~_under_way(now, "pause", "end", "stop_invoice"),
        )
        .order_by(Invoice.next_try_at, Invoice.id)
        .limit(limit)
    )
    return [Try(*row) for row in rows]


def lapsed_before(session: Session, moment: datetime, limit: int) -> list[UUID]:
    """Enrollments whose membership was over by then and nobody came back to, the longest first."""
    lapse = exists().where(
        EnrollmentMove.enrollment_id == Enrollment.id,
        EnrollmentMove.event == "lapse",
        EnrollmentMove.at == Enrollment.status_changed_at,
    )
    back = exists().where(Membership.enrollment_id == Enrollment.id, Membership.status != "ended")
    query = select(Enrollment.id).where(
        Enrollment.status == "consented", Enrollment.status_changed_at <= moment, lapse, ~back
    )
    return list(session.scalars(query.order_by(Enrollment.status_changed_at).limit(limit)))


def unjudged(session: Session, limit: int) -> list[UUID]:
    """Payments nobody asked about yet, the oldest first."""
    query = select(Invoice.id).where(Invoice.paid_at.is_not(None), Invoice.judged_at.is_(None))
    return list(session.scalars(query.order_by(Invoice.paid_at, Invoice.id).limit(limit)))


def said_yes_before(session: Session, patient_id: UUID, paid_at: datetime) -> bool:
    """Did the gate say yes to a charge of this patient's in the day before this payment?"""
    yes = exists().where(
        GateRecord.patient_id == patient_id,
        GateRecord.action == "charge",
        GateRecord.yes,
        GateRecord.asked_at.between(paid_at - REACH, paid_at + A_SECOND),
    )
    return bool(session.scalar(select(yes)))


def membership_of_invoice(session: Session, invoice_id: UUID) -> Membership:
    """The membership a charge was for, not locked."""
    query = select(Membership).join(Invoice, Invoice.membership_id == Membership.id).where(Invoice.id == invoice_id)
    return session.scalars(query).one()


def _under_way(now: datetime, *kinds: str) -> ColumnElement[bool]:
    """Is one of these calls on its way? Or was it turned down within the hour: then asking again would not help yet."""
    return exists().where(
        Intent.membership_id == Membership.id,
        Intent.kind.in_(kinds),
        or_(Intent.status == "meant", and_(Intent.status == "refused", Intent.settled_at > now - LAST_BEFORE)),
    )


def _refused(session: Session, query: Select[Any]) -> list[Refused]:
    rows: Sequence[Any] = session.execute(query).all()
    return [Refused(*row[:3]) for row in rows]
