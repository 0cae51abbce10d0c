"""Another card, saved on the hosted page without a charge."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.harness import ASKS, DECLINED, WORKS, StandIn


def test_a_saved_card_becomes_the_one_that_is_charged_once_the_shop_says_so(standin: StandIn) -> None:
    subscription = standin.subscribed()
    session = standin.setup(str(subscription.customer))
    status, html = standin.page(str(session.url))
    assert status == 200
    assert "Save a card" in html
    assert "$" not in html
    assert standin.press(session, card=WORKS) == (303, f"http://localhost:1/done?session={session.id}")
    done = standin.api.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert (done.status, done.client_reference_id, done.url) == ("complete", "m-1", None)
    intent = done.setup_intent
    assert isinstance(intent, stripe.SetupIntent)
    assert intent.metadata
    assert (intent.status, intent.metadata["membership"]) == ("succeeded", "m-1")
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    assert intent.payment_method.customer == subscription.customer
    before = standin.subscription(subscription.id)
    assert before.default_payment_method == subscription.default_payment_method, "saving alone changes nothing"
    asked = {"default_payment_method": intent.payment_method.id}
    standin.api.subscriptions.update(subscription.id, asked)  # type: ignore[arg-type]
    cards = standin.api.payment_methods.list({"customer": str(subscription.customer)}).data
    assert [card.id for card in cards] == [intent.payment_method.id, subscription.default_payment_method]
    assert len(standin.api.invoices.list().data) == 1
    standin.settle()
    types = standin.shop.types()
    assert types.count("setup_intent.succeeded") == types.count("setup_intent.created") == 1
    assert types.count("charge.succeeded") == 1


def test_a_card_that_is_declined_is_not_saved_and_another_may_be(standin: StandIn) -> None:
    customer = standin.api.customers.create({})
    session = standin.setup(customer.id)
    assert standin.press(session, card=DECLINED)[1].endswith("?problem=declined")
    assert not standin.api.payment_methods.list({"customer": customer.id}).data
    intent = standin.api.setup_intents.retrieve(str(session.setup_intent))
    assert intent.last_setup_error
    assert (intent.status, intent.last_setup_error.code) == ("requires_payment_method", "card_declined")
    assert standin.press(session, card=ASKS) == (303, f"/c/pay/{session.id}/authenticate")
    assert "Saving this card" in standin.page(f"/c/pay/{session.id}/authenticate")[1]
    assert standin.press(session, "/authenticate", outcome="fail")[1].endswith("?problem=authentication")
    assert standin.press(session, "/authenticate", outcome="approve")[1].startswith("http://localhost:1/done")
    assert standin.press(session, card=WORKS)[1].startswith("http://localhost:1/done")
    assert len(standin.api.payment_methods.list({"customer": customer.id}).data) == 1, "pressing twice saves once"


def test_a_page_left_alone_saves_nothing(standin: StandIn) -> None:
    session = standin.setup(standin.api.customers.create({}).id)
    standin.move_to(session.expires_at)
    assert standin.press(session, card=WORKS)[0] == 410
    assert standin.api.setup_intents.retrieve(str(session.setup_intent)).status == "canceled"


@pytest.mark.parametrize(
    "more", [{"line_items": [{"price": "price_x", "quantity": 1}]}, {"allow_promotion_codes": True}]
)
def test_what_belongs_to_a_purchase_is_refused_when_a_card_is_saved(standin: StandIn, more: dict[str, object]) -> None:
    customer = standin.api.customers.create({}).id
    with pytest.raises(stripe.InvalidRequestError, match="in `setup` mode"):
        standin.setup(customer, **more)


def test_a_detached_card_is_no_longer_charged(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.api.payment_methods.detach(str(subscription.default_payment_method))
    assert standin.subscription(subscription.id).default_payment_method is None
    assert not standin.api.payment_methods.list({"customer": str(subscription.customer)}).data
    standin.step()
    standin.step()
    assert standin.subscription(subscription.id).status == "past_due"
    standin.settle()
    assert "payment_method.detached" in standin.shop.types()
