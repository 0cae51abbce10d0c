"""The customer portal: a page where a card is changed and a subscription ended."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from tests.sandbox.stripe.harness import DECLINED, HOUR, WORKS, StandIn, period_of


def opened(standin: StandIn, subscription: stripe.Subscription, **more: Any) -> str:
    asked: Any = {"customer": str(subscription.customer), "return_url": "http://localhost:1/account", **more}
    return urlsplit(standin.api.billing_portal.sessions.create(asked).url).path


def press(standin: StandIn, path: str, **sent: str) -> tuple[int, str]:
    status, _, location = standin.http("POST", path, urlencode(sent), form=True)
    return status, location


def test_a_card_chosen_in_the_portal_is_the_one_charged_next(standin: StandIn) -> None:
    subscription = standin.subscribed()
    path = opened(standin, subscription)
    status, html = standin.page(path)
    assert status == 200
    assert "Monthly plan: $250.00 per month" in html
    assert "http://localhost:1/account" in html
    assert press(standin, f"{path}/card", card=WORKS) == (303, path)
    after = standin.subscription(subscription.id)
    assert after.default_payment_method != subscription.default_payment_method
    customer = standin.api.customers.retrieve(str(subscription.customer))
    assert customer.invoice_settings
    assert customer.invoice_settings.default_payment_method == after.default_payment_method
    standin.settle()
    assert "customer.updated" in standin.shop.types()
    assert press(standin, f"{path}/card", card=DECLINED) == (303, f"{path}?problem=declined")
    assert "was declined" in standin.http("GET", f"{path}?problem=declined")[1]
    assert standin.subscription(subscription.id).default_payment_method == after.default_payment_method


def test_an_end_in_the_portal_comes_with_the_period_and_can_be_undone(standin: StandIn) -> None:
    subscription = standin.subscribed()
    path = opened(standin, subscription)
    press(standin, f"{path}/end", subscription=subscription.id)
    ending = standin.subscription(subscription.id)
    assert (ending.status, ending.cancel_at) == ("active", period_of(subscription)[1])
    assert "Do not cancel" in standin.page(path)[1]
    press(standin, f"{path}/keep", subscription=subscription.id)
    assert standin.subscription(subscription.id).cancel_at is None
    assert "Cancel the subscription" in standin.page(path)[1]


def test_what_the_configuration_does_not_allow_is_neither_shown_nor_done(standin: StandIn) -> None:
    subscription = standin.subscribed()
    asked: Any = {"features": {"payment_method_update": {"enabled": True}}}
    cards_only = standin.api.billing_portal.configurations.create(asked)
    path = opened(standin, subscription, configuration=cards_only.id)
    assert "Cancel" not in standin.page(path)[1]
    press(standin, f"{path}/end", subscription=subscription.id)
    assert standin.subscription(subscription.id).cancel_at is None

    asked = {"features": {"subscription_cancel": {"enabled": True, "mode": "immediately"}}}
    ends_only = standin.api.billing_portal.configurations.create(asked)
    path = opened(standin, subscription, configuration=ends_only.id)
    assert "test card" not in standin.page(path)[1]
    press(standin, f"{path}/card", card=WORKS)
    assert standin.subscription(subscription.id).default_payment_method == subscription.default_payment_method
    press(standin, f"{path}/end", subscription=subscription.id)
    assert standin.subscription(subscription.id).status == "canceled"
    standin.api.billing_portal.configurations.update(ends_only.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        opened(standin, subscription, configuration=ends_only.id)


def test_nobody_ends_somebody_elses_subscription(standin: StandIn) -> None:
    mine, theirs = standin.subscribed(), standin.subscribed()
    path = opened(standin, mine)
    press(standin, f"{path}/end", subscription=theirs.id)
    assert standin.subscription(theirs.id).cancel_at is None


def test_the_address_is_good_for_an_hour(standin: StandIn) -> None:
    subscription = standin.subscribed()
    path = opened(standin, subscription)
    standin.move_to(standin.now() + HOUR)
    assert standin.page(path)[0] == 410
    assert press(standin, f"{path}/end", subscription=subscription.id) == (410, "")
    assert standin.subscription(subscription.id).cancel_at is None
    assert standin.page("/c/portal/bps_none")[0] == 404


def test_an_address_to_go_back_to_is_one_a_browser_opens(standin: StandIn) -> None:
    subscription = standin.subscribed()
    with pytest.raises(stripe.InvalidRequestError, match="URL"):
        opened(standin, subscription, return_url="javascript:alert(1)")
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        opened(standin, subscription, flow_data={"type": "subscription_cancel"})
    assert opened(standin, subscription) != opened(standin, subscription)
    assert len(standin.api.billing_portal.configurations.list({"is_default": True}).data) == 1
