"""A pay page that the gate would no longer open is closed before anybody pays on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import User
from service.billing import actions, queries
from service.billing.gateway import Gateway
from service.enrollment.rules.gate import Facts, may
from service.kit import db
from service.kit.errors import Rejected
from service.safety.models import SafetyHold
from service.visits.models import Practitioner
from tests.billing.stand_in import StandIn
from tests.billing.test_checkout import checkouts, start
from tests.conftest import House
from tests.factories.billing import a_hold, membership_row, ready_to_pay
from tests.factories.moving import moved


def close(house: House, gateway: Gateway) -> int:
    return actions.close_refused_pages(gateway=gateway, catalog=house.catalog, now=house.now)


def test_a_hold_closes_the_page_that_was_opened_before_it(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    page = start(house, gateway, applicant)
    a_hold(house, applicant)
    assert close(house, gateway) == 1
    assert stripe.pay(page).status_code == 410
    assert checkouts()[-1].status == "expired"
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert row.status == "awaiting_payment"
    assert close(house, gateway) == 0, "closed is closed"
    with pytest.raises(Rejected):
        start(house, gateway, applicant)


@pytest.mark.parametrize("state", ["NJ", "GA"])
def test_a_move_closes_the_page_and_who_comes_back_home_opens_another(
    house: House, gateway: Gateway, stripe: StandIn, state: str
) -> None:
    applicant = ready_to_pay(house)
    page = start(house, gateway, applicant)
    moved(house, applicant, state)
    with pytest.raises(Rejected):
        start(house, gateway, applicant)
    assert close(house, gateway) == 1
    assert stripe.pay(page).status_code == 410
    moved(house, applicant, "FL")
    assert stripe.pay(start(house, gateway, applicant)).status_code == 303


def test_once_the_hold_is_lifted_a_new_page_opens(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    first = start(house, gateway, applicant)
    a_hold(house, applicant)
    close(house, gateway)
    with db.transaction() as session:
        hold = session.scalars(select(SafetyHold).where(SafetyHold.patient_id == applicant.patient_id)).one()
        hold.lifted_at, hold.lifted_by = house.now, applicant.actor.user_id
    second = start(house, gateway, applicant)
    assert second != first
    assert stripe.pay(second).status_code == 303


def test_a_page_that_the_gate_still_allows_stays_open(house: House, gateway: Gateway, stripe: StandIn) -> None:
    page = start(house, gateway, ready_to_pay(house))
    assert close(house, gateway) == 0
    assert stripe.pay(page).status_code == 303


def test_somebody_who_was_quicker_has_paid_and_is_not_undone(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    a_hold(house, applicant)
    assert close(house, gateway) == 0
    assert checkouts()[-1].status == "completed"


def test_stripe_away_is_tried_again_at_the_next_tick(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    page = start(house, gateway, applicant)
    a_hold(house, applicant)
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/checkout/sessions"}
    requests.post(f"{stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()
    assert close(house, gateway) == 0
    requests.delete(f"{stripe.url}/_standin/faults", timeout=5).raise_for_status()
    assert close(house, gateway) == 1
    assert stripe.pay(page).status_code == 410


@pytest.mark.parametrize("how", ["left", "left_tomorrow", "closed"])
def test_nobody_is_charged_under_the_license_of_somebody_who_is_gone(
    house: House, gateway: Gateway, stripe: StandIn, how: str
) -> None:
    applicant = ready_to_pay(house)
    start(house, gateway, applicant)
    days = {"left": house.now.date(), "left_tomorrow": house.now.date() + timedelta(days=1)}
    with db.transaction() as session:
        clinician = session.scalars(select(Practitioner)).one()
        clinician.left_on = days.get(how)
        if how == "closed":
            session.get_one(User, clinician.user_id).deactivated_at = house.now
    with db.reading() as session:
        (enrollment_id,) = (page.enrollment_id for page in queries.open_attempts(session))
        facts = queries.charge_facts(session, enrollment_id, house.catalog, house.now)
    if how == "left_tomorrow":
        assert may("charge", facts, house.now).yes
        assert close(house, gateway) == 0
    else:
        assert may("charge", facts, house.now).codes == ("license", "registration")
        assert close(house, gateway) == 1


def test_a_page_that_cannot_be_asked_about_leaves_no_other_open(
    house: House, gateway: Gateway, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [ready_to_pay(house), ready_to_pay(house)]
    for one in both:
        start(house, gateway, one)
        a_hold(house, one)
    plain = queries.charge_facts

    def breaking(session: Session, enrollment_id: UUID, *rest: Any) -> Facts:
        if enrollment_id == both[0].enrollment_id:
            raise ValueError("a row that nobody can read")
        return plain(session, enrollment_id, *rest)

    monkeypatch.setattr(queries, "charge_facts", breaking)
    assert close(house, gateway) == 1
    assert sorted(one.status for one in checkouts()) == ["expired", "open"]
