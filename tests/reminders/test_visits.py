"""Reminders of visits: once each, in time, never of one that was cancelled or changed, and missed when missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from config.settings import HOUSE
from service.accounts.models import Patient
from service.catalog.queries import catalog
from service.enrollment.actions import book
from service.kit import db
from service.mail.models import OutboxMessage
from service.reminders import queries
from service.reminders.actions import compare, plan_visits
from service.reminders.models import Reminder
from service.reminders.rules import count_down
from service.visits.models import Appointment
from tests.conftest import House
from tests.factories.booking import confirmed, held, rows
from tests.factories.visits import Applicant, a_clinician, an_applicant, open_times

SHIPPED = catalog(HOUSE / "config").reminders
STEPS, QUIET = SHIPPED.countdowns["visit"], SHIPPED.quiet_hours
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(*when: int, zone: str = NEW_YORK) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type]


@pytest.fixture
def booked(house: House) -> Applicant:
    """Somebody whose visit is on Wednesday at 10 AM; it is Monday, 10 AM in Miami."""
    a_clinician()
    who = an_applicant(house.catalog)
    confirmed(house, who, held(house, who, the_time(house, at(2026, 11, 25, 10))))
    return who


def the_time(house: House, when: datetime):
    return next(time for time in open_times("FL", house.now) if time.starts_at == when)


def planned(house: House, now: datetime) -> int:
    return plan_visits(catalog=house.catalog, now=now)


def nudges() -> list[tuple[str, datetime]]:
    with db.reading() as session:
        return [(row.step, row.send_at) for row in session.scalars(select(Reminder).order_by(Reminder.send_at))]


def wanted(who: Applicant) -> list[bool]:
    with db.reading() as session:
        keys = session.scalars(select(OutboxMessage.wanted_while).where(OutboxMessage.wanted_while.is_not(None)))
        return [queries.still_wanted(session, key.partition(":")[0], key.partition(":")[2]) for key in keys]  # type: ignore[arg-type]


def test_the_day_before_and_an_hour_before_each_once(house: House, booked: Applicant) -> None:
    counts = [planned(house, house.now + number * 30 * MINUTE) for number in range(1, 97)]
    assert sum(counts) == 2
    assert nudges() == [("day-before", at(2026, 11, 24, 10)), ("hour-before", at(2026, 11, 25, 9))]
    with db.reading() as session:
        templates = list(session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.send_at)))
    assert templates == ["visit_booked", "visit_tomorrow", "visit_soon"]


def test_two_ticks_at_one_moment_are_one_nudge(house: House, booked: Applicant) -> None:
    due = at(2026, 11, 24, 10)
    planned(house, due)
    with db.transaction() as session:
        session.execute(update(Appointment).values(remind_at=due))  # as if the first tick's note were lost
    assert planned(house, due + MINUTE) == 0
    assert len(nudges()) == 1


def test_what_would_come_right_after_the_booking_itself_is_left_out(house: House) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    confirmed(house, who, held(house, who, the_time(house, house.now + 3 * HOUR)))
    for number in range(1, 37):
        planned(house, house.now + number * 5 * MINUTE)
    assert nudges() == [("hour-before", house.now + 2 * HOUR)]


def test_a_cancelled_visit_is_not_reminded_of_and_what_waits_is_not_sent(house: House, booked: Applicant) -> None:
    planned(house, at(2026, 11, 24, 10))
    assert wanted(booked) == [True]
    book.cancel_visit(
        appointment_id=rows(booked)[0].id, catalog=house.catalog, actor=booked.actor, now=at(2026, 11, 24, 10)
    )
    assert wanted(booked) == [False]
    assert planned(house, at(2026, 11, 25, 9)) == 0


def test_a_changed_visit_is_reminded_of_at_its_new_time_alone(house: House, booked: Applicant) -> None:
    planned(house, house.now + MINUTE)
    later = held(house, booked, the_time(house, at(2026, 11, 27, 11)))
    confirmed(house, booked, later)
    for number in range(1, 6 * 24):
        planned(house, house.now + number * HOUR)
    assert nudges() == [("day-before", at(2026, 11, 26, 11)), ("hour-before", at(2026, 11, 27, 10))]
    assert wanted(booked) == [True, True]


def test_a_missing_nudge_is_noticed_after_a_quarter_of_an_hour(house: House, booked: Applicant) -> None:
    planned(house, house.now)
    due = at(2026, 11, 24, 10)
    with db.transaction() as session:
        session.execute(update(Appointment).values(remind_at=None))  # the planner forgot it
    assert compare(catalog=house.catalog, now=due + 14 * MINUTE).unplanned == 0
    assert compare(catalog=house.catalog, now=due + 15 * MINUTE).unplanned == 1


def test_one_that_cannot_be_planned_never_holds_up_the_others(house: House, booked: Applicant) -> None:
    other = an_applicant(house.catalog)
    confirmed(house, other, held(house, other, the_time(house, at(2026, 11, 25, 11))))
    with db.transaction() as session:
        session.execute(update(Patient).where(Patient.id == booked.patient_id).values(time_zone="Nowhere/Land"))
    for number in range(1, 60):
        planned(house, house.now + number * HOUR)
    with db.reading() as session:
        assert set(session.scalars(select(Reminder.patient_id))) == {other.patient_id}


def test_the_sandbox_is_told_when_the_next_nudge_is_due(house: House, booked: Applicant) -> None:
    planned(house, house.now)
    with db.reading() as session:
        assert queries.next_due_at(session, house.now) == at(2026, 11, 24, 10)


def test_the_day_before_one_waits_for_the_morning_and_the_hour_before_one_does_not() -> None:
    day, hour = count_down(STEPS, at(2026, 11, 25, 7), at(2026, 11, 20, 9), NEW_YORK, QUIET)
    assert (day.due_at, day.send_at) == (at(2026, 11, 24, 7), at(2026, 11, 24, 8))
    assert hour.send_at == hour.due_at == at(2026, 11, 25, 6)
    assert day.send_before == hour.send_at
    assert hour.send_before == at(2026, 11, 25, 7)


@pytest.mark.parametrize("zone", [NEW_YORK, CHICAGO])
@pytest.mark.parametrize("day", [(2026, 11, 1), (2027, 3, 14)])
def test_through_a_change_of_the_clocks_it_is_the_same_hour_a_day_before(zone: str, day: tuple[int, int, int]) -> None:
    starts_at = at(*day, 15, zone=zone)
    first, second = count_down(STEPS, starts_at, starts_at - timedelta(days=9), zone, QUIET)
    there = first.send_at.astimezone(ZoneInfo(zone))
    assert (there.hour, starts_at.astimezone(ZoneInfo(zone)).date() - there.date()) == (15, timedelta(days=1))
    assert second.send_at == starts_at - HOUR


@settings(database=None, deadline=None, max_examples=200)
@given(hours=st.integers(0, 24 * 40), lead=st.integers(2, 24 * 14))
def test_whatever_is_booked_when_no_nudge_leaves_before_the_booking_or_after_the_beginning(
    hours: int, lead: int
) -> None:
    booked_at = at(2026, 10, 10, 0) + timedelta(hours=hours)
    starts_at = booked_at + timedelta(hours=lead)
    for step in count_down(STEPS, starts_at, booked_at, NEW_YORK, QUIET):
        assert booked_at < step.due_at <= step.send_at
        assert step.send_before <= starts_at
        here = step.send_at.astimezone(ZoneInfo(NEW_YORK)).time()
        assert step.at_night or QUIET.opens <= here < QUIET.closes
