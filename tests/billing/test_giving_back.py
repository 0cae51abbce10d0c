"""What is given back when a membership ends: by the table of the policy, to the cent, never more than was paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing.rules import Payment, refund_due
from service.catalog.rules.refunds import DELIVERED, REASONS, SHARES, Delivered, Share, end_rule
from service.catalog.rules.whole import Catalog

BEGAN = datetime(2026, 11, 1, 5, tzinfo=UTC)
ENDS = BEGAN + timedelta(days=30)
MONTH = Payment(25000, BEGAN, ENDS)
BEFORE = Payment(25000, BEGAN - timedelta(days=31), BEGAN)


@pytest.mark.parametrize(
    ("share", "day", "running", "earlier"),
    [
        ("none", 0, 0, 0),
        ("unused", 0, 25000, 0),
        ("unused", 1, 24167, 0),  # 29/30 of $250.00, a cent of doubt to the patient
        ("unused", 15, 12500, 0),
        ("unused", 30, 0, 0),
        ("unused", 31, 0, 0),
        ("month", 29, 25000, 0),
        ("month", 30, 0, 0),
        ("everything", 29, 25000, 25000),
        ("everything", 400, 25000, 25000),
    ],
)
def test_what_is_due_by_day(share: Share, day: int, running: int, earlier: int) -> None:
    due = refund_due(share, {"now": MONTH, "before": BEFORE}, stopped_at=BEGAN + timedelta(days=day))
    assert due == {key: cents for key, cents in (("now", running), ("before", earlier)) if cents}


def test_a_plan_change_in_the_month_gives_the_unused_part_of_both_back() -> None:
    """From $250 to $349 after 10 of 30 days: $66.00 more. After 20 days a third of $349.00 is unused."""
    change = Payment(6600, BEGAN + timedelta(days=10), ENDS)
    due = refund_due("unused", {"month": MONTH, "change": change}, stopped_at=BEGAN + timedelta(days=20))
    assert due == {"month": 8334, "change": 3300}
    assert sum(due.values()) - round(34900 / 3) in (0, 1)


def test_a_stop_before_the_month_begins_gives_all_of_it_back() -> None:
    assert refund_due("unused", {1: MONTH}, stopped_at=BEGAN - timedelta(days=3)) == {1: 25000}


def _paid(cents: int, start: int, seconds: int) -> Payment:
    since = BEGAN + timedelta(seconds=start)
    return Payment(cents, since, since + timedelta(seconds=seconds))


payments = st.builds(_paid, st.integers(0, 2**31 - 1), st.integers(-(10**7), 10**7), st.integers(0, 3 * 10**6))
moments = st.integers(-(10**7), 2 * 10**7).map(lambda seconds: BEGAN + timedelta(seconds=seconds))


@given(st.sampled_from(SHARES), st.lists(payments, max_size=5), moments)
def test_never_more_than_was_left_and_never_less_than_nothing(share: Share, paid: list[Payment], at: datetime) -> None:
    known = dict(enumerate(paid))
    for key, cents in refund_due(share, known, stopped_at=at).items():
        assert 0 < cents <= known[key].left_cents


@given(st.lists(payments, max_size=5), moments)
def test_each_share_gives_at_least_what_a_lesser_one_does(paid: list[Payment], at: datetime) -> None:
    totals = [sum(refund_due(share, dict(enumerate(paid)), stopped_at=at).values()) for share in SHARES]
    assert totals == sorted(totals)


@given(payments, moments, st.integers(0, 10**6))
def test_whoever_stops_later_gets_no_more(paid: Payment, at: datetime, later: int) -> None:
    sooner = refund_due("unused", {1: paid}, stopped_at=at).get(1, 0)
    assert refund_due("unused", {1: paid}, stopped_at=at + timedelta(seconds=later)).get(1, 0) <= sooner


TABLE = {  # nothing delivered yet, nothing of this month, something of this month
    "care_ended": ("month", "unused", "unused"),
    "safety_stop": ("month", "month", "unused"),
    "approval_withdrawn": ("everything", "month", "unused"),
    "died": ("month", "month", "month"),
    "out_of_state": ("month", "unused", "unused"),
    "consent_withdrawn": ("month", "unused", "unused"),
    "account_closed": ("none", "none", "none"),
    "asked": ("month", "unused", "none"),
    "lapsed": ("none", "none", "none"),
}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("delivered", DELIVERED)
def test_the_policy_that_is_shipped(catalog: Catalog, reason: str, delivered: Delivered) -> None:
    rule = end_rule(catalog.ends, reason, date(2026, 11, 23))
    assert rule is not None
    assert rule.share(delivered) == TABLE[reason][DELIVERED.index(delivered)]
    assert rule.source
    assert end_rule(catalog.ends, reason, date(2025, 12, 31)) is None
