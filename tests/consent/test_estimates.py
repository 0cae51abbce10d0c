"""What an estimate says, when it is due, and that it is given at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.consent import queries, writes
from service.consent.models import GoodFaithEstimate
from service.consent.rules import estimates as rules
from service.consent.rules.blocks import blocks, html
from service.consent.rules.deadlines import DISPUTE_FROM_CENTS, due_by, holidays, is_business_day
from service.kit import db
from service.kit.ids import new_id
from tests.conftest import House
from tests.factories.accounts import a_patient

CATALOG = catalog(HOUSE / "config")
FRIDAY = date(2026, 11, 20)
ANA = rules.Person("Ana Rivera", date(1990, 5, 17), "Florida")


@pytest.mark.parametrize(
    ("made", "visit", "due"),
    [
        (FRIDAY, date(2026, 11, 24), None),  # Monday, Tuesday: two business days ahead
        (FRIDAY, date(2026, 11, 25), date(2026, 11, 23)),  # three: one business day after booking
        (FRIDAY, date(2026, 12, 4), date(2026, 11, 23)),  # Thanksgiving does not count: nine
        (FRIDAY, date(2026, 12, 7), date(2026, 11, 25)),  # ten: three business days
        (date(2026, 11, 25), None, date(2026, 12, 1)),  # asked for before Thanksgiving and a weekend
        (date(2026, 11, 21), None, date(2026, 11, 25)),  # on a Saturday
    ],
)
def test_by_when_an_estimate_is_due(made: date, visit: date | None, due: date | None) -> None:
    assert due_by(made, visit) == due


def test_the_federal_holidays_of_a_year() -> None:
    assert sorted(day for day in holidays(2026) if day.year == 2026) == [
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 2, 16),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 7, 3),
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 11),
        date(2026, 11, 26),
        date(2026, 12, 25),
    ]
    assert not is_business_day(date(2027, 12, 31)), "New Year's Day of 2028 is a Saturday"


@given(st.dates(date(2024, 1, 1), date(2035, 12, 31)), st.integers(0, 60))
def test_what_is_given_at_once_is_never_late(made: date, ahead: int) -> None:
    for due in (due_by(made, made + timedelta(days=ahead)), due_by(made)):
        assert due is None or due > made
        assert due is None or is_business_day(due)


def write(**changes: object) -> tuple[str, int]:
    """A year with the cheapest plan."""
    values = {
        "person": ANA,
        "practice": CATALOG.practice,
        "provider": rules.Provider("Dr. Maya Lin, MD", "1234567893"),
        "lines": rules.months_ahead(CATALOG.open_plans[0], CATALOG.estimate),
        "first_on": date(2026, 11, 23),
        "last_on": date(2027, 11, 23),
        "made_on": date(2026, 11, 23),
        "not_included": CATALOG.estimate.not_included,
        "diagnosis": "F42.2.",
        "others": CATALOG.open_plans[1:],
        **changes,
    }
    return rules.write(**values)  # type: ignore[arg-type]


def test_it_has_everything_that_the_rule_asks_for() -> None:
    text, total = write()
    assert total == 12 * 25000
    for said in (
        "Ana Rivera",
        "May 17, 1990",
        "November 23, 2026 to November 23, 2027",
        "Monthly membership",
        "$250.00",
        "$3,000.00",
        "F42.2",
        "Homeward Medical Practice",
        "NPI: 0000000000",
        "Tax number: 00-0000000",
        "Dr. Maya Lin",
        "1234567893",
        "you in Florida",
        "The medicine itself",
        "This is an estimate",
        "can differ",
        "$400 or more above",
        "120 days",
        "1-800-985-3059",
        "any worse",
        "not a contract",
        "ask for another at any time",
        "$4,188.00",
    ):
        assert said in text.replace("\\", ""), said
    assert DISPUTE_FROM_CENTS == 40000


def test_a_number_that_is_not_known_is_given_on_request() -> None:
    text, _ = write(practice=CATALOG.practice.model_copy(update={"npi": "", "tax_id": ""}), provider=None)
    assert "NPI: given on request. Tax number: given on request." in text


@given(st.text(min_size=1, max_size=60))
def test_no_name_breaks_out_of_the_page_or_the_table(name: str) -> None:
    text, _ = write(person=replace(ANA, name=name), provider=rules.Provider(name))
    page = html(text)
    assert "<script" not in page
    assert page.count("<table>") == page.count("<h1>") == 1
    assert [block["kind"] for block in blocks(text)].count("table") == 1


def given_to(house: House, patient_id: UUID, occasion: rules.Occasion, about_id: UUID, **values: object) -> UUID:
    """As booking, completing and asking do."""
    with db.transaction() as session:
        return writes.issue(
            session,
            patient_id=patient_id,
            occasion=occasion,
            about_id=about_id,
            catalog=house.catalog,
            now=house.now,
            **values,  # type: ignore[arg-type]
        )


def test_a_booking_gets_an_estimate_of_the_visit_which_is_free(house: House) -> None:
    patient_id = a_patient().patient_id
    assert patient_id
    made = given_to(house, patient_id, "booking", new_id(), visit_at=datetime(2026, 12, 2, 2, 0, tzinfo=UTC))
    with db.reading() as session:
        found = queries.estimate(session, patient_id, made)
    assert found is not None
    assert (found.total_cents, found.first_on, found.last_on) == (0, date(2026, 12, 1), date(2026, 12, 1))
    assert "Diagnosis: none has been made yet." in found.text
    assert found.issued_at == house.now
    due = due_by(house.now.date(), found.first_on)
    assert due is not None
    assert found.issued_at.date() <= due


def test_an_approval_gets_twelve_months_and_the_codes_of_the_visit(house: House) -> None:
    patient_id = a_patient().patient_id
    assert patient_id
    made = given_to(house, patient_id, "approval", new_id(), diagnosis_codes=("F42.2", "F33.1"))
    with db.reading() as session:
        found = queries.estimate(session, patient_id, made)
    assert found is not None
    assert (found.total_cents, found.first_on, found.last_on) == (300000, date(2026, 11, 23), date(2027, 11, 23))
    assert "F42.2, F33.1." in found.text


def test_the_same_occasion_twice_is_one_estimate_and_it_stays_as_it_was(house: House) -> None:
    patient_id, about = a_patient().patient_id, new_id()
    assert patient_id
    made = {given_to(house, patient_id, "approval", about) for _ in range(2)}
    with db.reading() as session:
        assert len(made) == session.scalar(select(func.count()).select_from(GoodFaithEstimate)) == 1


def test_the_text_is_sealed_and_belongs_to_one_patient(house: House) -> None:
    patient_id, other = a_patient(family_name="Zqnamed").patient_id, a_patient().patient_id
    assert patient_id
    assert other
    made = given_to(house, patient_id, "asked", new_id())
    with db.reading() as session:
        row = session.get_one(GoodFaithEstimate, made)
        assert b"Zqnamed" not in row.body_sealed
        assert queries.estimate(session, other, made) is None
        assert queries.estimates(session, other) == []


def test_a_booking_without_its_day_and_an_occasion_nobody_knows_are_mistakes(house: House) -> None:
    patient_id = a_patient().patient_id
    assert patient_id
    with pytest.raises(ValueError, match="when the visit is"):
        given_to(house, patient_id, "booking", new_id())
    with pytest.raises(IntegrityError):
        given_to(house, patient_id, "birthday", new_id())  # type: ignore[arg-type]
