"""One month counted: a few statements, each over an index by its own moment."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, and_, case, cast, distinct, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing.models import (
    Cancellation,
    Credit,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Membership,
    MoneyMonth,
)
from service.billing.rules.figures import Figures, bounds, reason_of

LONGEST = timedelta(days=40)  # a month, and a charge that took its time
RUNS = ("paid", "open")


def counted(session: Session, month: date, now: datetime) -> Figures:
    """The figures of a month, as far as it has come."""
    since, after = bounds(month)
    until = min(after, now)
    active, mrr = _running(session, until)
    reasons = _ended(session, since, after)
    money = _moved(session, since, after)
    failed, recovered, recovered_cents, lost = _failures(session, since, after)
    credits_cents, months = _given(session, since, after)
    return Figures(
        month=month,
        mrr_cents=mrr,
        active=active,
        new=_begun(session, since, after),
        ended=sum(reasons.values()),
        reasons=dict(sorted(reasons.items())),
        paid_cents=money["payment"],
        given_back_cents=-(money["refund"] + money["refund_failed"]),
        disputed_cents=-(money["dispute"] + money["dispute_won"]),
        credits_cents=credits_cents,
        months_given=months,
        failed=failed,
        recovered=recovered,
        recovered_cents=recovered_cents,
        lost=lost,
    )


def kept(session: Session, months: list[date]) -> dict[date, MoneyMonth]:
    """Those that were counted before."""
    rows = session.scalars(select(MoneyMonth).where(MoneyMonth.month.in_(months)))
    return {row.month: row for row in rows}


def keep(session: Session, figures: Figures, *, counted_for: datetime, wall_now: datetime) -> None:
    """Keep a month's figures, in place of those before."""
    values = {"figures": {**figures.kept(), "counted_for": counted_for.isoformat()}, "counted_at": wall_now}
    statement = insert(MoneyMonth).values(month=figures.month, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["month"], set_=values))


def _running(session: Session, at: datetime) -> tuple[int, int]:
    """(memberships, cents) of the months that run at that moment, as `rules.figures.monthly_net` counts each."""
    price = InvoiceLine.amount_cents
    off = Invoice.discount_cents * func.least(price, Invoice.subtotal_cents) / func.greatest(Invoice.subtotal_cents, 1)
    net = case((Invoice.subtotal_cents <= 0, price), else_=func.greatest(0, price - cast(func.floor(off), Integer)))
    row = session.execute(
        select(func.count(distinct(Invoice.membership_id)), func.coalesce(func.sum(net), 0))
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(Membership, Membership.id == Invoice.membership_id)
        .where(
            Invoice.issued_at > at - LONGEST,
            Invoice.issued_at <= at,
            Invoice.status.in_(RUNS),
            InvoiceLine.kind == "month",
            price > 0,
            InvoiceLine.starts_at <= at,
            InvoiceLine.ends_at > at,
            Membership.activated_at.is_not(None),
            or_(Membership.ended_at.is_(None), Membership.ended_at > at),
        )
    ).one()
    return int(row[0]), int(row[1])


def _begun(session: Session, since: datetime, after: datetime) -> int:
    query = select(func.count()).where(Membership.activated_at >= since, Membership.activated_at < after)
    return session.scalar(query) or 0


def _ended(session: Session, since: datetime, after: datetime) -> Counter[str]:
    """How many ended for each reason. Of several cancellations the last that was not taken back counts."""
    last = (
        select(Cancellation.asked_by, Cancellation.reason)
        .where(Cancellation.membership_id == Membership.id, Cancellation.undone_at.is_(None))
        .order_by(Cancellation.asked_at.desc())
        .limit(1)
        .lateral()
    )
    unpaid = (
        select(Invoice.id)
        .where(
            Invoice.membership_id == Membership.id,
            Invoice.attempts > 0,
            Invoice.status.in_(("open", "uncollectible", "void")),
        )
        .exists()
    )
    rows: Any = session.execute(
        select(last.c.asked_by, last.c.reason, unpaid, func.count())
        .select_from(Membership)
        .outerjoin(last, and_(True))
        .where(Membership.activated_at.is_not(None), Membership.ended_at >= since, Membership.ended_at < after)
        .group_by(last.c.asked_by, last.c.reason, unpaid)
    )
    counts: Counter[str] = Counter()
    for asked_by, reason, was_unpaid, number in rows:
        counts[reason_of(asked_by, reason, unpaid=was_unpaid)] += number
    return counts


def _moved(session: Session, since: datetime, after: datetime) -> Counter[str]:
    rows: Any = session.execute(
        select(LedgerEntry.kind, func.sum(LedgerEntry.amount_cents))
        .where(LedgerEntry.moved_at >= since, LedgerEntry.moved_at < after)
        .group_by(LedgerEntry.kind)
    )
    return Counter({kind: int(cents) for kind, cents in rows})


def _failures(session: Session, since: datetime, after: datetime) -> tuple[int, int, int, int]:
    """(first tries that failed, paid in the end, cents of those, never paid) of the charges made in that time."""
    paid = and_(Invoice.status == "paid", Invoice.attempts > 1)
    lost = and_(Invoice.status.in_(("uncollectible", "void")), Invoice.attempts > 0)
    waits = and_(Invoice.status == "open", Invoice.attempts > 0)
    row = session.execute(
        select(
            func.count().filter(or_(paid, lost, waits)),
            func.count().filter(paid),
            func.coalesce(func.sum(Invoice.amount_paid_cents).filter(paid), 0),
            func.count().filter(lost),
        ).where(Invoice.issued_at >= since, Invoice.issued_at < after, Invoice.occasion != "start")
    ).one()
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def _given(session: Session, since: datetime, after: datetime) -> tuple[int, int]:
    row: Any = session.execute(
        select(func.coalesce(func.sum(Credit.amount_cents), 0), func.coalesce(func.sum(Credit.months), 0)).where(
            Credit.status == "done", Credit.settled_at >= since, Credit.settled_at < after
        )
    ).one()
    return int(row[0]), int(row[1])
