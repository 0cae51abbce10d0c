"""A licence that lapsed an hour ago: nothing is booked and nothing is signed under it, whichever clock one looks at."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import update

from service.accounts.models import Patient
from service.enrollment.actions import decide
from service.kit import db
from service.visits.models import LicenseRecord
from service.visits.queries import Practitioner, open_times
from tests.conftest import House
from tests.factories.visits import Applicant, Clinician, a_clinician, a_record, an_applicant, booked, visit_at

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
TUESDAY = date(2026, 11, 24)
MIDNIGHT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # in New York; an hour before midnight in Chicago


def _night_visit(house: House, clinic: str, clock: str) -> tuple[Clinician, Applicant]:
    """Booked for midnight in New York, with a clinician on one clock and a patient on another."""
    hours = (time(0), time(1)) if clinic == EASTERN else (time(23), time(23, 59))
    clinician = a_clinician(zone=clinic, weekdays=(1,) if clinic == EASTERN else (0,), hours=hours)
    applicant = an_applicant(house.catalog)
    with db.transaction() as session:
        session.execute(update(Patient).values(time_zone=clock))
    booked(applicant, house.now)
    assert visit_at(applicant) == MIDNIGHT
    with db.transaction() as session:
        session.execute(update(LicenseRecord).values(expires_on=TUESDAY))
    return clinician, applicant


def _sign(house: House, clinician: Clinician, applicant: Applicant) -> None:
    now = MIDNIGHT + timedelta(minutes=5)
    decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(now),
        catalog=house.catalog,
        actor=clinician.actor,
        now=now,
    )


@pytest.mark.parametrize(("clinic", "clock"), [(EASTERN, CENTRAL), (CENTRAL, EASTERN), (EASTERN, EASTERN)])
def test_nothing_is_signed_once_it_is_over_for_either_of_the_two(house: House, clinic: str, clock: str) -> None:
    clinician, applicant = _night_visit(house, clinic, clock)
    with pytest.raises(decide.NotSignable) as no:
        _sign(house, clinician, applicant)
    assert "license" in str(no.value.reasons)


def test_what_counts_for_both_is_signed_an_hour_before_it_lapses(house: House) -> None:
    _sign(house, *_night_visit(house, CENTRAL, CENTRAL))


@pytest.mark.parametrize("zone", [EASTERN, CENTRAL])
def test_nothing_is_offered_from_the_midnight_that_comes_first(house: House, zone: str) -> None:
    a_clinician(zone=CENTRAL, weekdays=(0,), hours=(time(22), time(23, 59)), expires_on=TUESDAY)
    with db.reading() as session:
        found = open_times(session, state="FL", now=house.now, zone=zone)
    assert len(found) == (2 if zone == EASTERN else 3)
    assert isinstance(found[0].practitioner, Practitioner)
