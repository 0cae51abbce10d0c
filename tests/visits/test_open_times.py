"""Slot search over the database: who is offered, on which days, in how many statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, update

from service.kit import db
from service.visits import queries, writes
from service.visits.actions import hours
from service.visits.models import Appointment, LicenseRecord, Practitioner
from service.visits.rules.times import OtherDay
from tests.conftest import House
from tests.factories.statements import counted
from tests.factories.visits import Clinician, a_clinician, an_applicant, booked

EASTERN = "America/New_York"
TUESDAY = date(2026, 11, 24)


def found(house: House, state: str = "FL", **narrower: object) -> list[queries.OpenTime]:
    with db.reading() as session:
        return queries.open_times(session, state=state, now=house.now, **narrower)  # type: ignore[arg-type]


def days(house: House, state: str = "FL", zone: str = EASTERN, **narrower: object) -> list[date]:
    with db.reading() as session:
        return queries.open_days(session, state=state, now=house.now, zone=zone, **narrower)  # type: ignore[arg-type]


def close(clinician: Clinician, day: date, *part: time) -> None:
    starts, ends = part or (None, None)
    with db.transaction() as session:
        writes.add_other_day(session, clinician.practitioner_id, OtherDay(day, False, starts, ends))


def test_one_day_of_the_patients_calendar_is_that_part_of_all(house: House) -> None:
    a_clinician()
    whole = found(house, zone=EASTERN)
    one = found(house, zone=EASTERN, days=(TUESDAY, TUESDAY))
    assert one == [time for time in whole if time.starts_at.date() == TUESDAY]
    assert len(one) == 16


def test_the_day_list_names_the_days_that_have_times(house: House) -> None:
    clinician = a_clinician(weekdays=(0, 1, 5))
    close(clinician, TUESDAY)
    expected = sorted({time.starts_at.astimezone(UTC).date() for time in found(house)})
    assert days(house) == expected
    assert TUESDAY not in expected


def test_the_day_list_looks_past_the_first_few(house: House) -> None:
    for _ in range(13):
        a_clinician(weekdays=(1,))
    a_clinician(name="Dr. Saturday", weekdays=(5,))
    assert {day.weekday() for day in days(house)} == {1, 5}


def test_a_day_whose_times_are_all_taken_is_not_listed(house: House) -> None:
    a_clinician(weekdays=(1,), hours=(time(9), time(9, 30)))
    assert days(house) == [TUESDAY, TUESDAY + timedelta(days=7)]
    booked(an_applicant(house.catalog), house.now)
    assert days(house) == [TUESDAY + timedelta(days=7)]


def test_a_live_hold_takes_a_time_and_one_that_is_over_does_not(house: House) -> None:
    a_clinician()
    before, applicant = found(house), an_applicant(house.catalog)
    with db.transaction() as session:
        held = writes.hold(
            session,
            patient_id=applicant.patient_id,
            chosen=before[0],
            kind="consultation",
            until=house.now + timedelta(minutes=10),
            now=house.now,
        )
    assert found(house) == before[1:]
    with db.transaction() as session:
        session.execute(update(Appointment).where(Appointment.id == held).values(held_until=house.now))
    assert found(house) == before


def test_physicians_alone_where_the_patient_asks_for_one(house: House) -> None:
    a_clinician()
    nurse = a_clinician(name="Noor Aziz")
    with db.transaction() as session:
        session.get_one(Practitioner, nurse.practitioner_id).credentials = "APRN"
    assert {time.practitioner.name for time in found(house)} == {"Dr. Maya Lin", "Noor Aziz"}
    assert {time.practitioner.name for time in found(house, physician_only=True)} == {"Dr. Maya Lin"}


def test_one_clinician_is_asked_alone(house: House) -> None:
    a_clinician()
    other = a_clinician(name="Dr. Noah Stein")
    assert {time.practitioner.name for time in found(house, practitioner_id=other.practitioner_id)} == {
        "Dr. Noah Stein"
    }


@pytest.mark.parametrize("kind", ["dea", "cds"])
def test_a_registration_is_no_license_to_see_patients(house: House, kind: str) -> None:
    clinician = a_clinician(states=("NJ",))
    with db.transaction() as session:
        session.execute(
            update(LicenseRecord)
            .where(LicenseRecord.practitioner_id == clinician.practitioner_id, LicenseRecord.kind == "physician")
            .values(ended_at=house.now)
        )
        writes.add_license(
            session,
            practitioner_id=clinician.practitioner_id,
            state="FL",
            kind=kind,
            number="BL1234563",
            expires_on=date(2030, 1, 1),
            verified_at=house.now,
        )
    assert found(house, "NJ") == []
    assert found(house, "FL") == []
    with db.reading() as session:
        assert queries.license_for(session, clinician.practitioner_id, "NJ") is None


def test_the_license_that_carries_furthest_counts_and_on_its_last_day_not(house: House) -> None:
    clinician = a_clinician(states=("FL",), expires_on=TUESDAY)
    assert {time.starts_at.date() for time in found(house)} == {date(2026, 11, 23)}
    with db.transaction() as session:
        writes.add_license(
            session,
            practitioner_id=clinician.practitioner_id,
            state="FL",
            kind="out_of_state_telehealth",
            number="TP1",
            expires_on=date(2026, 11, 26),
            verified_at=house.now,
        )
    assert max(time.starts_at.date() for time in found(house)) == date(2026, 11, 25)


def test_the_number_of_statements_does_not_grow_with_clinicians_or_visits(house: House, engine: Engine) -> None:
    a_clinician()
    with counted(engine) as few:
        found(house)
        days(house)
    for number in range(14):
        a_clinician(name=f"Dr. Number {number}", weekdays=(number % 7,))
    booked(an_applicant(house.catalog), house.now)
    with counted(engine) as many:
        found(house)
    assert len(many) <= 3
    with counted(engine) as listed:
        days(house)
    assert len(listed) <= 6
    assert len(few) <= 9


def test_a_day_that_is_no_day_of_ours_has_no_times(house: House) -> None:
    a_clinician()
    for day in (date(1999, 1, 1), date(2026, 11, 22), date(9999, 12, 31), date.min):
        assert found(house, zone=EASTERN, days=(day, day)) == []


def test_a_patient_in_chicago_sees_eastern_hours_on_the_own_calendar(house: House) -> None:
    a_clinician(weekdays=(1,), hours=(time(0), time(2)))  # Monday evening in Chicago
    assert days(house, zone="America/Chicago")[0] == date(2026, 11, 23)
    first = found(house, zone="America/Chicago", days=(date(2026, 11, 23),) * 2)
    assert [time.starts_at for time in first] == [
        datetime(2026, 11, 24, 5, tzinfo=UTC),
        datetime(2026, 11, 24, 5, 30, tzinfo=UTC),
    ]


def test_what_is_held_in_a_part_that_closes_is_let_go_and_not_booked_after_all(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    first = found(house)[0]
    with db.transaction() as session:
        held = writes.hold(
            session,
            patient_id=applicant.patient_id,
            chosen=first,
            kind="consultation",
            until=house.now + timedelta(minutes=10),
            now=house.now,
        )
    hours.add_other_day(
        practitioner_id=clinician.practitioner_id,
        day=house.now.date(),
        opens=False,
        starts=None,
        ends=None,
        keep_booked=False,
        actor=clinician.actor,
        now=house.now,
    )
    with db.transaction() as session:
        assert writes.confirm(session, held, now=house.now) is False
        assert queries.booked_visit(session, applicant.patient_id) is None
