"""A year of visits in New Jersey: every field the statute names, nobody's name, and a trace of whoever looked."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from service.accounts.actions.demographics import change_demographics
from service.audit.models import AuditEntry
from service.catalog.rules.whole import Catalog
from service.dashboard.actions import reports
from service.dashboard.queries import new_jersey as queries
from service.dashboard.rules import new_jersey as rules
from service.dashboard.rules.new_jersey import (
    COLUMNS,
    REGION_OF,
    SMALL,
    WHO,
    Seen,
    age_band,
    cell,
    counted,
    region,
    year_of,
)
from service.enrollment.actions import decide
from service.kit import db
from service.kit.errors import NotAllowed
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.visits import (
    IN_NEW_JERSEY,
    Applicant,
    Clinician,
    a_clinician,
    a_record,
    an_applicant,
    booked,
    staff_actor,
    visit_at,
)

PAGE = "/staff/reports/new-jersey"
SEEN = Seen(
    "video", "OCD", "North", "NJ", "35 to 44", "female", "asian", "hispanic", "none", "F42.2", "99204", "self_pay"
)


def _seen(house: House, clinician: Clinician, state: str = "NJ", **changes: Any) -> Applicant:
    """A visit recorded, as it was seen in `state`."""
    applicant = an_applicant(house.catalog, state)
    booked(applicant, house.now, state)
    at = visit_at(applicant) or house.now
    place = IN_NEW_JERSEY if state == "NJ" else {}
    decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(at, **place, **changes),
        catalog=house.catalog,
        actor=clinician.actor,
        now=at,
    )
    return applicant


def _rows(house: House, year: int = 2026) -> list[dict[str, str]]:
    lines = reports.export_report(year=year, catalog=house.catalog, actor=staff_actor("owner"))
    return list(csv.DictReader(io.StringIO("".join(lines))))


def test_the_regions_are_every_county_of_the_state(catalog: Catalog) -> None:
    assert REGION_OF.keys() == {county.fips for county in catalog.states["NJ"].counties}
    assert (region("34013"), region("34001"), region("")) == ("North", "South", "not told")


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2008, 11, 24), "18 to 24"),
        (date(2008, 11, 25), "under 18"),
        (date(2001, 11, 24), "25 to 34"),
        (date(2001, 11, 25), "18 to 24"),
        (date(1942, 11, 24), "75 to 84"),
        (date(1941, 11, 24), "85 and over"),
        (date(1931, 1, 1), "85 and over"),
    ],
)
def test_an_age_is_a_band_from_the_birthday_on(born: date, band: str) -> None:
    assert age_band(born, date(2026, 11, 24)) == band


def test_a_year_begins_at_midnight_in_new_jersey() -> None:
    assert year_of(2026) == (datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC))


def test_fewer_than_eleven_people_alike_are_withheld_and_eleven_are_not() -> None:
    few, many = replace(SEEN, age="85 and over"), SEEN
    counts = counted([(uuid4(), many) for _ in range(SMALL)] + [(uuid4(), few) for _ in range(SMALL - 1)])
    assert (counts.is_small(many), counts.is_small(few)) == (False, True)
    assert counts.table("age") == [("35 to 44", 11, False), ("85 and over", 10, True)]
    assert counts.shown(many) == many
    shown = counts.shown(few)
    assert {getattr(shown, name) for name in WHO} == {"withheld"}
    assert (shown.diagnoses, shown.em_code) == (few.diagnoses, few.em_code)


def test_one_person_with_many_visits_is_still_one_person() -> None:
    member = uuid4()
    counts = counted([(member, SEEN)] * (3 * SMALL))
    assert counts.is_small(SEEN)
    assert counts.table("age") == [("35 to 44", 33, True)]


def test_a_visit_with_two_diagnoses_counts_under_both() -> None:
    assert counted([(uuid4(), replace(SEEN, diagnoses="F42.2; F33.1"))]).table("diagnoses") == [
        ("F33.1", 1, True),
        ("F42.2", 1, True),
    ]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_cell_is_never_a_formula(formula: str) -> None:
    assert cell(formula) == f"'{formula}"
    assert cell("99204") == "99204"


def test_the_file_has_each_field_of_the_statute_and_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "SMALL", 1)
    clinician = a_clinician()
    applicant = _seen(house, clinician, diagnoses=("F42.2", "F33.1"))
    change_demographics(
        user_id=applicant.person.user_id,
        sex="female",
        race=("asian", "white"),
        ethnicity="declined",
        actor=applicant.actor,
    )
    _seen(house, clinician, "FL")
    (row,) = _rows(house)
    program = house.catalog.programs[next(iter(house.catalog.programs))].name
    assert row == {
        "year": "2026",
        "technology": "video",
        "condition": program,
        "region": "North",
        "practitioner_region": "NJ",
        "age": "35 to 44",
        "sex": "female",
        "race": "asian; white",
        "ethnicity": "declined",
        "prescriptions": "none",
        "diagnoses": "F42.2; F33.1",
        "em_code": "99204",
        "payment_source": "self_pay",
        "fewer_than_11_alike": "no",
    }
    assert _rows(house, 2027) == []


def test_whoever_told_nothing_is_counted_as_such(house: House) -> None:
    _seen(house, a_clinician(), em_code="", decision="decline", reason="Not now.", diagnoses=())
    with db.reading() as session:
        since, until = year_of(2026)
        ((_, seen),) = queries.visits_seen(session, house.catalog, since=since, until=until)
    assert {getattr(seen, name) for name in ("sex", "race", "ethnicity", "diagnoses", "em_code")} == {"not told"}


def test_in_the_file_nobody_stands_alone(house: House) -> None:
    _seen(house, a_clinician())
    (row,) = _rows(house)
    assert {row[name] for name in WHO} == {"withheld"}
    assert row["fewer_than_11_alike"] == "yes"
    assert row["diagnoses"] == "F33.1"


def test_a_visit_of_new_years_eve_belongs_to_the_old_year(house: House) -> None:
    house.at(datetime(2026, 12, 30, 15, 0, tzinfo=UTC))
    clinician, applicant = a_clinician(weekdays=tuple(range(7))), an_applicant(house.catalog, "NJ")
    booked(applicant, house.now, "NJ")
    at = datetime(2027, 1, 1, 4, 30, tzinfo=UTC)
    record = a_record(at, **IN_NEW_JERSEY, decision="more_info", reason="Once more.")
    decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=replace(record, pdmp_checked_at=at - timedelta(hours=1)),
        catalog=house.catalog,
        actor=clinician.actor,
        now=at,
    )
    assert len(_rows(house, 2026)) == 1
    assert _rows(house, 2027) == []


def test_many_visits_are_read_in_batches_and_each_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clinician = a_clinician()
    for number in range(5):
        _seen(house, clinician, em_code=f"9920{number}")
    statements = []
    with db.reading() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *said: statements.append(said[2]))
        monkeypatch.setattr(queries, "BATCH", 2)
        since, until = year_of(2026)
        seen = list(queries.visits_seen(session, house.catalog, since=since, until=until))
    assert sorted(one.em_code for _, one in seen) == [f"9920{number}" for number in range(5)]
    asked = [one for one in statements if one.startswith("SELECT")]
    assert len(asked) == 6, "two for each batch, however many visits are in it"


@pytest.mark.parametrize("role", ["clinician", "coordinator", "billing"])
def test_reports_are_for_owners_and_auditors(house: House, client: Browser, role: str) -> None:
    with pytest.raises(NotAllowed):
        reports.export_report(year=2026, catalog=house.catalog, actor=staff_actor(role))
    client.sign_in(a_staff_member(role).user_id)
    assert client.get(PAGE).status_code == client.submit(f"{PAGE}/file").status_code == 403


def test_the_page_counts_and_the_file_downloads_and_both_are_noted(house: House, client: Browser) -> None:
    applicant = _seen(house, a_clinician())
    owner = a_staff_member("owner")
    client.sign_in(owner.user_id)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "F33.1" in page.text
    assert "Few" in page.text
    file = client.submit(f"{PAGE}/file", {"year": "2026"})
    assert file.status_code == 200
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "new-jersey-2026.csv" in file.headers["Content-Disposition"]
    for text in (page.text.partition("<main")[2], file.text):
        assert "Rivera" not in text
        assert str(applicant.patient_id) not in text
        assert "1990" not in text
        assert "Essex" not in text
    with db.reading() as session:
        said = session.scalars(select(AuditEntry.action).where(AuditEntry.actor_id == owner.user_id)).all()
    assert [one for one in said if one.startswith("report.")] == ["report.view", "report.export"]


@pytest.mark.parametrize("year", ["", "1999", "2099", "two", "2026'--", "٢٠٢٦"])
def test_a_year_there_cannot_be_shows_the_present_one(house: House, client: Browser, year: str) -> None:
    client.sign_in(a_staff_member("auditor").user_id)
    page = client.get(PAGE, query_string={"year": year})
    assert page.status_code == 200
    assert "Visits in 2026" in page.text
    assert "There was no visit" in page.text


def test_the_columns_are_those_of_the_statute() -> None:
    assert len(COLUMNS) == 12
