"""Whatever is changed in whatever order: each second is paid for once, at the price it had."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.sandbox.stripe.harness import DAY, StandIn, invoice_of, period_of
from tests.sandbox.stripe.in_process import inside

MONTH = 28 * DAY
PRICES = (15000, 25000, 35000, 49999)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with inside(Path(tmp_path_factory.mktemp("stand-in")) / "data") as standin:
        yield lambda: standin  # what a failing example would otherwise print is every webhook heard


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=some.lists(some.tuples(some.sampled_from(PRICES), some.integers(1, MONTH - 1)), min_size=1, max_size=5),
    credit=some.integers(0, 60000),
)
def test_each_second_of_a_month_costs_what_its_price_says(
    here: Callable[[], StandIn], changes: list[tuple[int, int]], credit: int
) -> None:
    town = here()
    subscription = town.subscribed()
    customer = str(subscription.customer)
    start, end = period_of(subscription)
    moments = sorted(start + seconds * (end - start) // MONTH for _, seconds in changes)
    if credit:
        town.api.customers.balance_transactions.create(customer, {"amount": -credit, "currency": "usd"})
    owed, price, since = Fraction(0), 25000, start
    for (cents, _), moment in zip(changes, moments, strict=True):
        asked: Any = {
            "items": [{"id": subscription["items"].data[0].id, "price": town.price(cents).id}],
            "proration_behavior": "always_invoice",
            "proration_date": moment,
        }
        shown = town.api.invoices.create_preview({"subscription": subscription.id, "subscription_details": asked})
        before = town.subscription(subscription.id)
        asked["payment_behavior"] = "error_if_incomplete"
        key: Any = {"idempotency_key": f"chg:{uuid4()}"}
        for _ in range(2):  # the answer was lost, and it is asked again
            town.api.subscriptions.update(subscription.id, asked, key)
        after = town.subscription(subscription.id)
        if before["items"].data[0].price.unit_amount != cents:
            charged = invoice_of(after)
            assert (charged.total, charged.amount_due) == (shown.total, shown.amount_due)
            owed += Fraction(price * (moment - since), end - start)
            price, since = cents, moment
    owed += Fraction(price * (end - since), end - start)

    invoices = town.api.invoices.list({"subscription": subscription.id, "limit": 100}).data
    assert sum(one.total for one in invoices) == pytest.approx(float(owed), abs=len(changes))
    balance = town.api.customers.retrieve(customer).balance or 0
    assert sum(one.amount_paid for one in invoices) + credit + balance == sum(one.total for one in invoices)
    ledger = town.api.customers.balance_transactions.list(customer, {"limit": 100}).data
    assert sum(one.amount for one in ledger) == balance
    tied = [one for bill in invoices for one in town.api.invoice_payments.list({"invoice": str(bill.id)}).data]
    assert sum(one.amount_paid or 0 for one in tied) == sum(one.amount_paid for one in invoices)
