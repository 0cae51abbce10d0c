"""Closing while somebody pays, on connections of their own: closed for good, and nothing that could charge is left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.accounts.models import Patient, User
from service.billing.gateway import Gateway
from service.billing.models import Checkout, Membership
from service.enrollment.models import Enrollment
from service.kit import db
from service.kit.clock import wall_now
from service.kit.errors import HomewardError, TryAgain
from service.privacy import actions
from tests.billing.conftest import START
from tests.billing.stand_in import StandIn
from tests.billing.test_checkout import confirm, start
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, charge_at
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.billing import invoices_of, ready_to_pay
from tests.factories.privacy import actor_of
from tests.factories.visits import Applicant

ROUNDS = 4  # each is another order of the same steps


@pytest.fixture
def committed(committed: House) -> House:
    """At the moment when this room's stories begin."""
    committed.at(START)
    return committed


def closing(house: House, gateway: Gateway, applicant: Applicant) -> Callable[[], None]:
    return lambda: actions.close_account(
        gateway=gateway,
        catalog=house.catalog,
        actor=actor_of(applicant.person),
        now=house.now,
        wall_now=wall_now(),
    )


def all_of(model: Any, applicant: Applicant) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(model).where(model.patient_id == applicant.patient_id)))


def check_closed(stripe: StandIn, gateway: Gateway, applicant: Applicant) -> None:
    """Closed, wholly, and neither we nor Stripe hold anything that could charge."""
    with db.reading() as session:
        patient = session.get_one(Patient, applicant.patient_id)
        user = session.get_one(User, applicant.person.user_id)
        pages = session.scalars(
            select(Checkout.status).join(Membership).where(Membership.patient_id == applicant.patient_id)
        ).all()
    assert patient.closed_at is not None
    assert user.deactivated_at is not None
    assert {row.status for row in all_of(Membership, applicant)} <= {"ended"}
    assert {row.status for row in all_of(Enrollment, applicant)} == {"ended"}
    assert not {"meant", "open"} & set(pages)
    for row in all_of(Membership, applicant):
        if row.stripe_subscription_id is not None:
            assert gateway.get_subscription(row.stripe_subscription_id).status == "ended"


def until_closed(house: House, gateway: Gateway, applicant: Applicant, answer: object) -> None:
    """Whoever reads "try again" tries again."""
    assert answer is None or isinstance(answer, TryAgain)
    if isinstance(answer, TryAgain):
        closing(house, gateway, applicant)()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_closing_while_a_payment_completes(committed: House, stripe: StandIn, round_: int) -> None:
    house, gateway = committed, stripe.gateway()
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    work = [closing(house, gateway, applicant), lambda: confirm(house, gateway, applicant)]
    work.append(lambda: deliver(house, gateway, *stripe.messages()))
    found = at_once(*work[round_ % 3 :], *work[: round_ % 3])
    until_closed(house, gateway, applicant, found[-(round_ % 3) % 3])
    deliver(house, gateway, *stripe.messages())
    check_closed(stripe, gateway, applicant)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_closing_while_somebody_goes_to_pay(committed: House, stripe: StandIn, round_: int) -> None:
    house, gateway = committed, stripe.gateway()
    applicant = ready_to_pay(house)
    if round_ % 2:
        start(house, gateway, applicant)

    def pays() -> None:
        with suppress(HomewardError):  # a no, because the account is closing, is an answer too
            start(house, gateway, applicant)

    closed, _ = at_once(closing(house, gateway, applicant), pays)
    until_closed(house, gateway, applicant, closed)
    deliver(house, gateway, *stripe.messages())
    check_closed(stripe, gateway, applicant)


def test_closing_while_a_month_is_renewed(committed: House, moving_stripe: StandIn) -> None:
    house = committed
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    moving_stripe.move_to(due + timedelta(minutes=1))
    house.at(due + timedelta(minutes=1))
    told = moving_stripe.messages()
    closed, *_ = at_once(closing(house, gateway, applicant), *([lambda: deliver(house, gateway, *told)] * 2))
    until_closed(house, gateway, applicant, closed)
    deliver(house, gateway, *moving_stripe.messages())
    check_closed(moving_stripe, gateway, applicant)
    (member,) = all_of(Membership, applicant)
    paid = len(invoices_of(member.id))
    moving_stripe.move_to(due + timedelta(days=70))
    deliver(house, gateway, *moving_stripe.messages())
    assert len(invoices_of(member.id)) == paid, "never charged again"
