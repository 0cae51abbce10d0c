"""Credits and debts kept with the customer."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.harness import HOUR, StandIn, invoice_of, period_of


def credit(standin: StandIn, customer: str, cents: int) -> stripe.CustomerBalanceTransaction:
    asked: Any = {"amount": -cents, "currency": "usd", "metadata": {"credit": "c-1"}}
    return standin.api.customers.balance_transactions.create(customer, asked)


def renewed(standin: StandIn, subscription: stripe.Subscription) -> stripe.Invoice:
    standin.move_to(period_of(standin.subscription(subscription.id))[1] + 2 * HOUR)
    return invoice_of(standin.subscription(subscription.id))


def ledger(standin: StandIn, customer: str) -> list[tuple[int, int, str]]:
    found = standin.api.customers.balance_transactions.list(customer).data
    return [(one.amount, one.ending_balance, one.type) for one in found][::-1]


def test_a_credit_pays_first_and_is_used_once(standin: StandIn) -> None:
    subscription = standin.subscribed()
    customer = str(subscription.customer)
    made = credit(standin, customer, 30000)
    assert made.metadata
    assert (made.ending_balance, made.type, made.metadata["credit"]) == (-30000, "adjustment", "c-1")
    first, second, third = (renewed(standin, subscription) for _ in range(3))
    assert [(one.amount_paid, one.starting_balance, one.ending_balance) for one in (first, second, third)] == [
        (0, -30000, -5000),
        (20000, -5000, 0),
        (25000, 0, 0),
    ]
    assert ledger(standin, customer) == [
        (-30000, -30000, "adjustment"),
        (25000, -5000, "applied_to_invoice"),
        (5000, 0, "applied_to_invoice"),
    ]
    [used] = standin.api.customers.balance_transactions.list(customer, {"invoice": str(second.id)}).data
    assert used.amount == 5000


def test_a_draft_and_a_preview_show_what_the_credit_leaves_to_pay(standin: StandIn) -> None:
    subscription = standin.subscribed()
    credit(standin, str(subscription.customer), 10000)
    assert standin.api.invoices.create_preview({"subscription": subscription.id}).amount_due == 15000
    standin.step()
    draft = invoice_of(standin.subscription(subscription.id))
    assert (draft.status, draft.amount_due, draft.ending_balance) == ("draft", 15000, None)
    assert standin.api.customers.retrieve(str(subscription.customer)).balance == -10000, "used when it is finalised"


def test_a_voided_invoice_gives_the_credit_back(standin: StandIn) -> None:
    subscription = standin.subscribed()
    customer = str(subscription.customer)
    credit(standin, customer, 10000)
    standin.step()
    draft = str(invoice_of(standin.subscription(subscription.id)).id)
    standin.api.invoices.finalize_invoice(draft, {"auto_advance": False})
    assert standin.api.customers.retrieve(customer).balance == 0
    standin.api.invoices.void_invoice(draft)
    assert standin.api.customers.retrieve(customer).balance == -10000
    assert ledger(standin, customer)[-1] == (-10000, -10000, "unapplied_from_invoice")


def test_a_debt_is_added_to_the_next_invoice(standin: StandIn) -> None:
    subscription = standin.subscribed()
    asked: Any = {"amount": 700, "currency": "usd"}
    standin.api.customers.balance_transactions.create(str(subscription.customer), asked)
    assert renewed(standin, subscription).amount_paid == 25700


def test_less_than_can_be_charged_is_owed_next_time(standin: StandIn) -> None:
    subscription = standin.subscribed()
    customer = str(subscription.customer)
    credit(standin, customer, 24951)
    small = renewed(standin, subscription)
    assert (small.status, small.amount_due, small.ending_balance) == ("paid", 0, 49)
    assert ledger(standin, customer)[-1] == (25000, 49, "invoice_too_small")
    assert renewed(standin, subscription).amount_paid == 25049


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"amount": 0, "currency": "usd"}, "non-zero"),
        ({"amount": -100_000_000, "currency": "usd"}, "no more than"),
        ({"amount": -1, "currency": "eur"}, "currency"),
        ({"amount": "1.5", "currency": "usd"}, "Invalid integer"),
    ],
)
def test_a_credit_that_makes_no_sense_is_refused(standin: StandIn, asked: Any, words: str) -> None:
    customer = standin.api.customers.create({}).id
    with pytest.raises(stripe.InvalidRequestError, match=words):
        standin.api.customers.balance_transactions.create(customer, asked)
    assert standin.api.customers.retrieve(customer).balance == 0


def test_another_customers_entry_is_not_shown(standin: StandIn) -> None:
    ana, bea = (standin.api.customers.create({}).id for _ in range(2))
    made = credit(standin, ana, 100)
    assert standin.api.customers.balance_transactions.retrieve(ana, made.id).amount == -100
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        standin.api.customers.balance_transactions.retrieve(bea, made.id)
