"""Moving a date by a trial, and what is told ahead of time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, HOUR, Shop, StandIn, invoice_of, period_of


def moved(standin: StandIn, subscription: stripe.Subscription, moment: int, **more: Any) -> stripe.Subscription:
    asked: Any = {"trial_end": moment, "proration_behavior": "none", **more}
    standin.api.subscriptions.update(subscription.id, asked)
    return standin.subscription(subscription.id)


def told(standin: StandIn, kind: str) -> list[stripe.Event]:
    standin.settle()
    return [event for event in standin.shop.events() if event.type == kind]


def test_a_moved_date_is_a_trial_until_then_and_the_rhythm_from_then_on(standin: StandIn) -> None:
    subscription = standin.subscribed()
    later = period_of(subscription)[1] + 5 * DAY
    after = moved(standin, subscription, later)
    assert (after.status, after.trial_end, after.billing_cycle_anchor) == ("trialing", later, later)
    assert period_of(after)[1] == later
    nothing = invoice_of(after)
    assert (nothing.amount_due, nothing.status, nothing.billing_reason) == (0, "paid", "subscription_update")
    assert standin.move_to(later - 1) == []
    assert standin.step() == ["subscription renewed"]
    renewed = standin.subscription(subscription.id)
    assert (renewed.status, invoice_of(renewed).status) == ("active", "draft")
    assert period_of(renewed)[0] == later
    standin.step()
    assert invoice_of(standin.subscription(subscription.id)).amount_paid == 25000
    standin.step()
    assert period_of(standin.subscription(subscription.id))[0] == period_of(renewed)[1]


def test_a_moved_date_gives_back_unused_time_unless_told_not_to(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, end = period_of(subscription)
    standin.move_to(start + 14 * DAY)
    asked: Any = {"trial_end": end, "proration_date": start + 14 * DAY}
    standin.api.subscriptions.update(subscription.id, asked)
    assert standin.api.customers.retrieve(str(subscription.customer)).balance == -12500


def test_a_trial_ended_now_is_charged_now(standin: StandIn) -> None:
    subscription = standin.subscribed()
    moved(standin, subscription, period_of(subscription)[1] + 5 * DAY)
    asked: Any = {"trial_end": "now", "payment_behavior": "error_if_incomplete"}
    after = standin.api.subscriptions.update(subscription.id, asked)
    assert after.status == "active"
    assert invoice_of(standin.subscription(subscription.id)).amount_paid == 25000


def test_another_price_during_a_trial_costs_nothing_until_it_ends(standin: StandIn) -> None:
    subscription = standin.subscribed()
    later = period_of(subscription)[1] + 5 * DAY
    moved(standin, subscription, later)
    items = [{"id": subscription["items"].data[0].id, "price": standin.price(35000).id}]
    asked: Any = {"items": items, "proration_behavior": "always_invoice"}
    standin.api.subscriptions.update(subscription.id, asked)
    assert [one.total for one in standin.api.invoices.list().data] == [0, 25000]
    standin.move_to(later + 2 * HOUR)
    assert invoice_of(standin.subscription(subscription.id)).amount_paid == 35000


def test_a_renewal_is_announced_a_week_ahead_with_what_it_will_charge(standin: StandIn) -> None:
    subscription = standin.subscribed()
    end = period_of(subscription)[1]
    standin.move_to(end - 7 * DAY - 60)
    assert not told(standin, "invoice.upcoming")
    standin.move_to(end - 1)
    [event] = told(standin, "invoice.upcoming")
    assert event.created == end - 7 * DAY
    invoice: Any = event.data.object
    assert (invoice["amount_due"], invoice["next_payment_attempt"]) == (25000, end + HOUR)
    assert invoice["parent"]["subscription_details"]["subscription"] == subscription.id
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.invoices.retrieve(invoice["id"])
    standin.move_to(end + 30 * DAY)
    assert len(told(standin, "invoice.upcoming")) == 2


def test_no_renewal_is_announced_that_will_not_come(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    standin.move_to(period_of(subscription)[1] - DAY)
    assert not told(standin, "invoice.upcoming")
    standin.api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    standin.move_to(period_of(subscription)[1] - DAY + HOUR)
    assert len(told(standin, "invoice.upcoming")) == 1, "it will come after all"


def test_how_long_ahead_is_a_setting_of_the_account(tmp_path: Path, shop: Shop) -> None:
    standin = StandIn(tmp_path, shop, more=("--upcoming-days", "3"), webhook_url=shop.open())
    standin.start()
    subscription = standin.subscribed()
    end = period_of(subscription)[1]
    standin.move_to(end - 1)
    assert [event.created for event in told(standin, "invoice.upcoming")] == [end - 3 * DAY]
    assert standin.stop() == 0


def test_the_end_of_a_trial_is_told_three_days_before_or_at_once(standin: StandIn) -> None:
    subscription = standin.subscribed()
    later = period_of(subscription)[1] + 5 * DAY
    moved(standin, subscription, later)
    standin.move_to(later - 2 * DAY)
    assert [event.created for event in told(standin, "customer.subscription.trial_will_end")] == [later - 3 * DAY]
    moved(standin, subscription, later - DAY)
    standin.control("GET", "health")
    standin.move_to(standin.now() + 60)
    assert len(told(standin, "customer.subscription.trial_will_end")) == 2


def test_a_date_can_be_moved_while_collection_is_paused_but_nothing_is_charged_then(standin: StandIn) -> None:
    subscription = standin.subscribed()
    end = period_of(subscription)[1]
    skip: Any = {"pause_collection": {"behavior": "void", "resumes_at": end + 20 * DAY}}
    standin.api.subscriptions.update(subscription.id, skip)
    assert moved(standin, subscription, end + 5 * DAY).status == "trialing"
    over: Any = {"trial_end": "now"}
    with pytest.raises(stripe.InvalidRequestError, match="while collection is paused"):
        standin.api.subscriptions.update(subscription.id, over)
    assert standin.subscription(subscription.id).status == "trialing"


def test_a_subscription_begun_without_the_page_is_announced_as_well(standin: StandIn) -> None:
    customer = standin.api.customers.create({}).id
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    begun: Any = {"customer": customer, "items": [{"price": standin.price().id}], "default_payment_method": card}
    subscription = standin.api.subscriptions.create(begun)
    standin.move_to(period_of(subscription)[1] - DAY)
    assert len(told(standin, "invoice.upcoming")) == 1


def test_an_end_already_asked_for_moves_with_the_date(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    later = period_of(subscription)[1] + 5 * DAY
    assert moved(standin, subscription, later).cancel_at == later
    standin.move_to(later)
    ended = standin.subscription(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", later)
    assert [one.total for one in standin.api.invoices.list().data] == [0, 25000]
