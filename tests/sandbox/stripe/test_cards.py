"""Cards that run out, and those a bank renews by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, HOUR, START, StandIn, invoice_of

EXPIRING = "4242424242424242-expiring"


def card_of(standin: StandIn, subscription: stripe.Subscription) -> stripe.PaymentMethod:
    return standin.api.payment_methods.retrieve(str(subscription.default_payment_method))


def printed(card: stripe.PaymentMethod) -> tuple[int, int]:
    assert card.card
    return card.card.exp_year, card.card.exp_month


def test_a_card_is_good_through_its_month_and_not_a_day_longer(standin: StandIn) -> None:
    subscription = standin.subscribed(EXPIRING)
    started = datetime.fromtimestamp(START, UTC)
    assert printed(card_of(standin, subscription)) == (started.year, started.month)
    customer = str(subscription.customer)
    standin.control(
        "POST", "cards", {"payment_method": str(subscription.default_payment_method), "exp_month": 2, "exp_year": 2027}
    )
    assert printed(card_of(standin, subscription)) == (2027, 2)
    standin.move_to(int(datetime(2027, 2, 28, 23, 0, tzinfo=UTC).timestamp()))
    paid = invoice_of(standin.subscription(subscription.id))
    assert (paid.status, paid.billing_reason) == ("paid", "subscription_cycle")

    standin.move_to(int(datetime(2027, 3, 31, 23, 0, tzinfo=UTC).timestamp()))
    late = standin.subscription(subscription.id)
    assert (late.status, invoice_of(late).status) == ("past_due", "open")
    with pytest.raises(stripe.CardError) as refused:
        standin.api.invoices.pay(str(invoice_of(late).id))
    assert refused.value.error
    assert (refused.value.code, refused.value.error.decline_code) == ("expired_card", "expired_card")
    fresh = standin.api.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert standin.api.invoices.pay(str(invoice_of(late).id), {"payment_method": fresh.id}).status == "paid"


def test_the_network_renews_a_card_in_time_on_demand(standin: StandIn) -> None:
    subscription = standin.subscribed(EXPIRING)
    standin.control("POST", "cards", {"payment_method": str(subscription.default_payment_method)})
    assert printed(card_of(standin, subscription))[0] == datetime.fromtimestamp(START, UTC).year + 4
    standin.move_to(START + 29 * DAY)
    assert standin.subscription(subscription.id).status == "active"
    standin.settle()
    [told] = [event for event in standin.shop.events() if event.type == "payment_method.automatically_updated"]
    assert told.data.object["id"] == subscription.default_payment_method
    assert not [event for event in standin.shop.events() if event.type == "payment_method.updated"]


def test_the_network_renews_a_card_at_the_very_charge_that_would_fail(standin: StandIn) -> None:
    saved, lost = standin.subscribed(EXPIRING), standin.subscribed(EXPIRING)
    standin.trouble("card_update", customer=str(saved.customer))
    standin.move_to(START + 29 * DAY)
    assert standin.subscription(saved.id).status == "active"
    assert standin.subscription(lost.id).status == "past_due"


def test_a_card_that_asks_always_cannot_pay_alone_but_on_the_page_it_can(standin: StandIn) -> None:
    subscription = standin.subscribed()
    asks = standin.api.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": str(subscription.customer)}
    )
    standin.api.subscriptions.update(subscription.id, {"default_payment_method": asks.id})
    standin.move_to(START + 28 * DAY + 2 * HOUR)
    assert standin.subscription(subscription.id).status == "past_due"
    standin.settle()
    assert standin.shop.types().count("invoice.payment_action_required") == 1
