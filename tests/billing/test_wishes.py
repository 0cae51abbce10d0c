"""Cancelling leaves its key behind: whatever is lost on the way, there is one cancellation and one mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.billing import actions
from service.billing.gateway import Gateway
from service.kit import db
from service.kit.clock import wall_now
from service.kit.errors import TryAgain
from service.safety.actions import acknowledge
from service.safety.models import Alert
from tests.billing.stand_in import KEY, SECRET, StandIn
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, row_of
from tests.conftest import House
from tests.factories.billing import mails_to, unanswered
from tests.factories.visits import Applicant, staff_actor


class Troubled(Gateway):
    """Notes each key; breaks before the call or after it, as asked."""

    keys: list[str]
    before: Exception | None = None
    after: Exception | None = None

    def cancel(self, subscription_id: str, *, at_period_end: bool = True, key: str) -> None:
        self.keys.append(key)
        if self.before:
            raise self.before
        super().cancel(subscription_id, at_period_end=at_period_end, key=key)
        if self.after:
            raise self.after


def troubled(stripe: StandIn) -> Troubled:
    gateway = Troubled(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://x"
    )
    gateway.keys = []
    return gateway


def cancel(house: House, gateway: Gateway, applicant: Applicant) -> None:
    actions.cancel(
        patient_id=applicant.patient_id,
        gateway=gateway,
        catalog=house.catalog,
        actor=applicant.actor,
        now=house.now,
    )


def test_a_crash_after_the_call_still_makes_one_mail(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    broken = troubled(stripe)
    broken.after = SystemError("power cut")
    with pytest.raises(SystemError):
        cancel(house, broken, applicant)
    assert (unanswered(applicant), mails_to(applicant)["membership_ending"]) == (["cancel"], 0)
    deliver(house, gateway, *stripe.messages())
    assert row_of(applicant).cancels_at_period_end
    later = house.now + timedelta(minutes=6)
    assert actions.ask_again(gateway=gateway, catalog=house.catalog, now=later) == 1
    assert unanswered(applicant) == []
    cancel(house, gateway, applicant)
    assert mails_to(applicant)["membership_ending"] == 1


def test_a_retry_is_the_same_call_under_the_same_key(house: House, stripe: StandIn) -> None:
    applicant, _ = a_member(house, stripe)
    gateway = troubled(stripe)
    gateway.before = TryAgain("stripe: away")
    for _ in range(2):
        with pytest.raises(TryAgain):
            cancel(house, gateway, applicant)
    gateway.before = None
    cancel(house, gateway, applicant)
    assert (len(gateway.keys), len(set(gateway.keys))) == (3, 1)
    assert mails_to(applicant)["membership_ending"] == 1


def test_after_a_while_a_retry_does_not_repeat_a_remembered_failure(house: House, stripe: StandIn) -> None:
    applicant, _ = a_member(house, stripe)
    gateway = troubled(stripe)
    gateway.before = TryAgain("stripe: away")
    for later in (timedelta(0), timedelta(hours=1)):
        house.at(house.now + later)
        with pytest.raises(TryAgain):
            cancel(house, gateway, applicant)
    assert len(set(gateway.keys)) == 2


def test_cancelling_again_after_staying_is_told_again(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    for _ in range(2):
        cancel(house, gateway, applicant)
        actions.undo_cancel(
            patient_id=applicant.patient_id,
            gateway=gateway,
            catalog=house.catalog,
            actor=applicant.actor,
            now=house.now,
        )
    assert mails_to(applicant)["membership_ending"] == 2
    assert unanswered(applicant) == []


def wish_calls() -> list[Alert]:
    with db.reading() as session:
        return list(session.scalars(select(Alert).where(Alert.code == "BILLING-WISH")))


def reconcile(house: House, gateway: Gateway) -> None:
    actions.reconcile(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now())


def test_a_wish_to_end_that_stripe_never_heard_calls_a_person_after_an_hour_and_once(
    house: House, stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, stripe)
    broken, began = troubled(stripe), house.now
    broken.before = TryAgain("stripe: away")
    with pytest.raises(TryAgain):
        cancel(house, broken, applicant)
    reconcile(house, gateway)
    assert wish_calls() == [], "they may be trying again this minute"
    house.at(began + timedelta(minutes=61))
    for _ in range(2):
        reconcile(house, gateway)
    (call,) = wish_calls()
    assert call.patient_id == applicant.patient_id
    acknowledge(alert_id=call.id, actor=staff_actor("owner"), now=house.now)
    reconcile(house, gateway)
    assert len(wish_calls()) == 1, "one call for one wish"


def test_a_wish_that_stripe_heard_calls_nobody(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    broken = troubled(stripe)
    broken.after = SystemError("power cut")
    with pytest.raises(SystemError):
        cancel(house, broken, applicant)
    house.at(house.now + timedelta(minutes=61))
    reconcile(house, gateway)
    assert wish_calls() == []
