"""The federal telemedicine authority ends: a person hears of each patient whose care rests on it, in time and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from config.settings import HOUSE
from service.catalog.queries import catalog as shipped
from service.catalog.rules.policies import Policy
from service.enrollment.actions.authority import warn_of_authority
from service.enrollment.models import Enrollment
from service.enrollment.rules.authority import ends_on, step_due
from service.kit import db
from service.mail.models import OutboxMessage
from service.safety.actions import acknowledge
from service.safety.models import Alert
from service.safety.writes import raise_alert
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.visits import an_applicant, staff_actor

LAST = date(2026, 12, 31)
POLICIES = shipped(HOUSE / "config").policies


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def renewed(first: date, last: date | None, value: bool = True) -> tuple[Policy, ...]:
    """The shipped policies and a renewal of the federal one."""
    federal = next(policy for policy in POLICIES if policy.jurisdiction == "US")
    return (*POLICIES, replace(federal, effective_from=first, effective_to=last, value=value))


@pytest.mark.parametrize(
    ("policies", "last"),
    [
        (POLICIES, LAST),
        (renewed(date(2027, 1, 1), date(2027, 6, 30)), date(2027, 6, 30)),
        (renewed(date(2027, 1, 1), None), None),
        (renewed(date(2027, 1, 2), None), LAST),  # a day without a rule is a day without permission
        (renewed(date(2027, 1, 1), None, value=False), LAST),
        ((), None),
    ],
)
def test_the_authority_ends_on_its_last_day_without_a_gap(policies, last):
    assert ends_on(policies, date(2026, 11, 21)) == last


@pytest.mark.parametrize(
    ("before", "step"),
    [(61, None), (60, 60), (31, 60), (30, 30), (15, 30), (14, 14), (0, 14), (-1, None)],
)
def test_the_nearest_step_that_has_come_is_due_and_none_once_it_is_over(before, step):
    assert step_due(LAST, LAST - timedelta(days=before)) == step


def in_care(house: House, status: str = "active") -> Enrollment:
    applicant = an_applicant(house.catalog)
    with db.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == applicant.enrollment_id).values(status=status))
        return session.get_one(Enrollment, applicant.enrollment_id)


def alerts() -> list[tuple[str, object]]:
    with db.reading() as session:
        rows = session.execute(select(Alert.code, Alert.source_id).order_by(Alert.raised_at))
        return [(code, source) for code, source in rows if code.startswith("AUTHORITY")]


def warn(house: House, day: date) -> int:
    return warn_of_authority(catalog=house.catalog, now=noon(day))


@pytest.mark.parametrize(("before", "code"), [(60, "AUTHORITY-60"), (30, "AUTHORITY-30"), (14, "AUTHORITY-14")])
def test_each_step_raises_one_alert_for_each_patient_in_care_however_often_the_sweep_runs(house, before, code):
    people = [in_care(house, status) for status in ("decided", "approved", "consented", "active")]
    assert [warn(house, LAST - timedelta(days=before)) for _ in range(3)] == [4, 0, 0]
    assert sorted(alerts()) == sorted((code, one.id) for one in people)


def test_nothing_is_raised_before_the_first_step_or_after_the_end(house):
    in_care(house)
    assert warn(house, LAST - timedelta(days=61)) == 0
    assert warn(house, LAST + timedelta(days=1)) == 0
    assert alerts() == []


def test_every_step_is_told_once_also_when_the_one_before_was_acknowledged_or_was_not(house):
    one, olive = in_care(house), staff_actor("coordinator")
    for before in (60, 45, 30, 29, 14, 13, 0):
        warn(house, LAST - timedelta(days=before))
        if before == 60:
            with db.reading() as session:
                first = session.scalars(select(Alert.id)).one()
            acknowledge(alert_id=first, actor=olive, now=noon(LAST - timedelta(days=50)))
    assert alerts() == [(f"AUTHORITY-{step}", one.id) for step in (60, 30, 14)]


@pytest.mark.parametrize("status", ["assessed", "booked", "more_info", "declined", "ended"])
def test_somebody_who_is_not_in_care_waits_for_nothing(house, status):
    in_care(house, status)
    assert warn(house, LAST - timedelta(days=30)) == 0


def test_a_renewed_authority_calls_nobody(house):
    in_care(house)
    catalog = replace(house.catalog, policies=renewed(date(2027, 1, 1), None))
    assert warn_of_authority(catalog=catalog, now=noon(LAST)) == 0


def test_however_many_patients_there_are_each_colleague_gets_one_mail_a_day(house):
    maya, lee = a_staff_member("clinician"), a_staff_member("clinician")
    for _ in range(3):
        in_care(house)
    assert warn(house, LAST - timedelta(days=30)) == 3
    with db.reading() as session:
        told = [row.user_id for row in session.scalars(select(OutboxMessage)) if row.template == "alert_raised"]
    assert sorted(told) == sorted([maya.user_id, lee.user_id])


def test_what_can_wait_never_stands_above_somebody_who_needs_a_call_now(client: Browser, house: House):
    one = in_care(house)
    warn(house, LAST - timedelta(days=60))
    house.at(noon(LAST - timedelta(days=10)))  # by now it is long overdue
    with db.transaction() as session:
        raise_alert(
            session,
            code="RF-SI",
            source_kind="checkin",
            source_id=one.id,
            patient_id=one.patient_id,
            now=house.now,
            definition=house.catalog.alerts["RF-SI"],
        )
    client.sign_in(a_staff_member("clinician").user_id)
    page = client.get("/staff/alerts").text
    assert 0 < page.index("better off dead") < page.index("The federal telemedicine authority ends")
