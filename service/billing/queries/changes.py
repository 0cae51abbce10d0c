"""A running membership as the rules of change see it, and what a patient may do about it on their page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from service.billing.models import Intent, Membership, PriceNotice
from service.billing.queries.memberships import MembershipCard
from service.billing.rules import changes
from service.billing.rules.prices import agree_until, first_charge
from service.catalog.rules.changes import ChangeRules
from service.catalog.rules.whole import Catalog


@dataclass(frozen=True, slots=True)
class History:
    """What was changed in the last twelve months: months left out and not taken back, dates moved, and to when last.

    `waiting`: the kind of change that Stripe has not answered yet.
    """

    months_left_out: int = 0
    moves: int = 0
    moved_to: datetime | None = None
    waiting: str | None = None


def history(session: Session, membership_id: UUID, now: datetime) -> History:
    """The changes that happened, and the one on its way. What Stripe refused never did."""
    counted = and_(
        Intent.kind.in_(("skip", "unskip", "move_date")),
        Intent.status == "done",
        Intent.meant_at > now - changes.YEAR,
    )
    on_its_way = and_(Intent.status == "meant", Intent.lane == "subscription")
    rows = session.execute(
        select(Intent.kind, Intent.details, Intent.status)
        .where(Intent.membership_id == membership_id, or_(counted, on_its_way))
        .order_by(Intent.meant_at, Intent.id)
    )
    left_out: list[int] = []
    moves, moved_to, waits = 0, None, None
    for kind, details, status in rows:
        if status == "meant":
            waits = kind
        elif kind == "skip":
            left_out.append(int(str(details["months"])))
        elif kind == "unskip":
            del left_out[-1:]  # it can only be the latest
        else:
            moves, moved_to = moves + 1, datetime.fromisoformat(str(details["to"]))
    return History(sum(left_out), moves, moved_to, waits)


def running(of: Membership | MembershipCard, past: History, time_zone: str) -> changes.Running | None:
    """It, where it has begun: a row, or what a page sees of it."""
    if of.period_starts_at is None or of.period_ends_at is None:
        return None
    return changes.Running(
        status=of.status,
        ends=of.cancels_at_period_end or past.waiting in ("cancel", "end"),
        plan=of.plan,
        price_cents=of.price_cents,
        next_plan=of.next_plan,
        next_price_cents=of.next_price_cents,
        period_starts_at=of.period_starts_at,
        period_ends_at=of.period_ends_at,
        anchor_at=of.anchor_at or of.period_ends_at,
        paid_until=of.paid_until,
        resumes_at=of.collection_resumes_at,
        moved=past.moved_to is not None and past.moved_to == of.period_ends_at,
        time_zone=time_zone,
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that may be done: until when, or the code of why not (`rules.changes.WHY`)."""

    why: str | None
    until: datetime | None = None

    @property
    def open(self) -> bool:
        return self.why is None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price change this patient was told of. `applies_at`: its first charge as they were told; `first_charge_at`: the
    same as the dates stand now, after a move or a skip; `until`: when a yes counts no more.
    """

    notice_id: UUID
    change_key: str
    old_cents: int
    new_cents: int
    applies_at: datetime
    first_charge_at: datetime
    until: datetime
    ends: bool
    outcome: str | None

    def asks(self, now: datetime) -> bool:
        """Does it wait for a yes or no?"""
        return self.outcome is None and now <= self.until


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything the page about a membership offers. `waiting`: what has no answer of Stripe's yet."""

    skip: Offer
    unskip: Offer
    restart: Offer
    move: Offer
    plan: Offer
    code: Offer
    waiting: str | None
    new_price: NewPrice | None
    months_left: int
    moves_left: int


def changes_of(session: Session, card: MembershipCard, catalog: Catalog, zone: str, now: datetime) -> Changes:
    """What this patient may change now, and until when."""
    rules, past = catalog.billing.changes, history(session, card.id, now)
    it = running(card, past, zone)
    charge_at = card.period_ends_at
    return Changes(
        skip=_offer(changes.may_skip(it, rules, now, past.months_left_out), charge_at, rules, cut_off=True),
        unskip=_offer(changes.may_unskip(it, rules, now), charge_at, rules),
        restart=Offer(changes.may_restart(it)),
        move=_offer(changes.may_move(it, rules, now, past.moves), charge_at, rules, cut_off=True),
        plan=_offer(changes.may_change_plan(it, "", rules, now), card.next_charge_at, rules),
        code=Offer(changes.may_use_code(it)),
        waiting=past.waiting,
        new_price=new_price(session, card, catalog),
        months_left=max(0, rules.months_paused_a_year - past.months_left_out),
        moves_left=max(0, rules.moves_a_year - past.moves),
    )


def _offer(why: str | None, charge_at: datetime | None, rules: ChangeRules, *, cut_off: bool = False) -> Offer:
    before = rules.cut_off if cut_off else rules.last_change
    return Offer(why, None if charge_at is None else charge_at - before)


def new_price(session: Session, card: MembershipCard | Membership, catalog: Catalog) -> NewPrice | None:
    """The latest change of their plan's price that a member was told of, if it still stands in the clinic's files."""
    plan = card.next_plan or card.plan
    known = {change.key: change for change in catalog.price_changes if change.plan == plan}
    if not known:
        return None
    row = session.scalars(
        select(PriceNotice)
        .where(PriceNotice.membership_id == card.id, PriceNotice.change_key.in_(known))
        .order_by(PriceNotice.told_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    it = running(card, History(), "UTC")
    return NewPrice(
        notice_id=row.id,
        change_key=row.change_key,
        old_cents=row.old_cents,
        new_cents=row.new_cents,
        applies_at=row.applies_at,
        first_charge_at=first_charge(it, row.applies_at) if it else row.applies_at,
        until=agree_until(row.applies_at, catalog.billing.changes.last_change),
        ends=known[row.change_key].without_consent == "end",
        outcome=row.outcome,
    )
