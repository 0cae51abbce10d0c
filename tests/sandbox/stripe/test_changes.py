"""Ending, pausing, and giving money back."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, HOUR, StandIn, invoice_of, period_of


def test_an_end_at_the_periods_end_can_be_undone_until_then(standin: StandIn) -> None:
    subscription = standin.subscribed()
    ending = standin.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at) == ("active", period_of(subscription)[1])
    undone = standin.api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (undone.cancel_at, undone.canceled_at) == (None, None)
    standin.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert standin.step() == ["subscription ended"]
    ended = standin.subscription(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", period_of(subscription)[1])
    assert len(standin.api.invoices.list().data) == 1
    standin.settle()
    updated = [event for event in standin.shop.events() if event.type == "customer.subscription.updated"]
    assert updated[0].data.previous_attributes
    assert updated[0].data.previous_attributes["cancel_at_period_end"] is False


def test_an_end_now_gives_nothing_back_by_itself(standin: StandIn) -> None:
    subscription = standin.subscribed()
    ended = standin.api.subscriptions.cancel(
        subscription.id, {"prorate": False, "cancellation_details": {"feedback": "unused"}}
    )
    assert ended.status == "canceled"
    assert ended.cancellation_details
    assert ended.cancellation_details.feedback == "unused"
    assert not standin.api.refunds.list().data
    assert standin.api.subscriptions.list().data == []
    assert len(standin.api.subscriptions.list({"status": "all"}).data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.subscriptions.cancel(subscription.id)
    assert standin.move_to(standin.now() + 40 * DAY) == []


def test_more_is_never_given_back_than_was_taken(standin: StandIn) -> None:
    subscription = standin.subscribed()
    tie = standin.api.invoice_payments.list(
        {"invoice": str(subscription.latest_invoice), "expand": ["data.payment.payment_intent"]}
    ).data[0]
    intent = tie.payment.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    part = standin.api.refunds.create({"payment_intent": intent.id, "amount": 10000})
    assert part.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        standin.api.refunds.create({"payment_intent": intent.id, "amount": 15001})
    assert standin.api.refunds.create({"payment_intent": intent.id}).amount == 15000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.api.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    charge = standin.api.charges.retrieve(str(intent.latest_charge))
    assert (charge.refunded, charge.amount_refunded) == (True, 25000)


def test_a_clinical_pause_stops_renewals_and_a_resume_begins_anew_once_paid(standin: StandIn) -> None:
    subscription = standin.subscribed()
    paused = standin.api.subscriptions.pause(
        subscription.id, {"type": "subscription", "bill_for": {"unused_time_from": {"type": "none"}}}
    )
    assert paused.status == "paused"
    assert paused.status_details
    assert paused.status_details.paused.subscription.type == "pause_requested"
    assert standin.move_to(standin.now() + 70 * DAY) == []
    resumed = standin.api.subscriptions.resume(
        subscription.id, {"payment_behavior": "resume_on_payment_success", "billing_cycle_anchor": {"type": "now"}}
    )
    assert resumed.status == "active"
    assert period_of(resumed)[0] >= standin.now() - 60
    assert invoice_of(standin.subscription(subscription.id)).amount_paid == 25000
    standin.settle()
    types = standin.shop.types()
    assert types.count("customer.subscription.paused") == types.count("customer.subscription.resumed") == 1


def test_by_default_unused_time_is_credited_and_resuming_waits_for_the_payment(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, end = period_of(subscription)
    standin.move_to(start + 14 * DAY)  # half of the 28 days
    standin.api.subscriptions.pause(subscription.id)
    still = standin.api.subscriptions.resume(subscription.id)
    assert still.status == "paused"
    invoice = invoice_of(standin.subscription(subscription.id))
    assert invoice.status == "open"
    assert 12490 <= invoice.amount_due <= 12510
    standin.api.invoices.pay(str(invoice.id))
    back = standin.subscription(subscription.id)
    assert back.status == "active"
    assert period_of(back)[1] > end


def test_a_resume_in_the_old_rhythm_needs_no_payment(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.api.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    back = standin.api.subscriptions.resume(
        subscription.id, {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "none"}
    )
    assert back.status == "active"
    assert period_of(back) == period_of(subscription)
    assert len(standin.api.invoices.list().data) == 1


def test_a_skipped_month_is_renewed_but_not_collected(standin: StandIn) -> None:
    subscription = standin.subscribed()
    end = period_of(subscription)[1]
    resumes_at = end + 2 * DAY
    standin.api.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}}
    )
    standin.move_to(end + 2 * HOUR)
    skipped = standin.subscription(subscription.id)
    assert skipped.status == "active"
    assert invoice_of(skipped).status == "void"
    standin.move_to(resumes_at)
    assert standin.subscription(subscription.id).pause_collection is None


def test_what_stripe_can_and_the_stand_in_cannot_is_said_aloud(standin: StandIn) -> None:
    subscription = standin.subscribed()
    with pytest.raises(stripe.StripeError, match="stand-in does not do prorate"):
        standin.api.subscriptions.cancel(subscription.id, {"prorate": True})
    assert standin.subscription(subscription.id).status == "active"


def test_a_lookup_key_belongs_to_one_price(standin: StandIn) -> None:
    price = standin.price()
    again = {"currency": "usd", "product": str(price.product), "unit_amount": 30000, "lookup_key": "monthly_25000"}
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        standin.api.prices.create(again)  # type: ignore[arg-type]
    moved = standin.api.prices.create({**again, "transfer_lookup_key": True})  # type: ignore[typeddict-item]
    assert [one.id for one in standin.api.prices.list({"lookup_keys": ["monthly_25000"]}).data] == [moved.id]


def test_lists_come_a_page_at_a_time(standin: StandIn) -> None:
    made = [standin.api.customers.create({"name": f"Person {number}"}).id for number in range(5)]
    first = standin.api.customers.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (made[:2:-1], True)
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.customers.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        standin.api.customers.list({"expand": ["data.a.b.c.d"]})
