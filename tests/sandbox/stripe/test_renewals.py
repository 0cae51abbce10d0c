"""What happens by itself when time passes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import stripe

from service.sandbox.stripe.months import moment_after, period_containing
from tests.sandbox.stripe.harness import DAY, FAILS_LATER, HOUR, Shop, StandIn, invoice_of, period_of


def test_a_renewal_is_a_draft_for_an_hour_and_then_paid(standin: StandIn) -> None:
    subscription = standin.subscribed()
    assert standin.step() == ["subscription renewed"]
    draft = invoice_of(standin.subscription(subscription.id))
    assert (draft.status, draft.billing_reason, draft.amount_due) == ("draft", "subscription_cycle", 25000)
    assert draft.automatically_finalizes_at == draft.created + HOUR
    assert draft.parent
    assert draft.parent.subscription_details
    assert draft.parent.subscription_details.subscription == subscription.id
    assert not hasattr(draft, "subscription")

    standin.settle()
    created = [event for event in standin.shop.events() if event.type == "invoice.created"][-1]
    assert created.data.object["status"] == "draft"

    assert standin.step() == ["invoice finalised"]
    paid = invoice_of(standin.subscription(subscription.id))
    assert (paid.id, paid.status, paid.amount_remaining) == (draft.id, "paid", 0)
    assert standin.subscription(subscription.id).status == "active"
    standin.settle()
    assert standin.shop.types().count("charge.succeeded") == 2  # the first month, and this one: the bank is asked once


def test_each_month_end_is_counted_from_the_first_day(standin: StandIn) -> None:
    subscription = standin.subscribed()
    ends = []
    for _ in range(4):
        ends.append(datetime.fromtimestamp(period_of(standin.subscription(subscription.id))[1], UTC))
        standin.move_to(int(ends[-1].timestamp()) + 2 * HOUR)
    assert [(end.month, end.day) for end in ends] == [(2, 28), (3, 31), (4, 30), (5, 31)]
    assert len(standin.api.invoices.list({"subscription": subscription.id, "status": "paid"}).data) == 5


@pytest.mark.parametrize(
    ("anchor", "number", "expected"),
    [
        ("2027-01-31T12:00", 1, "2027-02-28T12:00"),
        ("2027-01-31T12:00", 2, "2027-03-31T12:00"),
        ("2028-01-30T00:00", 1, "2028-02-29T00:00"),
        ("2026-12-15T23:59", 1, "2027-01-15T23:59"),
        ("2026-11-30T08:00", 3, "2027-02-28T08:00"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(anchor: str, number: int, expected: str) -> None:
    def moment(words: str) -> int:
        return int(datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp())

    end = moment_after(moment(anchor), "month", 1, number)
    assert end == moment(expected)
    assert period_containing(moment(anchor), "month", 1, end - 1)[1] == end
    assert period_containing(moment(anchor), "month", 1, end)[0] == end


def test_a_failed_renewal_is_past_due_retried_and_in_the_end_canceled(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    standin.step()
    standin.step()
    late = standin.subscription(subscription.id)
    invoice = invoice_of(late)
    assert (late.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert invoice.next_payment_attempt
    first_failure = invoice.next_payment_attempt - DAY

    assert [standin.step() for _ in range(8)] == [["payment retried"]] * 8
    ended = standin.subscription(subscription.id)
    assert ended.status == "canceled"
    assert ended.cancellation_details
    assert ended.cancellation_details.reason == "payment_failed"
    assert ended.ended_at == first_failure + 14 * DAY
    assert invoice_of(ended).next_payment_attempt is None
    standin.settle()
    types = standin.shop.types()
    assert types.count("invoice.payment_failed") == 9
    assert types.count("customer.subscription.deleted") == 1


def test_an_account_may_leave_it_unpaid_instead(tmp_path: Path, shop: Shop) -> None:
    standin = StandIn(tmp_path, shop, more=("--dunning-ends-in", "unpaid"), webhook_url=shop.open())
    standin.start()
    subscription = standin.subscribed(FAILS_LATER)
    for _ in range(10):
        standin.step()
    assert standin.subscription(subscription.id).status == "unpaid"
    assert standin.step() == ["subscription renewed"]
    kept = invoice_of(standin.subscription(subscription.id))
    assert (kept.status, kept.auto_advance) == ("draft", False)
    assert standin.stop() == 0


def test_a_new_card_brings_a_late_subscription_back(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    standin.step()
    standin.step()
    invoice = invoice_of(standin.subscription(subscription.id))
    with pytest.raises(stripe.CardError) as refused:
        standin.api.invoices.pay(str(invoice.id))
    assert refused.value.error
    assert (refused.value.code, refused.value.error.decline_code) == ("card_declined", "insufficient_funds")
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    paid = standin.api.invoices.pay(str(invoice.id), {"payment_method": card.id})
    assert paid.status == "paid"
    assert standin.subscription(subscription.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        standin.api.invoices.pay(str(invoice.id))


def test_a_renewal_that_the_bank_wants_confirmed_says_so(standin: StandIn) -> None:
    subscription = standin.subscribed()
    card = standin.api.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": str(subscription.customer)}
    )
    standin.api.subscriptions.update(subscription.id, {"default_payment_method": card.id})
    standin.step()
    standin.step()
    assert standin.subscription(subscription.id).status == "past_due"
    standin.settle()
    assert "invoice.payment_action_required" in standin.shop.types()


def test_what_was_paid_late_is_never_tried_again(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    while "invoice finalised" not in standin.step():
        pass
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    invoice = str(invoice_of(standin.subscription(subscription.id)).id)
    standin.api.invoices.pay(invoice, {"payment_method": card.id})
    standin.api.subscriptions.update(subscription.id, {"default_payment_method": card.id})
    standin.move_to(standin.now() + 10 * DAY)
    standin.settle()
    assert standin.shop.types().count("charge.succeeded") == 2
    assert standin.shop.types().count("invoice.payment_failed") == 1


def test_time_never_runs_backwards(standin: StandIn) -> None:
    now = standin.now()
    status, answer, _ = standin.http("POST", "/_standin/clock", f'{{"now": {now - HOUR}}}')
    assert status == 400
    assert "forward" in answer
    standin.move_to(now + DAY)
    assert 0 <= standin.now() - now - DAY < 60


def test_a_drafted_renewal_can_be_stopped_before_it_is_charged(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.step()
    draft = invoice_of(standin.subscription(subscription.id))
    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        standin.api.invoices.void_invoice(str(draft.id))
    standin.api.invoices.finalize_invoice(str(draft.id), {"auto_advance": False})
    assert standin.api.invoices.void_invoice(str(draft.id)).status == "void"
    assert standin.move_to(standin.now() + DAY) == []
    assert [one.status for one in standin.api.invoices.list({"subscription": subscription.id}).data] == ["void", "paid"]
