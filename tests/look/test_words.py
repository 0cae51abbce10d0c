"""Money, days and moments are said the way people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from service.kit import format

NOON = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "said"), [(25000, "$250.00"), (5, "$0.05"), (123456789, "$1,234,567.89"), (-500, "-$5.00"), (0, "$0.00")]
)
def test_money_is_said_to_the_cent(cents: int, said: str) -> None:
    assert format.money(cents) == said


def test_whole_dollars_may_be_said_without_cents_and_others_never() -> None:
    assert format.money(25000, whole=True) == "$250"
    assert format.money(25050, whole=True) == "$250.50"


def test_a_moment_names_its_zone() -> None:
    assert format.moment(NOON, "America/New_York") == "Tue, Nov 24, 10:30 AM Eastern (EST)"
    assert format.moment(NOON, "America/Chicago") == "Tue, Nov 24, 9:30 AM Central (CST)"
    assert format.hour(NOON, "America/New_York", named=False) == "10:30 AM"


def test_the_letters_of_a_zone_follow_the_season() -> None:
    assert format.hour(datetime(2026, 7, 1, 16, 0, tzinfo=UTC), "America/New_York") == "12:00 PM Eastern (EDT)"


def test_a_late_moment_in_london_is_the_day_before_in_florida() -> None:
    assert (
        format.moment(datetime(2027, 1, 1, 3, 0, tzinfo=UTC), "America/New_York", "day-only long")
        == "December 31, 2026"
    )


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        format.moment(datetime(2026, 1, 1), "America/New_York")  # noqa: DTZ001
    with pytest.raises(TypeError):
        format.day(NOON)


def test_a_day_has_a_short_and_a_full_name_in_both_languages() -> None:
    day = date(2026, 11, 24)
    assert format.day(day) == "November 24, 2026"
    assert format.day(day, "weekday") == "Tue, Nov 24"
    assert format.day(day, "full") == "Tuesday, November 24, 2026"
    assert format.day(day, locale="es") == "24 de noviembre de 2026"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["Florida"], "Florida"),
        (["Florida", "New Jersey"], "Florida and New Jersey"),
        (["Florida", "Hawaii", "New Jersey"], "Florida, Hawaii, and New Jersey"),
    ],
)
def test_names_are_said_in_a_sentence_however_many_there_are(names: list[str], said: str) -> None:
    assert format.listed(names) == said
