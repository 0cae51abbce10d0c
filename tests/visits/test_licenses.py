"""What may stand as a licence, and who is told before it runs out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update

from service.accounts.models import User
from service.kit import db
from service.kit.errors import Rejected
from service.mail.models import OutboxMessage
from service.safety.models import Alert
from service.visits import queries as visits
from service.visits.actions import notices
from service.visits.models import LicenseNotice, LicenseRecord, Practitioner
from service.visits.rules.licenses import checked_npi, checked_number, step_due
from service.visits.rules.rota import read_clock, read_day, read_license, write_day
from service.visits.rules.times import Stretch
from service.visits.writes.handing import hand_over
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.visits import Clinician, a_clinician, an_applicant, booked


@pytest.mark.parametrize("npi", ["1234567893", "123-456-7893", " 1679576722 ", ""])
def test_an_npi_with_its_check_digit_stands(npi: str) -> None:
    assert checked_npi(npi) in ("1234567893", "1679576722", "")


@pytest.mark.parametrize(
    "npi", ["1234567890", "1234567839", "3234567893", "123456789", "12345678931", "١٢٣٤٥٦٧٨٩٣", "x"]
)
def test_an_npi_that_cannot_be_is_refused(npi: str) -> None:
    with pytest.raises(Rejected):
        checked_npi(npi)


@pytest.mark.parametrize(
    ("kind", "number", "kept"),
    [
        ("physician", "me 0123456", "ME0123456"),
        ("physician", "25MA01428500", "25MA01428500"),
        ("dea", "bl1234563", "BL1234563"),
        ("cds", "D01234500", "D01234500"),
    ],
)
def test_a_number_is_kept_in_capitals_without_spaces(kind: str, number: str, kept: str) -> None:
    assert checked_number(kind, number) == kept


@pytest.mark.parametrize(
    ("kind", "number"),
    [("dea", "BL1234564"), ("dea", "B11234563"), ("physician", ""), ("physician", "ME;DROP"), ("poet", "ME0123456")],
)
def test_a_number_that_cannot_be_is_refused(kind: str, number: str) -> None:
    with pytest.raises(Rejected):
        checked_number(kind, number)


@pytest.mark.parametrize(
    ("days", "step"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 0), (-40, 0)]
)
def test_the_nearest_reminder_that_has_come_is_the_one_that_is_due(days: int, step: int | None) -> None:
    today = date(2026, 11, 23)
    assert step_due(today + timedelta(days=days), today) == step


def test_a_registration_is_typed_with_its_kind() -> None:
    assert read_license("FL:dea:bl1234563:2028-01-31").kind == "dea"
    assert read_license("FL:ME0123456:2028-01-31").kind == "physician"
    with pytest.raises(ValueError, match="write a license like"):
        read_license("FL:ME0123456")


@pytest.mark.parametrize(
    ("typed", "clock"),
    [("9", time(9)), ("9:30 AM", time(9, 30)), ("12 am", time(0)), ("12pm", time(12)), ("5 p.m.", time(17)),
     ("17:05", time(17, 5)), ("24", None), ("0 am", None), ("13 pm", None), ("9:60", None), ("", None), ("٩", None)],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(typed: str, clock: time | None) -> None:
    assert read_clock(typed) == clock


def test_a_day_is_written_as_it_is_read() -> None:
    day = (Stretch(2, time(0, 30), time(12)), Stretch(2, time(13), time(23, 59)))
    assert read_day(2, write_day(day)) == day


ON = date(2027, 1, 31)


def _lapsing(**changes: object) -> Clinician:
    clinician = a_clinician(states=("FL",), expires_on=ON)
    with db.transaction() as session:
        session.execute(
            update(LicenseRecord).where(LicenseRecord.kind != "physician").values(expires_on=date(2030, 1, 1))
        )
    return clinician


def _told() -> dict[str, int]:
    with db.reading() as session:
        query = select(OutboxMessage.template, func.count()).group_by(OutboxMessage.template)
        return {name: count for name, count in session.execute(query) if name.startswith("license_")}


def _remind(house: House, day: date) -> int:
    return notices.remind_of_licenses(catalog=house.catalog, now=datetime.combine(day, time(15), UTC))


def test_the_clinician_and_the_owners_are_told_at_60_30_and_7_days_and_on_the_day_once_each(house: House) -> None:
    _lapsing()
    a_staff_member("owner")
    a_staff_member("coordinator")
    sent = [_remind(house, ON - timedelta(days=days)) for days in (70, 61, 60, 60, 45, 30, 29, 7, 7, 1, 0, 0, -30)]
    assert sent == [0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0]
    assert _told() == {"license_expires": 6, "license_expired": 2}
    with db.reading() as session:
        assert set(session.scalars(select(LicenseNotice.days_before))) == {60, 30, 7, 0}


def test_after_a_renewal_the_reminders_begin_anew(house: House) -> None:
    clinician = _lapsing()
    assert _remind(house, ON - timedelta(days=7)) == 1
    with db.transaction() as session:
        session.get_one(LicenseRecord, clinician.license_ids["FL"]).expires_on = ON + timedelta(days=365)
    assert _remind(house, ON) == 0
    assert _remind(house, ON + timedelta(days=305)) == 1


def test_nobody_is_told_of_a_license_that_was_ended_or_of_somebody_who_left(house: House) -> None:
    ended, left, closed = (_lapsing() for _ in range(3))
    with db.transaction() as session:
        session.get_one(LicenseRecord, ended.license_ids["FL"]).ended_at = house.now
        session.get_one(Practitioner, left.practitioner_id).left_on = house.now.date()
        session.get_one(User, closed.user_id).deactivated_at = house.now
    assert _remind(house, ON) == 0


def test_one_license_that_fails_stops_nobody_elses_reminder(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _lapsing(), _lapsing()
    plain = notices._tell

    def breaking(session: object, one: object, *rest: object) -> int:
        if getattr(one, "practitioner_id", None) == min(first.practitioner_id, second.practitioner_id):
            raise RuntimeError("bad row")
        return plain(session, one, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(notices, "_tell", breaking)
    assert _remind(house, ON) == 1


def _stranded(house: House) -> list[Alert]:
    notices.watch_bookings(catalog=house.catalog, now=house.now)
    with db.reading() as session:
        return list(session.scalars(select(Alert).where(Alert.code == notices.STRANDED)))


@pytest.mark.parametrize("why", ["ended", "expired", "left", "closed", "another role"])
def test_a_booked_visit_whose_clinician_may_not_hold_it_calls_a_person_once(house: House, why: str) -> None:
    clinician = a_clinician()
    applicant = an_applicant(house.catalog)
    visit_id = booked(applicant, house.now)
    assert _stranded(house) == []
    with db.transaction() as session:
        license = session.get_one(LicenseRecord, clinician.license_ids["FL"])
        user = session.get_one(User, clinician.user_id)
        if why == "ended":
            license.ended_at = house.now
        elif why == "expired":
            license.expires_on = house.now.date()
        elif why == "left":
            session.get_one(Practitioner, clinician.practitioner_id).left_on = house.now.date()
        elif why == "closed":
            user.deactivated_at = house.now
        else:
            user.role = "billing"
    found = _stranded(house)
    assert [(one.source_id, one.patient_id) for one in found] == [(visit_id, applicant.patient_id)]
    assert len(_stranded(house)) == 1
    with db.transaction() as session:  # somebody took it: the same visit does not call again
        session.execute(update(Alert).values(acknowledged_at=house.now, acknowledged_by=clinician.user_id))
    assert len(_stranded(house)) == 1


@pytest.mark.parametrize(("minutes", "calls"), [(5, 1), (29, 1), (30, 0)])
def test_a_license_that_ends_while_somebody_waits_in_front_of_the_room_calls_a_person(
    house: House, minutes: int, calls: int
) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    visit_id = booked(applicant, house.now)
    with db.reading() as session:
        here = visits.visit(session, visit_id)
    assert here is not None
    house.at(here.starts_at + timedelta(minutes=minutes))
    _end(clinician, house.now)
    assert len(_stranded(house)) == calls


def test_visits_of_the_last_good_day_do_not_hide_those_of_the_day_after(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "BATCH", 1)
    clinician = a_clinician()
    good, late = an_applicant(house.catalog), an_applicant(house.catalog)
    booked(good, house.now)
    visit_id = booked(late, house.now + timedelta(days=1))
    with db.transaction() as session:
        license = session.get_one(LicenseRecord, clinician.license_ids["FL"])
        license.expires_on = house.now.date() + timedelta(days=1)
    assert [one.source_id for one in _stranded(house)] == [visit_id]


def test_who_takes_a_visit_over_and_cannot_hold_it_either_calls_again(house: House) -> None:
    first, second = a_clinician(), a_clinician(name="Dr. Noah Stein")
    visit_id = booked(an_applicant(house.catalog), house.now)
    with db.reading() as session:
        here = visits.visit(session, visit_id)
    assert here is not None
    held, other = (first, second) if here.practitioner_id == first.practitioner_id else (second, first)
    _end(held, house.now)
    assert len(_stranded(house)) == 1
    with db.transaction() as session:
        session.execute(update(Alert).values(acknowledged_at=house.now, acknowledged_by=held.user_id))
        colleague = visits.practitioner(session, other.practitioner_id)
        assert colleague is not None
        hand_over(session, visit_id, colleague, house.now)
    assert len(_stranded(house)) == 1, "a colleague who may hold it calls nobody"
    _end(other, house.now)
    house.at(house.now + timedelta(minutes=5))
    assert len(_stranded(house)) == 2
    assert len(_stranded(house)) == 2


def _end(clinician: Clinician, now: datetime) -> None:
    with db.transaction() as session:
        session.get_one(LicenseRecord, clinician.license_ids["FL"]).ended_at = now


def test_who_leaves_later_is_reminded_of_a_license_that_lapses_before(house: House) -> None:
    for last_day in (ON - timedelta(days=1), ON, ON + timedelta(days=1)):
        clinician = _lapsing()
        with db.transaction() as session:
            session.get_one(Practitioner, clinician.practitioner_id).left_on = last_day
    assert _remind(house, ON - timedelta(days=30)) == 1


def test_a_visit_that_its_clinician_may_hold_calls_nobody_whoever_elses_license_ends(house: House) -> None:
    a_clinician()
    booked(an_applicant(house.catalog), house.now)
    other = a_clinician(name="Dr. Noah Stein")
    with db.transaction() as session:
        session.get_one(LicenseRecord, other.license_ids["FL"]).ended_at = house.now
    assert _stranded(house) == []


def test_a_visit_without_its_clinician_calls_somebody_in_a_worker_too(committed: House) -> None:
    """There reads stand alone, outside any transaction."""
    clinician = a_clinician()
    booked(an_applicant(committed.catalog), committed.now)
    with db.transaction() as session:
        session.get_one(Practitioner, clinician.practitioner_id).left_on = committed.now.date()
    assert len(_stranded(committed)) == 1
