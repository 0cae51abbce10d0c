"""Customers who live by a clock of their own."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, HOUR, START, StandIn, invoice_of, period_of

#: Another year than everybody's: 2030-01-31 12:00 UTC.
THERE = START + 3 * 365 * DAY + DAY


def clock(standin: StandIn) -> stripe.test_helpers.TestClock:
    return standin.api.test_helpers.test_clocks.create({"frozen_time": THERE, "name": "a year"})


def member(standin: StandIn, at: stripe.test_helpers.TestClock, token: str = "pm_card_visa") -> stripe.Subscription:
    customer = standin.api.customers.create({"test_clock": at.id})
    card = standin.api.payment_methods.attach(token, {"customer": customer.id})
    asked: Any = {"customer": customer.id, "items": [{"price": standin.price().id}], "default_payment_method": card.id}
    return standin.api.subscriptions.create(asked)


def advanced(standin: StandIn, at: stripe.test_helpers.TestClock, to: int) -> stripe.test_helpers.TestClock:
    began = standin.api.test_helpers.test_clocks.advance(at.id, {"frozen_time": to})
    assert (began.status, began.frozen_time) == ("advancing", at.frozen_time)
    assert began.status_details.advancing
    assert began.status_details.advancing.target_frozen_time == to
    ready = standin.api.test_helpers.test_clocks.retrieve(at.id)
    assert (ready.status, ready.frozen_time) == ("ready", to)
    return ready


def test_a_subscription_lives_by_its_customers_clock_and_not_by_everybodys(standin: StandIn) -> None:
    at = clock(standin)
    theirs, ours = member(standin, at), standin.subscribed()
    assert theirs.status == "active"
    assert theirs.test_clock == at.id
    assert theirs.created == THERE
    assert period_of(theirs)[0] == THERE
    assert invoice_of(standin.subscription(theirs.id)).created == THERE

    standin.move_to(START + 40 * DAY)  # everybody's time: theirs stands still
    assert len(standin.api.invoices.list({"subscription": theirs.id}).data) == 1
    assert len(standin.api.invoices.list({"subscription": ours.id}).data) == 2

    end = period_of(theirs)[1]
    at = advanced(standin, at, end)
    draft = invoice_of(standin.subscription(theirs.id))
    assert (draft.status, draft.created, draft.test_clock) == ("draft", end, at.id)
    advanced(standin, at, end + 2 * HOUR)
    assert invoice_of(standin.subscription(theirs.id)).status == "paid"
    assert len(standin.api.invoices.list({"subscription": ours.id}).data) == 2
    standin.settle()
    types = standin.shop.types()
    assert types.count("test_helpers.test_clock.advancing") == types.count("test_helpers.test_clock.ready") == 2
    assert types.count("test_helpers.test_clock.created") == 1


def test_a_card_that_fails_is_retried_by_that_clock_to_the_end(standin: StandIn) -> None:
    at = clock(standin)
    # 0341 pays the first time here; at Stripe it would not, so there the first charge is another card's.
    theirs = member(standin, at)
    fails = standin.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": str(theirs.customer)})
    standin.api.subscriptions.update(theirs.id, {"default_payment_method": fails.id})
    at = advanced(standin, at, period_of(theirs)[1] + 2 * HOUR)
    assert standin.subscription(theirs.id).status == "past_due"
    advanced(standin, at, at.frozen_time + 20 * DAY)
    ended = standin.subscription(theirs.id)
    assert ended.status == "canceled"
    assert ended.ended_at == period_of(theirs)[1] + HOUR + 14 * DAY


def test_a_clock_only_goes_forward_and_not_too_far(standin: StandIn) -> None:
    at = clock(standin)
    member(standin, at)
    for wrong in (THERE, THERE - DAY, THERE + 63 * DAY):
        with pytest.raises(stripe.InvalidRequestError):
            standin.api.test_helpers.test_clocks.advance(at.id, {"frozen_time": wrong})
    assert standin.api.test_helpers.test_clocks.retrieve(at.id).frozen_time == THERE


def test_a_clock_takes_three_customers_and_takes_them_along_when_it_goes(standin: StandIn) -> None:
    at = clock(standin)
    theirs = [member(standin, at) for _ in range(3)]
    with pytest.raises(stripe.InvalidRequestError, match="3 customers"):
        standin.api.customers.create({"test_clock": at.id})
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.customers.create({"test_clock": "clock_nobody"})
    ours = standin.subscribed()
    assert standin.api.test_helpers.test_clocks.delete(at.id).deleted
    assert [one.id for one in standin.api.subscriptions.list().data] == [ours.id]
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.customers.retrieve(str(theirs[0].customer))
    assert not standin.api.test_helpers.test_clocks.list().data
    assert standin.control("GET", "next-due")["at"] is not None


def test_a_first_payment_that_fails_is_incomplete_and_ends_after_a_day(standin: StandIn) -> None:
    at = clock(standin)
    theirs = member(standin, at, "pm_card_authenticationRequired")
    assert theirs.status == "incomplete"
    invoice = str(theirs.latest_invoice)
    standin.settle()
    assert standin.shop.types().count("invoice.payment_action_required") == 1
    with pytest.raises(stripe.CardError):
        standin.api.subscriptions.create(
            {
                "customer": str(theirs.customer),
                "items": [{"price": standin.price().id}],
                "default_payment_method": str(theirs.default_payment_method),
                "payment_behavior": "error_if_incomplete",
            }
        )
    assert len(standin.api.subscriptions.list({"customer": str(theirs.customer), "status": "all"}).data) == 1
    advanced(standin, at, THERE + DAY)
    assert standin.api.subscriptions.retrieve(theirs.id).status == "incomplete_expired"
    assert standin.api.invoices.retrieve(invoice).status == "void"
