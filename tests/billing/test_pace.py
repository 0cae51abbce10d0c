"""Work of the clock stays small: a batch at a time, only what has something to do, and nothing bad stops the rest."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from service.billing import actions, queries
from service.billing.gateway import Gateway, Notice, SubscriptionFacts
from service.billing.models import Membership
from service.kit import db
from service.kit.clock import wall_now
from service.kit.errors import TryAgain
from tests.billing.stand_in import KEY, SECRET, StandIn
from tests.billing.test_renewals import a_member, charge_at, row_of, tick
from tests.conftest import House
from tests.factories.billing import a_hold
from tests.factories.visits import Applicant


class Listening(Gateway):
    """Notes whom it was asked about; its list of messages may be away, and so may all of it."""

    asked: list[str]
    no_list = False
    away = False

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        self.asked.append(subscription_id)
        if self.away:
            raise TryAgain("stripe: away")
        return super().get_subscription(subscription_id)

    def list_events(self, since: datetime, after: str | None = None) -> tuple[list[tuple[Notice, str]], str | None]:
        if self.no_list:
            raise TryAgain("stripe: away")
        return super().list_events(since, after)


def listening(stripe: StandIn) -> Listening:
    gateway = Listening(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://x"
    )
    gateway.asked = []
    return gateway


def compare(house: House, gateway: Gateway, batch: int) -> actions.Reconciled:
    house.at(house.now + timedelta(hours=1))
    return actions.reconcile(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now(), batch=batch)


def subscription_of(applicant: Applicant) -> str:
    return row_of(applicant).stripe_subscription_id or ""


def coming(house: House) -> list[queries.Renewal]:
    with db.reading() as session:
        return queries.renewals(session, house.now)


def test_in_batches_everybody_is_compared_in_turn(house: House, moving_stripe: StandIn) -> None:
    members = [a_member(house, moving_stripe)[0] for _ in range(3)]
    gateway = listening(moving_stripe)
    for _ in range(3):
        compare(house, gateway, 1)
    assert sorted(gateway.asked) == sorted(subscription_of(member) for member in members)
    compare(house, gateway, 1)
    assert gateway.asked[3] == gateway.asked[0]


def test_one_that_always_fails_does_not_stay_in_front(house: House, moving_stripe: StandIn) -> None:
    bad, good = (a_member(house, moving_stripe)[0] for _ in range(2))
    with db.transaction() as session:
        session.execute(
            update(Membership).where(Membership.id == row_of(bad).id).values(stripe_subscription_id="sub_unknown")
        )
    gateway = listening(moving_stripe)
    assert compare(house, gateway, 2).failed == 1
    assert set(gateway.asked) == {"sub_unknown", subscription_of(good)}
    compare(house, gateway, 1)
    compare(house, gateway, 1)
    assert set(gateway.asked[2:]) == {"sub_unknown", subscription_of(good)}


def test_without_the_list_of_messages_the_comparison_goes_on(house: House, moving_stripe: StandIn) -> None:
    applicant, _ = a_member(house, moving_stripe)
    gateway = listening(moving_stripe)
    gateway.no_list = True
    drift = compare(house, gateway, 10)
    assert (drift.failed, gateway.asked) == (1, [subscription_of(applicant)])


def test_when_stripe_is_away_nobody_waits_for_each_one(house: House, moving_stripe: StandIn) -> None:
    for _ in range(4):
        a_member(house, moving_stripe)
    gateway = listening(moving_stripe)
    gateway.away = True
    assert compare(house, gateway, 10).failed == 3
    assert len(gateway.asked) == 3


def test_a_charge_that_was_asked_about_waits_for_its_next_stage(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    for stage in (timedelta(days=7), timedelta(hours=24)):
        house.at(due - stage)
        assert len(coming(house)) == 1
        tick(house, gateway, house.now)
        assert coming(house) == []
    house.at(due - timedelta(hours=1))
    for _ in range(2):
        assert len(coming(house)) == 1  # the last hour is watched without a pause
        tick(house, gateway, house.now)


def test_a_refusal_is_not_repeated_a_week_ahead_and_not_dropped_in_the_last_day(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    due = charge_at(applicant)
    a_hold(house, applicant)
    gateway = NeverPauses(
        key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin=moving_stripe.url, site="https://x"
    )
    tick(house, gateway, due - timedelta(days=7))
    assert coming(house) == []
    tick(house, gateway, due - timedelta(hours=24))
    assert len(coming(house)) == 1


class NeverPauses(Gateway):
    """Stripe away whenever something is to be paused."""

    def pause(self, subscription_id: str, *, key: str) -> None:
        raise TryAgain("stripe: away")
