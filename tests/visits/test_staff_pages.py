"""What owners keep about clinicians, and clinicians about their hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.kit import db
from service.visits import queries
from service.visits.models import LicenseRecord, Practitioner, ScheduleException
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_patient, a_staff_member
from tests.factories.visits import Clinician, a_clinician, an_applicant, booked, open_times

LICENSE = {
    "state": "FL",
    "kind": "out_of_state_telehealth",
    "number": "tp 1234500",
    "expires_on-month": "10",
    "expires_on-day": "31",
    "expires_on-year": "2027",
    "source": "Florida license search",
}
ABOUT = {
    "display_name": "Dr. Noor Aziz",
    "credentials": "DO",
    "board": "American Board of Psychiatry and Neurology",
    "npi": "1234567893",
    "phone": "(609) 555-0123",
    "time_zone": "America/Chicago",
}


@pytest.fixture
def owner(client: Browser, house: House) -> Browser:
    client.sign_in(a_staff_member("owner").user_id)
    return client


def on_file(clinician: Clinician) -> dict[tuple[str, str], queries.Held]:
    with db.reading() as session:
        held = queries.licenses_of(session, clinician.practitioner_id)
    return {(one.state, one.kind): one for one in held}


def acts() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.at)))


def test_an_owner_lets_a_clinician_on_the_team_be_booked(owner: Browser, house: House) -> None:
    person = a_staff_member("clinician", name=("Noor", "Aziz"))
    assert "Let patients book Noor Aziz" in owner.get("/staff/clinicians").text
    answer = owner.submit(f"/staff/clinicians/add/{person.user_id}", ABOUT)
    assert answer.status_code == 303
    page = owner.get(answer.location).text
    for words in ("Dr. Noor Aziz, DO", "American Board", "1234567893", "(609) 555-0123", "nobody can book them"):
        assert words in page
    assert owner.submit(f"/staff/clinicians/add/{person.user_id}", ABOUT).status_code == 404
    assert "clinician.practise" in acts()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"npi": "1234567890"}, "not an NPI"),
        ({"npi": "12345"}, "not an NPI"),
        ({"phone": "12"}, "phone number with area code"),
        ({"credentials": "Wizard"}, "Choose one of these"),
        ({"time_zone": "Mars/Olympus"}, "Choose one of these"),
        ({"display_name": "  "}, "Enter the name"),
        ({"display_name": "x" * 121}, ""),
    ],
)
def test_what_cannot_be_about_a_clinician_is_said_where_it_was_typed(
    owner: Browser, house: House, typed: dict[str, str], says: str
) -> None:
    clinician = a_clinician()
    answer = owner.submit(f"/staff/clinicians/{clinician.practitioner_id}/about", {**ABOUT, **typed})
    assert answer.status_code == 422
    assert says in answer.text
    with db.reading() as session:
        assert session.get_one(Practitioner, clinician.practitioner_id).credentials == "MD"


def test_a_license_is_entered_with_its_number_in_order_and_looked_up_today(owner: Browser, house: House) -> None:
    clinician = a_clinician()
    path = f"/staff/clinicians/{clinician.practitioner_id}/licenses/add"
    assert owner.submit(path, LICENSE).status_code == 303
    held = on_file(clinician)["FL", "out_of_state_telehealth"]
    assert (held.number, held.expires_on, held.source) == ("TP1234500", date(2027, 10, 31), "Florida license search")
    assert held.verified_at == house.now
    again = owner.submit(path, LICENSE)
    assert again.status_code == 422
    assert "There is one of this kind" in again.text
    assert acts().count("license.add") == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"number": "<script>"}, "letters, digits and dashes"),
        ({"number": "x" * 500}, ""),
        ({"kind": "dea", "number": "BL1234564"}, "not a DEA number"),
        ({"expires_on-year": "2025"}, "still ahead"),
        ({"expires_on-year": "2126"}, "Check the year"),
        ({"expires_on-day": "99"}, "day that exists"),
        ({"state": "TX"}, "Choose one of these"),
        ({"kind": "pirate"}, "Choose one of these"),
        ({"state": "NJ"}, "This state has no such license"),
        ({"kind": "cds", "number": "D01234500"}, "This state has no such license"),
        ({"source": ""}, "looked up"),
    ],
)
def test_a_license_that_cannot_be_is_not_kept(owner: Browser, house: House, typed: dict[str, str], says: str) -> None:
    clinician = a_clinician()
    before = on_file(clinician)
    answer = owner.submit(f"/staff/clinicians/{clinician.practitioner_id}/licenses/add", {**LICENSE, **typed})
    assert answer.status_code == 422
    assert says in answer.text
    assert on_file(clinician) == before


def test_a_license_is_renewed_looked_up_and_ended_and_each_leaves_a_trace(owner: Browser, house: House) -> None:
    clinician = a_clinician()
    path = f"/staff/clinicians/{clinician.practitioner_id}/licenses/{clinician.license_ids['FL']}"
    assert "To look up again" not in owner.get("/staff/clinicians").text
    house.at(house.now + timedelta(days=30))
    assert "To look up again" in owner.get("/staff/clinicians").text
    assert owner.submit(f"{path}/verify", {"source": "Florida license search"}).status_code == 303
    assert on_file(clinician)["FL", "physician"].verified_at == house.now
    day = {"expires_on-month": "1", "expires_on-day": "31", "expires_on-year": "2030"}
    assert owner.submit(f"{path}/renew", {"number": "me1", "source": "Board"} | day).status_code == 303
    assert on_file(clinician)["FL", "physician"].expires_on == date(2030, 1, 31)
    assert owner.submit(f"{path}/end").status_code == 303
    assert owner.submit(f"{path}/end").status_code == 303
    assert open_times("FL", house.now) == []
    assert open_times("NJ", house.now)
    assert "was ended" in owner.submit(f"{path}/verify", {"source": "Board"}).text
    found = [one for one in acts() if one.startswith("license.")]
    assert found == ["license.verify", "license.renew", "license.end"]


def test_an_ended_license_may_be_added_anew(owner: Browser, house: House) -> None:
    clinician = a_clinician()
    path = f"/staff/clinicians/{clinician.practitioner_id}/licenses"
    owner.submit(f"{path}/{clinician.license_ids['NJ']}/end")
    answer = owner.submit(f"{path}/add", {**LICENSE, "state": "NJ", "kind": "physician", "number": "25MA99"})
    assert answer.status_code == 303
    held = on_file(clinician)["NJ", "physician"]
    assert (held.ended_at, held.number) == (None, "25MA99")


def test_a_license_is_found_only_under_its_own_clinician(owner: Browser, house: House) -> None:
    one, other = a_clinician(), a_clinician(name="Dr. Noah Stein")
    path = f"/staff/clinicians/{one.practitioner_id}/licenses/{other.license_ids['FL']}"
    for verb in ("renew", "verify", "end"):
        assert owner.submit(f"{path}/{verb}", {"source": "x"}).status_code == 404
    with db.reading() as session:
        assert session.get_one(LicenseRecord, other.license_ids["FL"]).ended_at is None


def test_a_coordinator_reads_and_changes_nothing(client: Browser, house: House) -> None:
    clinician = a_clinician()
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get(f"/staff/clinicians/{clinician.practitioner_id}").text
    assert "FL-1234" in page
    assert "/renew" not in page
    assert client.get(f"/staff/clinicians/{clinician.practitioner_id}/about").status_code == 403


WEEK = {"monday": "9 AM to 12 PM, 1 pm - 5:30 p.m.", "saturday": "10:00-11:00"}


def test_a_clinician_changes_the_own_week(client: Browser, house: House) -> None:
    clinician = a_clinician()
    client.sign_in(clinician.user_id)
    path = client.get("/staff/hours").location
    assert 'value="9:00 AM to 5:00 PM"' in client.get(path).text
    assert client.submit(path, WEEK).status_code == 303
    page = client.get(path).text
    assert 'value="9:00 AM to 12:00 PM, 1:00 PM to 5:30 PM"' in page
    days = {time.starts_at.astimezone(UTC).weekday() for time in open_times("FL", house.now)}
    assert days == {0, 5}
    assert "clinician.hours" in acts()


@pytest.mark.parametrize(
    "typed", ["9-5", "25:00-26:00", "9 AM", "9 AM to 1 PM, 12 PM to 2 PM", "morning", "13 PM to 14 PM"]
)
def test_hours_nobody_can_read_are_kept_on_the_page_and_not_saved(client: Browser, house: House, typed: str) -> None:
    clinician = a_clinician()
    client.sign_in(clinician.user_id)
    before = open_times("FL", house.now)
    path = f"/staff/clinicians/{clinician.practitioner_id}/hours"
    answer = client.submit(path, {"monday": "9 AM to 5 PM", "tuesday": typed})
    assert answer.status_code == 422
    assert "Write the hours of Tuesday" in answer.text
    assert typed in answer.text
    assert open_times("FL", house.now) == before


def test_visits_outside_of_new_hours_are_told_of_and_stay(client: Browser, house: House) -> None:
    clinician = a_clinician()
    booked(an_applicant(house.catalog), house.now)
    client.sign_in(clinician.user_id)
    answer = client.submit(f"/staff/clinicians/{clinician.practitioner_id}/hours", {"friday": "9:00-10:00"})
    assert "One visit stays booked outside of these hours" in client.get(answer.location).text


def other_day(day: date, what: str, **more: str) -> dict[str, str]:
    return {"day-month": str(day.month), "day-day": str(day.day), "day-year": str(day.year), "what": what, **more}


def test_closing_a_day_with_a_visit_shows_it_and_saves_nothing_until_it_may_stay(client: Browser, house: House) -> None:
    clinician = a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    client.sign_in(clinician.user_id)
    path = f"/staff/clinicians/{clinician.practitioner_id}/hours/day"
    closed = other_day(house.now.date(), "closed")
    answer = client.submit(path, closed)
    assert answer.status_code == 409
    assert "One visit is booked in that time" in answer.text
    assert "12:00 PM" in answer.text
    with db.reading() as session:
        assert session.scalars(select(ScheduleException)).all() == []
    assert client.submit(path, {**closed, "keep": "y"}).status_code == 303
    assert house.now.date() not in {time.starts_at.date() for time in open_times("FL", house.now)}
    with db.reading() as session:
        assert queries.booked_visit(session, applicant.patient_id) is not None


def test_a_part_is_closed_and_a_day_has_extra_hours_and_both_are_removed(client: Browser, house: House) -> None:
    clinician = a_clinician()
    client.sign_in(clinician.user_id)
    base = f"/staff/clinicians/{clinician.practitioner_id}/hours"
    before = open_times("FL", house.now)
    tuesday, saturday = date(2026, 11, 24), date(2026, 11, 28)
    part = other_day(tuesday, "part", starts="9 am", ends="12:00")
    assert client.submit(f"{base}/day", part).status_code == 303
    assert client.submit(f"{base}/day", part).status_code == 303  # twice is once
    assert client.submit(f"{base}/day", other_day(saturday, "extra", starts="10:00", ends="11:00")).status_code == 303
    now_open = open_times("FL", house.now)
    assert len(now_open) == len(before) - 6 + 2
    assert min(one.starts_at for one in now_open if one.starts_at.date() == tuesday) == datetime(
        2026, 11, 24, 17, 0, tzinfo=UTC
    )
    with db.reading() as session:
        ids = list(session.scalars(select(ScheduleException.id)))
    assert len(ids) == 2
    for one in ids:
        assert client.submit(f"{base}/day/{one}/remove").status_code == 303
        assert client.submit(f"{base}/day/{one}/remove").status_code == 404
    assert open_times("FL", house.now) == before


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (other_day(date(2026, 11, 22), "closed"), "from today on"),
        (other_day(date(2029, 11, 22), "closed"), "from today on"),
        (other_day(date(2026, 11, 24), "extra"), "Enter a time"),
        (other_day(date(2026, 11, 24), "part", starts="noonish", ends="1 PM"), "Write a time like"),
        (other_day(date(2026, 11, 24), "part", starts="2 PM", ends="1 PM"), "after the start"),
        (other_day(date(2026, 11, 24), "dance"), "Choose one of these"),
        ({"what": "closed"}, "Enter the day"),
    ],
)
def test_a_day_that_cannot_be_is_said_at_its_field(
    client: Browser, house: House, typed: dict[str, str], says: str
) -> None:
    clinician = a_clinician()
    client.sign_in(clinician.user_id)
    answer = client.submit(f"/staff/clinicians/{clinician.practitioner_id}/hours/day", typed)
    assert answer.status_code == 422
    assert says in answer.text


def test_nobody_changes_a_colleagues_hours_but_an_owner(client: Browser, house: House) -> None:
    one, other = a_clinician(), a_clinician(name="Dr. Noah Stein")
    client.sign_in(one.user_id)
    path = f"/staff/clinicians/{other.practitioner_id}/hours"
    assert client.submit(path, WEEK).status_code == 403
    assert client.submit(f"{path}/day", other_day(date(2026, 11, 24), "closed")).status_code == 403
    client.sign_in(a_staff_member("owner").user_id)
    assert client.submit(path, WEEK).status_code == 303


def test_a_clinician_who_is_not_entered_yet_reads_whom_to_ask(client: Browser, house: House) -> None:
    client.sign_in(a_staff_member("clinician").user_id)
    assert "An owner of the practice enters" in client.get("/staff/hours").text


def test_a_patient_reads_who_their_clinician_is_and_no_registration(client: Browser, house: House) -> None:
    clinician = a_clinician()
    with db.transaction() as session:
        row = session.get_one(Practitioner, clinician.practitioner_id)
        row.board, row.npi, row.phone = "American Board of Psychiatry and Neurology", "1234567893", "+16095550123"
    client.sign_in(a_patient("NJ").user_id)
    page = client.get(f"/clinicians/{clinician.practitioner_id}").text
    for words in ("Dr. Maya Lin, MD", "Physician license", "NJ-1234", "American Board", "1234567893", "(609) 555-0123"):
        assert words in page
    assert "DEA registration" not in page
    assert client.get(f"/clinicians/{clinician.license_ids['NJ']}").status_code == 404
