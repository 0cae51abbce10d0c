"""The hold, the cut-offs, the room and who has come: each to the minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from config.settings import HOUSE, Settings, SettingsError
from service.catalog.queries import catalog
from service.catalog.rules.reading import CatalogError, Table
from service.catalog.rules.visits import read_visits
from service.visits.rules.arrival import arrival
from service.visits.rules.day import held_until, may_cancel, may_change, room_is, room_url
from tests.conftest import settings_for

RULES = catalog(HOUSE / "config").visits
BEGINS = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ENDS, MINUTE = BEGINS + timedelta(minutes=30), timedelta(minutes=1)


def test_a_time_is_kept_for_ten_minutes() -> None:
    assert held_until(BEGINS, RULES) == BEGINS + 10 * MINUTE


@pytest.mark.parametrize(("minutes", "change", "cancel"), [(-61, True, True), (-60, False, True), (0, False, False)])
def test_it_may_be_changed_until_an_hour_before_and_cancelled_until_it_begins(
    minutes: int, change: bool, cancel: bool
) -> None:
    now = BEGINS + minutes * MINUTE
    assert (may_change(BEGINS, now, RULES), may_cancel(BEGINS, now, RULES)) == (change, cancel)


@pytest.mark.parametrize(("minutes", "state"), [(-16, "early"), (-15, "open"), (59, "open"), (60, "over")])
def test_the_room_has_its_hours(minutes: int, state: str) -> None:
    assert room_is(BEGINS, ENDS, BEGINS + minutes * MINUTE, RULES) == state


@pytest.mark.parametrize(
    ("said", "by_phone", "minutes", "state"),
    [
        (None, False, 9, "ahead"),
        (None, False, 10, "late"),
        ("FL", False, 10, "here"),
        ("FL", True, 10, "phone"),
        ("GA", True, 10, "elsewhere"),
        ("elsewhere", False, -5, "elsewhere"),
    ],
)
def test_staff_see_who_has_come(said: str | None, by_phone: bool, minutes: int, state: str) -> None:
    found = arrival(
        attested_state=said,
        visit_state="FL",
        by_phone=by_phone,
        starts_at=BEGINS,
        now=BEGINS + minutes * MINUTE,
        rules=RULES,
    )
    assert found == state


def test_without_a_vendor_or_a_room_there_is_no_way_in() -> None:
    assert room_url("https://video.example/{room}?lang=en", "abc") == "https://video.example/abc?lang=en"
    assert room_url(None, "abc") is None
    assert room_url("https://video.example/{room}", None) is None


def test_a_hold_of_no_minutes_is_no_setting() -> None:
    room = {"opens_minutes_before": 15, "stays_minutes_after": 30, "late_after_minutes": 10}
    booking = {"hold_minutes": 0, "change_until_minutes_before": 60, "cancel_until_minutes_before": 0}
    with pytest.raises(CatalogError, match="hold_minutes"):
        read_visits(Table("visits.toml", {"booking": booking, "room": room}))


@pytest.mark.parametrize("url", ["https://video.example/", "http://video.example/room"])
def test_a_vendors_address_without_a_place_for_the_room_does_not_start(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="HOMEWARD_VIDEO_URL"):
        settings_for(settings.database_url.get_secret_value(), VIDEO_URL=url)


def test_production_asks_for_https(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="HOMEWARD_VIDEO_URL: production"):
        settings_for(
            settings.database_url.get_secret_value(), ENVIRONMENT="production", VIDEO_URL="http://video.example/{room}"
        )
