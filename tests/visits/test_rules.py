"""Open times in every season, and what stands between a clinician and a signature."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.visits.rules.encounters import Circumstances, VisitRecord, fingerprint, signed_content, why_not
from service.visits.rules.times import (
    Span,
    Stretch,
    at_wall_time,
    licensed_on,
    open_times,
    part_of_day,
    times_of_day,
)

NEW_YORK = "America/New_York"
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)  # Sundays on which the clocks change
EARLY = [Stretch(6, time(1), time(4))]


def _open(now: datetime, **changes: object) -> list[Span]:
    facts = {
        "taken": [],
        "license_expires_on": date(2030, 1, 1),
        "left_on": None,
        **changes,
    }
    stretches = [Stretch(weekday, time(9), time(11)) for weekday in range(7)]
    return open_times(stretches, NEW_YORK, now=now, **facts)  # type: ignore[arg-type]


def test_an_ordinary_morning_of_two_hours_has_four_times() -> None:
    day = date(2026, 11, 23)
    starts = [span.starts_at for span in times_of_day(day, [Stretch(0, time(9), time(11))], NEW_YORK)]
    assert starts == [datetime(2026, 11, 23, 14, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(4)]


def test_the_night_that_loses_an_hour_has_two_times_less() -> None:
    spans = list(times_of_day(SPRING, EARLY, NEW_YORK))
    local = [span.starts_at.astimezone(ZoneInfo(NEW_YORK)).strftime("%H:%M %Z") for span in spans]
    assert local == ["01:00 EST", "01:30 EST", "03:00 EDT", "03:30 EDT"]


def test_the_night_that_gains_an_hour_has_two_times_more() -> None:
    spans = list(times_of_day(AUTUMN, EARLY, NEW_YORK))
    local = [span.starts_at.astimezone(ZoneInfo(NEW_YORK)).strftime("%H:%M %Z") for span in spans]
    assert local == [
        "01:00 EDT", "01:30 EDT", "01:00 EST", "01:30 EST", "02:00 EST", "02:30 EST", "03:00 EST", "03:30 EST",
    ]  # fmt: skip
    assert len({span.starts_at for span in spans}) == 8


def test_a_wall_time_that_does_not_exist_moves_forward() -> None:
    there = at_wall_time(SPRING, time(2, 30), NEW_YORK).astimezone(ZoneInfo(NEW_YORK))
    assert there.strftime("%H:%M %Z") == "03:30 EDT"


def test_nine_o_clock_stays_nine_o_clock_across_the_change() -> None:
    times = _open(datetime(2026, 10, 30, 12, 0, tzinfo=UTC))
    wall = {span.starts_at.astimezone(ZoneInfo(NEW_YORK)).strftime("%H:%M") for span in times}
    assert wall == {"09:00", "09:30", "10:00", "10:30"}


def test_the_first_time_is_two_hours_ahead_and_the_last_within_fourteen_days() -> None:
    now = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)  # 7:15 in New York
    times = _open(now)
    assert times[0].starts_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert times[-1].starts_at < now + timedelta(days=14)


def test_a_taken_time_is_not_offered_and_its_neighbours_are() -> None:
    now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    first, second, third = _open(now)[:3]
    assert [span.starts_at for span in _open(now, taken=[second])[:2]] == [first.starts_at, third.starts_at]


def test_no_time_is_offered_on_the_day_a_license_expires_or_after() -> None:
    times = _open(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), license_expires_on=date(2026, 11, 25))
    assert {span.starts_at.date() for span in times} == {date(2026, 11, 23), date(2026, 11, 24)}
    assert licensed_on(date(2026, 11, 25), date(2026, 11, 24))
    assert not licensed_on(date(2026, 11, 25), date(2026, 11, 25))


def test_somebody_who_left_is_not_offered() -> None:
    assert _open(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), left_on=date(2026, 11, 23)) == []


def test_the_part_of_the_day_is_the_patients_own() -> None:
    moment = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    assert part_of_day(moment, NEW_YORK) == "afternoon"
    assert part_of_day(moment, "America/Chicago") == "morning"


NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
RECORD = VisitRecord(
    modality="video",
    patient_state="NJ",
    identity_checked=True,
    physician_option_disclosed=True,
    pdmp_checked_at=NOW - timedelta(hours=1),
    in_person_exam_on=None,
    notes="A calm talk.",
    decision="approve",
    reason="",
)
KNOWN = Circumstances(
    now=NOW,
    starts_at=NOW - timedelta(minutes=20),
    today=date(2026, 12, 1),
    license_expires_on=date(2027, 6, 30),
    enrolled_in="NJ",
    physician_option=True,
    telemedicine_authority=True,
    on_hold=False,
)


def test_a_complete_record_may_be_signed() -> None:
    assert why_not(RECORD, KNOWN) == ()


@pytest.mark.parametrize(
    ("record", "known", "about"),
    [
        ({}, {"license_expires_on": None}, "no license"),
        ({}, {"license_expires_on": date(2026, 12, 1)}, "expires today"),
        ({"patient_state": "FL"}, {}, "state of your license"),
        ({}, {"starts_at": NOW + timedelta(minutes=1)}, "still ahead"),
        ({"identity_checked": False}, {}, "identity"),
        ({"physician_option_disclosed": False}, {}, "physician"),
        ({"pdmp_checked_at": NOW - timedelta(hours=25)}, {}, "24 hours"),
        ({"pdmp_checked_at": NOW + timedelta(minutes=1)}, {}, "future"),
        ({"in_person_exam_on": date(2026, 12, 2)}, {}, "future"),
        ({"notes": "  "}, {}, "notes"),
        ({"modality": "audio"}, {}, "audio alone"),
        ({}, {"telemedicine_authority": False}, "federal telemedicine authority"),
        ({}, {"on_hold": True}, "safety hold"),
        ({"decision": "decline"}, {}, "reason"),
    ],
)
def test_each_missing_piece_is_named(record: dict[str, object], known: dict[str, object], about: str) -> None:
    reasons = why_not(replace(RECORD, **record), replace(KNOWN, **known))  # type: ignore[arg-type]
    assert len(reasons) == 1
    assert about in reasons[0]


def test_a_visit_may_be_signed_from_the_moment_it_begins() -> None:
    assert why_not(RECORD, replace(KNOWN, starts_at=NOW)) == ()


def test_not_even_a_no_is_signed_before_the_visit() -> None:
    ahead = replace(KNOWN, starts_at=NOW + timedelta(days=3))
    assert len(why_not(replace(RECORD, decision="decline", reason="Not now."), ahead)) == 1


def test_a_check_23_hours_old_is_fresh_enough() -> None:
    assert why_not(replace(RECORD, pdmp_checked_at=NOW - timedelta(hours=23)), KNOWN) == ()


def test_an_exam_in_person_stands_in_for_the_federal_authority() -> None:
    known = replace(KNOWN, telemedicine_authority=False)
    assert why_not(replace(RECORD, in_person_exam_on=date(2026, 11, 20)), known) == ()


def test_declining_needs_neither_authority_nor_a_lifted_hold() -> None:
    known = replace(KNOWN, telemedicine_authority=False, on_hold=True)
    assert why_not(replace(RECORD, decision="decline", reason="Not now."), known) == ()


def test_the_fingerprint_changes_with_any_word_and_not_with_how_it_was_typed() -> None:
    content = signed_content(replace(RECORD, notes="caf\u00e9"), encounter_id="1")
    assert fingerprint(content) == fingerprint({**content, "notes": "cafe\u0301"})
    assert fingerprint(content) != fingerprint({**content, "notes": "cafe"})
    assert "decision" not in content
