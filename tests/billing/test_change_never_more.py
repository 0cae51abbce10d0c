"""Whatever a patient, the clinic and the calendar do: no charge is above what was agreed to last."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import requests
from sqlalchemy import select

from service.billing import actions
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.models import Agreement, PriceNotice
from service.catalog.rules.changes import PriceChange
from service.kit import db
from service.kit.errors import Conflict, NotFound, Rejected, TryAgain
from tests.billing.changing import Member, a_member, with_changes
from tests.billing.stand_in import KEY, StandIn
from tests.conftest import House

CHANGES = (
    PriceChange("first", "monthly", 26500, "homeward_monthly_b", date(2027, 1, 10), "keep"),
    PriceChange("plus", "monthly_plus", 36900, "homeward_monthly_plus_b", date(2027, 1, 20), "keep"),
    PriceChange("second", "monthly", 29900, "homeward_monthly_c", date(2027, 4, 1), "end"),
)


CHOSEN: list[tuple[datetime, str, int]] = []


def agree(member: Member) -> None:
    with db.reading() as session:
        found = session.scalars(
            select(PriceNotice).where(PriceNotice.membership_id == member.row.id, PriceNotice.outcome.is_(None))
        ).first()
    if found is not None:
        plan = member.row.next_plan or member.row.plan
        actions.agree_to_price(
            notice_id=found.id, terms=member.terms("price", found.new_cents, plan=plan), **member.about
        )


def other_plan(member: Member) -> None:
    plan = "monthly" if (member.row.next_plan or member.row.plan) == "monthly_plus" else "monthly_plus"
    shown = member.review(plan)
    if shown.step == "now":
        member.upgrade(shown)
    elif shown.step == "next":
        terms = member.terms("plan", shown.plan.price_cents, plan=plan) if shown.asks_consent else None
        actions.change_plan_later(plan_key=plan, terms=terms, **member.about)
        if terms is None:  # a cheaper plan is chosen at its price of today, as the page shows it, without a box
            CHOSEN.append((member.house.now, plan, shown.plan.price_cents))


def restart(member: Member) -> None:
    price = member.row.next_price_cents or member.row.price_cents
    plan = member.row.next_plan or member.row.plan
    actions.restart(due_cents=price, terms=member.terms("resume", price, plan=plan), **member.about)


def leave_and_stay(member: Member) -> None:
    actions.cancel(**member.about)
    actions.undo_cancel(**member.about)


DEEDS: tuple[Callable[[Member], object], ...] = (
    agree,
    other_plan,
    restart,
    lambda member: actions.keep_plan(**member.about),
    lambda member: actions.skip(months=1, **member.about),
    lambda member: actions.unskip(**member.about),
    lambda member: actions.move_date(day=member.charge_on + timedelta(days=9), **member.about),
    leave_and_stay,
)
WHOLE = frozenset({25000, 26500, 29900, 34900, 36900})
NOES = (Conflict, Rejected, NotFound, Declined, NeedsAction, TryAgain, Bug, AssertionError)


@pytest.mark.parametrize("seed", range(3))
def test_no_charge_is_above_the_last_amount_agreed_to(house: House, moving_stripe: StandIn, seed: int) -> None:
    random = Random(seed)
    CHOSEN.clear()
    member = a_member(house, moving_stripe, plan=random.choice(["monthly", "monthly_plus"]))
    with_changes(member, *CHANGES)
    until = datetime(2027, 4, 26, tzinfo=UTC)
    while house.now < until and member.row.status != "ended":
        member.day_by_day(house.now + timedelta(days=random.randint(2, 8)), step=timedelta(days=1))
        with suppress(*NOES):
            random.choice(DEEDS)(member)
    charged = _charges(member)
    assert len(charged) >= 3
    agreed = sorted([*_agreements(member), *CHOSEN])
    for at, amount in charged:
        plan = "monthly_plus" if amount in (34900, 36900) else "monthly"
        # A plan's rest of a month is charged at its own price too: it is never more than one whole month of it.
        last = [cents for when, on, cents in agreed if when <= at + timedelta(minutes=1) and on == plan]
        whole = [cents for when, _, cents in agreed if when <= at + timedelta(minutes=1)]
        assert amount <= (last[-1] if amount in WHOLE and last else whole[-1]), f"{amount} at {at}, agreed {agreed}"
    assert [amount for _, amount in charged] == member.kept()
    if member.row.status != "ended":
        assert member.at_stripe().price_cents in (member.row.price_cents, member.row.next_price_cents)


def _charges(member: Member) -> list[tuple[datetime, int]]:
    answer = requests.get(
        f"{member.stripe.url}/v1/invoices",
        params={"subscription": member.subscription_id, "limit": "100", "status": "paid"},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=5,
    ).json()
    found = [(datetime.fromtimestamp(one["created"], UTC), one["amount_paid"]) for one in answer["data"]]
    return sorted(one for one in found if one[1])


def _agreements(member: Member) -> list[tuple[datetime, str, int]]:
    with db.reading() as session:
        rows = session.execute(
            select(Agreement.agreed_at, Agreement.plan, Agreement.amount_cents)
            .where(Agreement.membership_id == member.row.id)
            .order_by(Agreement.agreed_at)
        )
        return [(at, plan, cents) for at, plan, cents in rows]
