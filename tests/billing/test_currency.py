"""Everything is in dollars. Money in another currency is never taken for ours, whatever brings it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from service.billing.gateway import Bug, Gateway
from service.kit.ids import new_id
from tests.billing.desk import charge_of, dispute_at_stripe
from tests.billing.stand_in import KEY, StandIn
from tests.billing.test_checkout import confirm, start
from tests.billing.test_gateway import answering
from tests.billing.test_renewals import row_of
from tests.conftest import House
from tests.factories.billing import ready_to_pay

Read = Callable[[Gateway], object]


def at_stripe(stripe: StandIn, path: str, **params: str) -> Any:
    headers = {"Authorization": f"Bearer {KEY}"}
    return requests.get(f"{stripe.url}/v1/{path}", params=params, headers=headers, timeout=5).json()


def in_euros(found: Any) -> Any:
    """The same with every currency in it another."""
    return json.loads(json.dumps(found).replace('"usd"', '"eur"'))


@pytest.fixture
def read(house: House, gateway: Gateway, stripe: StandIn) -> dict[str, tuple[Any, Read]]:
    """A subscription, a charge, a refund, a dispute and a price as Stripe has them, and how each is read."""
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    confirm(house, gateway, applicant)
    subscription_id, charge = row_of(applicant).stripe_subscription_id or "", charge_of(applicant)
    back = gateway.refund(
        charge.stripe_payment_id or "", amount_cents=100, refund_id=new_id(), key=f"refund:{new_id()}"
    )
    dispute = dispute_at_stripe(stripe, invoice=charge.stripe_invoice_id)["id"]
    plan = house.catalog.plans["monthly"]
    offer = {"price_key": plan.stripe_lookup_key, "name": plan.name, "price_cents": plan.price_cents}
    return {
        "subscription": (
            at_stripe(stripe, f"subscriptions/{subscription_id}"),
            lambda door: door.get_subscription(subscription_id),
        ),
        "charge": (
            at_stripe(stripe, f"invoices/{charge.stripe_invoice_id}"),
            lambda door: door.get_invoice(charge.stripe_invoice_id),
        ),
        "refund": (at_stripe(stripe, f"refunds/{back.id}"), lambda door: door.get_refund(back.id)),
        "dispute": (at_stripe(stripe, f"disputes/{dispute}"), lambda door: door.get_dispute(dispute)),
        "price": (
            at_stripe(stripe, "prices", **{"lookup_keys[]": plan.stripe_lookup_key}),
            lambda door: door.ensure_price(**offer),
        ),
    }


@pytest.mark.parametrize("what", ["subscription", "charge", "refund", "dispute", "price"])
def test_another_currency_is_never_read_as_dollars(read: dict[str, tuple[Any, Read]], what: str) -> None:
    found, look = read[what]
    with answering(200, json.dumps(found)) as door:
        look(door)
    with answering(200, json.dumps(in_euros(found))) as door, pytest.raises(Bug):
        look(door)
