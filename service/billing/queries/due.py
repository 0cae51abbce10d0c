"""Which charges come, which messages wait, and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, bindparam, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from service.billing.models import Checkout, GateRecord, Intent, Invoice, Membership, StripeEvent
from service.billing.rules import (
    IN_CARE,
    LAST_BEFORE,
    LIVE,
    PERIOD_IN_SQL,
    REMIND_BEFORE,
    STAGES,
    STOPPING_STAGES,
    WISH_ALERT,
    Told,
)
from service.kit.asked import Asked
from service.kit.db import Line
from service.safety.models import Alert


@dataclass(frozen=True, slots=True)
class Renewal:
    """A charge that Stripe will make by itself."""

    membership_id: UUID
    charge_at: datetime


def _will_renew() -> ColumnElement[bool]:
    return and_(
        Membership.status.in_(IN_CARE),
        Membership.cancels_at_period_end.is_(False),
        Membership.stripe_subscription_id.is_not(None),
        # One that is left out is no charge: nothing to announce, nothing to ask.
        or_(
            Membership.collection_resumes_at.is_(None),
            Membership.collection_resumes_at <= Membership.period_ends_at,
        ),
    )


def renewals(session: Session, now: datetime, limit: int = 2000) -> list[Renewal]:
    """The charges of the coming seven days about which there is something to do now, the nearest first.

    That is: all within the last hour, when nobody asks after us; and `limit` of those that were not asked at this stage
    yet, or were refused in the last day and are not paused yet. After days of silence the rest follows run by run.
    """
    ahead = select(Membership.id, Membership.period_ends_at).where(_will_renew()).order_by(Membership.period_ends_at)
    last = ahead.where(Membership.period_ends_at > now, Membership.period_ends_at <= now + LAST_BEFORE)
    others = ahead.where(
        Membership.period_ends_at > now + LAST_BEFORE,
        Membership.period_ends_at <= now + REMIND_BEFORE,
        not_(_asked(now)),
    ).limit(limit)
    rows: list[Any] = [*session.execute(last), *session.execute(others)]
    return [Renewal(*row) for row in rows]


def _asked(now: datetime) -> ColumnElement[bool]:
    """Has the gate answered at the stage of `now`, so that nothing is left to do until the next?"""
    moment = func.to_char(func.timezone("UTC", Membership.period_ends_at), PERIOD_IN_SQL)
    stage = case(
        *((Membership.period_ends_at <= now + before, name) for name, before in reversed(STAGES)), else_=STAGES[0][0]
    )
    return exists().where(
        GateRecord.patient_id == Membership.patient_id,
        GateRecord.action == "charge",
        GateRecord.period == moment + "/" + stage,
        or_(GateRecord.yes, stage.not_in(STOPPING_STAGES)),
    )


_TOLD = (StripeEvent.id, StripeEvent.kind, StripeEvent.object_id, StripeEvent.subject_id)
_WAITS = and_(StripeEvent.handled_at.is_(None), StripeEvent.parked_at.is_(None))
# Not asked for `_WAITS`: by the index of what waits Postgres would walk over all that waited since it was last cleaned.
TOLD_BY_ID = select(*_TOLD, _WAITS.label("waits")).where(
    StripeEvent.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
)
_BY_ID = Asked(TOLD_BY_ID.order_by(StripeEvent.received_at, StripeEvent.id))


def waiting_events(session: Session, wall_now: datetime, limit: int) -> list[Told]:
    """Messages whose time to be tried (again) has come, the longest-waiting first."""
    query = select(*_TOLD).where(_WAITS, StripeEvent.try_at <= wall_now).order_by(StripeEvent.try_at).limit(limit)
    return [Told(*row) for row in session.execute(query)]


def unheard(session: Session | Line, event_ids: Sequence[UUID]) -> list[Told]:
    """Those of these messages that nobody has handled yet, the first to come first."""
    return [Told(*row[:-1]) for row in _BY_ID.rows(session, ids=list(event_ids)) if row.waits]


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """A pay page that somebody may pay on right now, and the enrollment it is for."""

    checkout_id: UUID
    stripe_session_id: str
    enrollment_id: UUID


def open_attempts(session: Session, limit: int = 500) -> list[OpenAttempt]:
    """Every open pay page, the oldest first. Each lives for an hour at most, so there are few.

    A page for another card charges nobody, and is not among them.
    """
    rows = session.execute(
        select(Checkout.id, Checkout.stripe_session_id, Membership.enrollment_id)
        .join(Membership, Membership.id == Checkout.membership_id)
        .where(Checkout.status == "open", Checkout.kind == "membership", Checkout.stripe_session_id.is_not(None))
        .order_by(Checkout.meant_at)
        .limit(limit)
    )
    return [OpenAttempt(row.id, row.stripe_session_id or "", row.enrollment_id) for row in rows]


def live_subscriptions(session: Session, limit: int) -> list[str]:
    """The subscriptions that may still charge and were compared longest ago, by Stripe's id."""
    query = (
        select(Membership.stripe_subscription_id)
        .where(Membership.status.in_(LIVE), Membership.stripe_subscription_id.is_not(None))
        .order_by(Membership.compared_at.nulls_first(), Membership.created_at)
        .limit(limit)
    )
    return [found for found in session.scalars(query) if found is not None]


def open_pages(session: Session, limit: int) -> list[str]:
    """Pay pages we believe to be open, by Stripe's id: at most `limit`, drawn by lot, so that none stays in front."""
    query = (
        select(Checkout.stripe_session_id)
        .where(Checkout.status == "open", Checkout.stripe_session_id.is_not(None))
        .order_by(func.random())
        .limit(limit)
    )
    return [found for found in session.scalars(query) if found is not None]


def unheard_wishes(session: Session, before: datetime, limit: int = 500) -> list[tuple[UUID, UUID]]:
    """(patient, intent) of wishes to end from before this moment that Stripe has not answered and nobody was called
    about: what they wished to end would charge again. The oldest `limit`.
    """
    rows = session.execute(
        select(Intent.patient_id, Intent.id)
        .join(Membership, Membership.id == Intent.membership_id)
        .where(
            _will_renew(),
            Intent.status == "meant",
            Intent.kind.in_(("cancel", "end")),
            Intent.meant_at < before,
            not_(exists().where(Alert.source_id == Intent.id, Alert.code == WISH_ALERT)),
        )
        .order_by(Intent.meant_at)
        .limit(limit)
    )
    return [(row.patient_id, row.id) for row in rows]


def open_pages_of(session: Session, patient_id: UUID) -> list[tuple[UUID, str]]:
    """(our id, Stripe's id) of the pay pages on which one patient may pay right now."""
    rows = session.execute(
        select(Checkout.id, Checkout.stripe_session_id)
        .join(Membership, Membership.id == Checkout.membership_id)
        .where(Membership.patient_id == patient_id, Checkout.status == "open", Checkout.stripe_session_id.is_not(None))
    )
    return [(row.id, row.stripe_session_id or "") for row in rows]


def subscription_of(session: Session, patient_id: UUID) -> tuple[UUID, str] | None:
    """(membership, subscription at Stripe) of what may still charge a patient, or None."""
    row = session.execute(
        select(Membership.id, Membership.stripe_subscription_id).where(
            Membership.patient_id == patient_id,
            Membership.status != "ended",
            Membership.stripe_subscription_id.is_not(None),
        )
    ).one_or_none()
    return None if row is None else (row.id, row.stripe_subscription_id or "")


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The next moment after `after` at which a coming charge is asked about or announced."""
    moments = []
    for _, before in STAGES:
        moment = session.scalar(
            select(func.min(Membership.period_ends_at)).where(
                _will_renew(),
                Membership.period_ends_at > after + before,
            )
        )
        if moment is not None:
            moments.append(moment - before)
    return min(moments, default=None)


def happened(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """What became of memberships and charges after `since` and up to `until`, in neutral sentences, in order."""
    kinds = (
        (Membership.activated_at, None, "A membership became active"),
        (Membership.ended_at, Membership.activated_at.is_not(None), "A membership ended"),
        (Invoice.paid_at, Invoice.amount_paid_cents > 0, "A monthly charge was paid"),
        (GateRecord.asked_at, GateRecord.yes, "The gate said yes to a charge"),
        (GateRecord.asked_at, GateRecord.yes.is_(False), "The gate said no to a charge"),
    )
    out: list[tuple[datetime, str]] = []
    for column, condition, sentence in kinds:
        query = select(column).where(column > since, column <= until)
        if condition is not None:
            query = query.where(condition)
        out += [(at, sentence) for at in session.scalars(query) if at is not None]
    return sorted(out)
