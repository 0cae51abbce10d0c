"""Where a rule says no, staff read on the record why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.enrollment.queries.records import enrollment
from service.enrollment.queries.refusals import refusals
from service.kit import db
from service.visits.models import LicenseRecord
from tests.client import Browser
from tests.conftest import House
from tests.factories.visits import Applicant, a_clinician, an_applicant, approved

NEW_YEAR = datetime(2027, 1, 1, 17, tzinfo=UTC)


def codes(house: House, applicant: Applicant, now: datetime | None = None) -> tuple[str, ...]:
    with db.reading() as session:
        found = enrollment(session, applicant.enrollment_id)
        assert found is not None
        patient = accounts.patient(session, applicant.patient_id)
        return tuple(one.code for one in refusals(session, house.catalog, found, patient, now or house.now))


@pytest.fixture
def in_care(house: House) -> Applicant:
    applicant = an_applicant(house.catalog)
    approved(applicant, a_clinician(), house.catalog, house.now)
    return applicant


def test_with_everything_in_order_there_is_nothing_to_read(house: House, in_care: Applicant) -> None:
    assert codes(house, in_care) == ()
    assert codes(house, an_applicant(house.catalog)) == ()


def test_after_the_federal_authority_whoever_was_never_examined_is_refused_but_may_still_book(
    house: House, in_care: Applicant
) -> None:
    assert codes(house, in_care, NEW_YEAR) == ("telemedicine",)
    assert codes(house, an_applicant(house.catalog), NEW_YEAR) == ()


@pytest.mark.parametrize(("kind", "code"), [("physician", "license"), ("dea", "registration")])
def test_a_license_that_ended_an_hour_ago_is_read_at_once(
    house: House, in_care: Applicant, kind: str, code: str
) -> None:
    with db.transaction() as session:
        session.execute(update(LicenseRecord).where(LicenseRecord.kind == kind).values(ended_at=house.now))
    assert codes(house, in_care) == (code,)


def test_somebody_who_lives_elsewhere_is_refused_before_and_after_a_decision(house: House, in_care: Applicant) -> None:
    on_the_way = an_applicant(house.catalog)
    with db.transaction() as session:
        session.execute(update(Patient).values(state="NJ"))
    assert codes(house, in_care) == codes(house, on_the_way) == ("residence",)


def test_the_record_lists_the_reasons_in_sentences(client: Browser, house: House) -> None:
    applicant, clinician = an_applicant(house.catalog), a_clinician()
    approved(applicant, clinician, house.catalog, house.now)
    client.sign_in(clinician.user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}"
    assert "do not allow to go on" not in client.get(path).text
    house.at(NEW_YEAR)
    page = client.get(path).text
    assert "The rules of today do not allow to go on" in page
    assert "no examination in person is recorded" in page
