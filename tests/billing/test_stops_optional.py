"""A consent nobody has to give, taken back: mail about offers, a release to a doctor. No charge rests on it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.billing import actions, queries
from service.enrollment.actions import withdraw
from service.kit import db
from tests.billing.stand_in import StandIn
from tests.billing.test_renewals import a_member, charge_at, row_of
from tests.billing.test_stops import LANDS, money
from tests.conftest import House
from tests.factories.billing import a_hold
from tests.factories.consents import RELEASE, sign_one
from tests.factories.visits import Applicant

OPTIONAL = ("marketing", "roi_doctor")


def take_back(house: House, applicant: Applicant, key: str) -> None:
    sign_one(house, applicant, key, filled=RELEASE if key.startswith("roi") else None)
    house.at(house.now + timedelta(minutes=1))
    assert withdraw.withdraw_consent(key=key, why="", catalog=house.catalog, actor=applicant.actor, now=house.now)


@pytest.mark.parametrize("key", OPTIONAL)
def test_it_never_ends_a_membership_that_something_else_pauses(house: House, moving_stripe: StandIn, key: str) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    take_back(house, applicant, key)
    house.at(house.now + timedelta(days=20))
    moving_stripe.move_to(house.now)
    a_hold(house, applicant)
    assert actions.end_overdue(gateway=gateway, catalog=house.catalog, now=house.now) == 0
    assert row_of(applicant).status == "active"
    assert money(applicant) == [25000]


@pytest.mark.parametrize("key", OPTIONAL)
def test_it_stands_in_the_way_of_no_charge_and_of_no_word_about_one(
    house: House, moving_stripe: StandIn, key: str
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    take_back(house, applicant, key)
    house.at(charge_at(applicant) - timedelta(days=6))
    moving_stripe.move_to(house.now)
    actions.ask_before_renewals(gateway=gateway, catalog=house.catalog, now=house.now)
    with db.reading() as session:
        assert queries.told.charge_comes(session, row_of(applicant).id)


def test_whoever_took_one_back_never_hides_whose_charge_must_be_stopped(house: House, moving_stripe: StandIn) -> None:
    member, gateway = a_member(house, moving_stripe)
    take_back(house, member, "marketing")
    held, _ = a_member(house, moving_stripe)  # is charged a minute later: behind the other in every list
    house.at(charge_at(held) - timedelta(hours=3))
    moving_stripe.move_to(house.now)
    a_hold(house, held)
    assert actions.stop_refused(gateway=gateway, catalog=house.catalog, now=house.now, limit=1) == 1
    assert (row_of(member).status, row_of(held).status) == ("active", "stopped")


def test_who_waits_for_a_decision_never_hides_whose_care_is_over(house: House, moving_stripe: StandIn) -> None:
    waits, gateway = a_member(house, moving_stripe)
    LANDS["withdrawal"](house, waits)
    house.at(house.now + timedelta(hours=1))
    moving_stripe.move_to(house.now)
    over, _ = a_member(house, moving_stripe)
    LANDS["end of care"](house, over)
    assert actions.end_overdue(gateway=gateway, catalog=house.catalog, now=house.now, limit=1) == 1
    assert (row_of(waits).status, row_of(over).status) == ("active", "ended")
