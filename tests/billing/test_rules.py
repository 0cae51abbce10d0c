"""Stripe's words in ours, waits, and when the gate is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.billing import rules
from service.billing.rules.charges import months_after

CHARGE = datetime(2026, 12, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("incomplete", "awaiting_payment"),
        ("trialing", "active"),
        ("active", "active"),
        ("past_due", "grace"),
        ("unpaid", "stopped"),
        ("paused", "stopped"),
        ("canceled", "ended"),
        ("incomplete_expired", "ended"),
    ],
)
def test_each_status_of_stripe_has_one_meaning(theirs: str, ours: str) -> None:
    assert rules.membership_status(theirs) == ours


def test_a_status_nobody_knows_is_not_guessed() -> None:
    with pytest.raises(ValueError):
        rules.membership_status("dormant")


def test_care_starts_once_and_ends_once() -> None:
    assert rules.step("awaiting_payment", "active", was_active=False).started
    assert rules.step("awaiting_payment", "grace", was_active=False).started
    assert not rules.step("stopped", "active", was_active=True).started
    assert rules.step("grace", "ended", was_active=True).ended
    assert not rules.step("ended", "ended", was_active=True).ended
    assert not rules.step("awaiting_payment", "ended", was_active=False).ended


def test_only_a_failing_payment_is_a_problem() -> None:
    assert rules.step("active", "grace", was_active=True).problem
    assert not rules.step("active", "active", was_active=True).problem
    assert not rules.step("active", "stopped", was_active=True).problem


def test_failures_are_tried_again_ever_later_and_then_parked() -> None:
    waits = []
    while (wait := rules.retry_after(len(waits) + 1)) is not None:
        waits.append(wait)
    assert waits == sorted(waits)
    assert waits[0] <= timedelta(minutes=1)
    assert sum(waits, timedelta()) > timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "stage"),
    [
        (timedelta(days=8), None),
        (timedelta(days=7), "7d"),
        (timedelta(days=1, seconds=1), "7d"),
        (timedelta(days=1), "24h"),
        (timedelta(minutes=61), "24h"),
        (timedelta(minutes=60), "1h"),
        (timedelta(seconds=1), "1h"),
        (timedelta(), None),
    ],
)
def test_the_gate_is_asked_a_week_a_day_and_an_hour_before(before: timedelta, stage: str | None) -> None:
    assert rules.stage(CHARGE - before, CHARGE) == stage


def test_each_asking_has_its_own_record() -> None:
    labels = {rules.period_label(CHARGE, name) for name, _ in rules.STAGES}
    assert labels == {"2026-12-23T15:00Z/7d", "2026-12-23T15:00Z/24h", "2026-12-23T15:00Z/1h"}


@pytest.mark.parametrize(
    ("day", "next_month"),
    [
        ((2026, 11, 23), (2026, 12, 23)),
        ((2026, 12, 31), (2027, 1, 31)),
        ((2027, 1, 31), (2027, 2, 28)),
        ((2028, 1, 30), (2028, 2, 29)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(
    day: tuple[int, int, int], next_month: tuple[int, int, int]
) -> None:
    assert months_after(datetime(*day, 15, tzinfo=UTC), 1) == datetime(*next_month, 15, tzinfo=UTC)
