"""Paying on the hosted page."""

from __future__ import annotations

import json

import pytest
import stripe

from tests.sandbox.stripe.harness import ASKS, DAY, DECLINED, HOUR, KEY, START, WORKS, StandIn, invoice_of, period_of


def test_a_paid_checkout_becomes_an_active_subscription_and_tells_so(standin: StandIn) -> None:
    session = standin.session(client_reference_id="m-1")
    status, html = standin.page(str(session.url))
    assert status == 200
    assert "Monthly plan" in html
    assert "$250.00" in html
    assert "http://localhost:1/back" in html
    assert "<script" not in html
    assert " style=" not in html

    assert standin.press(session, card=WORKS) == (303, f"http://localhost:1/done?session={session.id}")
    paid = standin.api.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    subscription = standin.subscription(str(paid.subscription))
    assert subscription.status == "active"
    assert subscription.metadata["membership"] == "m-1"
    assert subscription.billing_mode.type == "flexible"
    invoice = invoice_of(subscription)
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ("paid", 25000, "subscription_create")
    assert invoice.payments
    assert invoice.payments.data[0].status == "paid"

    standin.settle()
    types = standin.shop.types()
    for one in ("customer.created", "customer.subscription.created", "invoice.created", "invoice.finalized"):
        assert one in types
    for one in ("charge.succeeded", "payment_intent.succeeded", "invoice.paid", "checkout.session.completed"):
        assert types.count(one) == 1


def test_the_bodies_of_webhooks_are_what_the_list_of_events_says(standin: StandIn) -> None:
    standin.subscribed()
    standin.settle()
    told = {json.loads(body)["id"]: json.loads(body)["data"] for body, _ in standin.shop.heard}
    listed = {event.id: event for event in standin.api.events.list().auto_paging_iter()}
    assert told.keys() == listed.keys()
    for identifier, event in listed.items():
        assert event.data.object.to_dict(for_json=True) == told[identifier]["object"]


def test_a_declined_card_charges_nothing_and_leaves_the_page_open(standin: StandIn) -> None:
    session = standin.session()
    status, location = standin.press(session, card=DECLINED)
    assert (status, location) == (303, f"/c/pay/{session.id}?problem=declined")
    _, html, _ = standin.http("GET", location)
    assert "Nothing was charged" in html
    assert "<title>Error: " in html
    assert not standin.api.subscriptions.list().data
    assert standin.press(session, card=WORKS)[1].startswith("http://localhost:1/done")


def test_a_bank_that_asks_first_may_be_answered_no_and_then_yes(standin: StandIn) -> None:
    session = standin.session()
    assert standin.press(session, card=ASKS) == (303, f"/c/pay/{session.id}/authenticate")
    status, html = standin.page(f"/c/pay/{session.id}/authenticate")
    assert status == 200
    assert "Approve the payment" in html
    assert standin.press(session, "/authenticate", outcome="fail")[1].endswith("?problem=authentication")
    assert not standin.api.subscriptions.list().data
    assert standin.press(session, "/authenticate", outcome="approve")[1].startswith("http://localhost:1/done")
    assert len(standin.api.subscriptions.list().data) == 1


def test_pressing_twice_pays_once(standin: StandIn) -> None:
    session = standin.session()
    assert standin.press(session, card=WORKS) == standin.press(session, card=WORKS)
    assert len(standin.api.invoices.list().data) == 1


def test_a_checkout_without_a_customer_makes_one(standin: StandIn) -> None:
    session = standin.api.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer_email": "new@example.test",
            "line_items": [{"price": standin.price().id, "quantity": 1}],
            "success_url": "http://localhost:1/done",
        }
    )
    standin.press(session, card=WORKS)
    assert [one.email for one in standin.api.customers.list().data] == ["new@example.test"]


def test_a_page_nobody_pays_on_expires_after_a_day_or_on_request(standin: StandIn) -> None:
    first, second = standin.session(), standin.session()
    assert standin.api.checkout.sessions.expire(first.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.checkout.sessions.expire(first.id)
    assert standin.move_to(second.expires_at - 60) == []
    assert standin.move_to(second.expires_at) == ["checkout expired"]
    status, html = standin.page(f"/c/pay/{second.id}")
    assert status == 410
    assert "Nothing was charged" in html
    assert standin.press(second, card=WORKS)[0] == 410
    standin.settle()
    assert standin.shop.types().count("checkout.session.expired") == 2
    assert first.expires_at - first.created == DAY


def test_an_address_with_markup_in_it_stays_an_address(standin: StandIn) -> None:
    customer = standin.api.customers.create({"email": '<b>"x@example.test'})
    session = standin.session(customer, cancel_url="javascript:alert(1)")
    _, html = standin.page(str(session.url))
    assert "<b>" not in html
    assert "javascript:" not in html


def test_the_stand_in_knows_its_key_and_its_version(standin: StandIn) -> None:
    base = standin.base()
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_test_other", base_addresses=base).v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="API version"):
        stripe.StripeClient(KEY, base_addresses=base, stripe_version="2020-08-27").v1.customers.list()


def test_unknown_parameters_are_refused_by_name(standin: StandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.session(payment_method_types=["card"])
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "payment_method_types")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.session(subscription_data={"diagnosis": "x"})
    assert refused.value.param == "subscription_data[diagnosis]"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        standin.session(expires_at=START + 25 * HOUR * 2)
    assert refused.value.param == "expires_at"


def test_a_period_is_found_on_the_items(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, end = period_of(subscription)
    assert START <= start < START + 60
    assert end == start + 28 * DAY  # 31 January to 28 February
    assert not hasattr(subscription, "current_period_end")
