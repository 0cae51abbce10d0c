"""What a merchant may do with an invoice, and what a pause waits for."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, FAILS_LATER, HOUR, StandIn, invoice_of, period_of


def draft_of(standin: StandIn, subscription: stripe.Subscription) -> str:
    assert set(standin.step()) == {"subscription renewed"}
    return str(invoice_of(standin.subscription(subscription.id)).id)


def open_of(standin: StandIn, subscription: stripe.Subscription) -> str:
    draft = draft_of(standin, subscription)
    assert standin.step() == ["invoice finalised"]
    return draft


def resuming(standin: StandIn, **asked: Any) -> tuple[stripe.Subscription, str]:
    """Somebody whose pause waits for an invoice."""
    subscription = standin.subscribed()
    standin.api.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    standin.move_to(standin.now() + 40 * DAY)
    standin.api.subscriptions.resume(subscription.id, asked)  # type: ignore[arg-type]
    waiting = standin.subscription(subscription.id)
    assert (waiting.status, invoice_of(waiting).status) == ("paused", "open")
    return waiting, str(invoice_of(waiting).id)


def test_a_hold_stops_a_draft_before_its_hour_is_over(standin: StandIn) -> None:
    subscription = standin.subscribed()
    draft = draft_of(standin, subscription)
    standin.api.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    held = standin.api.invoices.update(draft, {"auto_advance": False})
    assert (held.auto_advance, held.automatically_finalizes_at) == (False, None)
    assert standin.move_to(standin.now() + 2 * DAY) == []
    final = standin.api.invoices.finalize_invoice(draft, {"auto_advance": False})
    assert (final.status, final.next_payment_attempt) == ("open", None)
    assert standin.api.invoices.void_invoice(draft).status == "void"
    with pytest.raises(stripe.InvalidRequestError, match="voided"):
        standin.api.invoices.pay(draft)
    standin.settle()
    assert standin.shop.types().count("charge.succeeded") == 1


def test_a_hold_between_two_retries_ends_them(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    invoice = open_of(standin, subscription)
    standin.api.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    assert standin.api.invoices.retrieve(invoice).next_payment_attempt
    standin.api.invoices.void_invoice(invoice)
    assert standin.move_to(standin.now() + 30 * DAY) == []
    tie = standin.api.invoice_payments.list({"invoice": invoice}).data[0]
    assert tie.status == "canceled"
    assert standin.api.payment_intents.retrieve(str(tie.payment.payment_intent)).status == "canceled"


def test_a_pause_alone_does_not_stop_an_open_invoice(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    invoice = open_of(standin, subscription)
    standin.api.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    assert standin.step() == ["payment retried"]
    assert standin.api.invoices.retrieve(invoice).attempt_count == 2


def test_retries_can_be_stopped_and_begun_again(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    invoice = open_of(standin, subscription)
    assert standin.api.invoices.update(invoice, {"auto_advance": False}).next_payment_attempt is None
    assert standin.move_to(standin.now() + 5 * DAY) == []
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    standin.api.subscriptions.update(subscription.id, {"default_payment_method": card.id})
    standin.api.invoices.update(invoice, {"auto_advance": True})
    assert standin.step() == ["payment retried"]
    assert standin.api.invoices.retrieve(invoice).status == "paid"


def test_an_invoice_written_off_can_still_be_paid(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    invoice = open_of(standin, subscription)
    assert standin.api.invoices.mark_uncollectible(invoice).status == "uncollectible"
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    assert standin.api.invoices.pay(invoice, {"payment_method": card.id}).amount_paid == 25000
    with pytest.raises(stripe.InvalidRequestError, match="open invoices"):
        standin.api.invoices.mark_uncollectible(invoice)


def test_a_subscriptions_draft_is_not_deleted(standin: StandIn) -> None:
    subscription = standin.subscribed()
    draft = draft_of(standin, subscription)
    with pytest.raises(stripe.InvalidRequestError, match="created by subscriptions"):
        standin.api.invoices.delete(draft)
    with pytest.raises(stripe.InvalidRequestError, match="only delete draft"):
        standin.api.invoices.delete(str(subscription.latest_invoice))
    assert len(standin.api.invoices.list().data) == 2


def test_invoices_are_found_by_what_is_known_of_them(standin: StandIn) -> None:
    subscription, other = standin.subscribed(), standin.subscribed()
    draft = draft_of(standin, subscription)
    created = standin.api.invoices.retrieve(draft).created

    def ids(**asked: Any) -> set[str]:
        return {str(one.id) for one in standin.api.invoices.list(asked).data}  # type: ignore[arg-type]

    assert draft in ids(status="draft", subscription=subscription.id, customer=str(subscription.customer))
    assert ids(status="paid", subscription=subscription.id) == {str(subscription.latest_invoice)}
    assert draft not in ids(customer=str(other.customer))
    assert draft in ids(created={"gte": created})
    assert draft not in ids(created={"lt": created})


def test_a_lost_answer_to_a_payment_is_not_a_second_charge(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    invoice = open_of(standin, subscription)
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    standin.trouble("timeout", method="POST", path=f"/v1/invoices/{invoice}/pay")
    paid = standin.api.invoices.pay(invoice, {"payment_method": card.id}, {"idempotency_key": "pay:1"})
    assert paid.status == "paid"
    standin.settle()
    assert standin.shop.types().count("charge.succeeded") == 2


def test_a_voided_resumption_leaves_the_pause_and_it_can_be_ended_again(standin: StandIn) -> None:
    waiting, invoice = resuming(standin)
    with pytest.raises(stripe.InvalidRequestError, match="being resumed already"):
        standin.api.subscriptions.resume(waiting.id)
    standin.api.invoices.void_invoice(invoice)
    assert standin.subscription(waiting.id).status == "paused"
    back = standin.api.subscriptions.resume(waiting.id, {"payment_behavior": "resume_on_payment_success"})
    assert back.status == "active"
    standin.settle()
    assert standin.shop.types().count("charge.succeeded") == 2


def test_a_resumption_nobody_tries_to_pay_is_voided_after_23_hours(standin: StandIn) -> None:
    waiting, invoice = resuming(standin)
    assert standin.move_to(standin.now() + 22 * HOUR) == []
    assert standin.step() == ["resumption expired"]
    assert standin.api.invoices.retrieve(invoice).status == "void"
    assert standin.subscription(waiting.id).status == "paused"


def test_a_resumption_written_off_ends_the_pause(standin: StandIn) -> None:
    waiting, invoice = resuming(standin)
    standin.api.invoices.mark_uncollectible(invoice)
    assert standin.subscription(waiting.id).status == "active"
    assert period_of(standin.subscription(waiting.id))[0] >= standin.now() - 60


def test_a_resumption_that_is_declined_stays_paused_until_it_is_paid(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    standin.api.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    standin.api.subscriptions.resume(subscription.id, {"payment_behavior": "resume_on_payment_success"})
    declined = standin.subscription(subscription.id)
    assert (declined.status, invoice_of(declined).attempt_count) == ("paused", 1)
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    standin.api.invoices.pay(str(invoice_of(declined).id), {"payment_method": card.id})
    assert standin.subscription(subscription.id).status == "active"
