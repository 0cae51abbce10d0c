"""An amount of Stripe's that cannot be is read as none: it waits for a person, and nothing of it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from service.billing import actions
from service.billing.gateway import Bug, Gateway, InvoiceFacts, SubscriptionFacts
from service.billing.models import LedgerEntry
from service.kit import db
from service.kit.clock import wall_now
from tests.billing.stand_in import KEY, SECRET, StandIn
from tests.billing.test_currency import Read, read
from tests.billing.test_events import deliver, paid, rows
from tests.billing.test_gateway import answering
from tests.conftest import House

__all__ = ["read"]  # the fixture
WHERE = {
    "subscription": ("items", "data", 0, "price", "unit_amount"),
    "charge": ("amount_paid",),
    "refund": ("amount",),
    "dispute": ("amount",),
}


def with_amount(found: Any, path: tuple[str | int, ...], amount: object) -> str:
    """The same with another amount, as JSON."""
    whole = json.loads(json.dumps(found))
    at = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = amount
    return json.dumps(whole)


@pytest.mark.parametrize("amount", [-1, -25_000, 2**31, 2**63, 10**30, 250.5, "25000", True])
@pytest.mark.parametrize("what", sorted(WHERE))
def test_an_amount_below_nothing_beyond_all_bounds_or_no_number_is_refused(
    read: dict[str, tuple[Any, Read]], what: str, amount: object
) -> None:
    found, look = read[what]
    with answering(200, with_amount(found, WHERE[what], amount)) as door, pytest.raises(Bug):
        look(door)


@pytest.mark.parametrize("what", ["subscription", "refund", "dispute"])
def test_nothing_at_all_is_no_price_no_refund_and_no_dispute(read: dict[str, tuple[Any, Read]], what: str) -> None:
    found, look = read[what]
    with answering(200, with_amount(found, WHERE[what], 0)) as door, pytest.raises(Bug):
        look(door)


def test_a_charge_of_nothing_is_a_charge(read: dict[str, tuple[Any, Read]]) -> None:
    found, look = read["charge"]
    with answering(200, with_amount(found, WHERE["charge"], 0)) as door:
        charge = look(door)
    assert isinstance(charge, InvoiceFacts)
    assert charge.amount_paid_cents == 0


class Odd(Gateway):
    """Reads no subscription, as where an amount in it cannot be."""

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        raise Bug(f"stripe: {subscription_id} has an amount that cannot be")


def test_its_message_is_kept_and_tried_again_and_no_money_is_booked(house: House, stripe: StandIn) -> None:
    gateway = Odd(key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://x")
    _, messages = paid(house, gateway, stripe)
    about = [one for one in messages if one.kind.startswith(("customer.subscription.", "invoice."))]
    assert not any(deliver(house, gateway, *about))
    assert {(row.handled_at, row.attempts, row.last_error) for row in rows()} == {(None, 1, "Bug")}
    with db.reading() as session:
        assert session.scalars(select(LedgerEntry)).all() == []
    well = stripe.gateway()
    waiting = [row.id for row in rows()]
    assert actions.handle_events(
        event_ids=waiting, gateway=well, catalog=house.catalog, now=house.now, wall_now=wall_now()
    ) == len(waiting)
