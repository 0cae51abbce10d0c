"""An open charge, a new card and an end, pressed in four tabs at the same moment: each is one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from service.billing import actions
from service.billing.models import Cancellation, Checkout, LedgerEntry
from service.kit import db
from service.kit.errors import HomewardError, TryAgain
from tests.billing.conftest import START
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.billing.test_renewals import a_member, charge_at, row_of
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.billing import invoices_of


@pytest.fixture
def committed(committed: House) -> House:
    """At the moment when this room's stories begin."""
    committed.at(START)
    return committed


def test_an_open_charge_paid_in_four_tabs_and_a_card_changed_in_four_is_one_of_each(
    committed: House, moving_stripe: StandIn
) -> None:
    ana, gateway = a_member(committed, moving_stripe, FAILS_LATER)
    now = charge_at(ana) + timedelta(hours=2)
    moving_stripe.move_to(now)
    committed.at(now)
    actions.look_again(patient_id=ana.patient_id, gateway=gateway, catalog=committed.catalog, now=now)
    (charge,) = (one.id for one in invoices_of(row_of(ana).id) if one.status == "open")

    def card() -> str:
        return actions.start_card(patient_id=ana.patient_id, gateway=gateway, actor=ana.actor, now=now)

    pages = {page for page in at_once(*[card] * 4) if isinstance(page, str)}
    assert len(pages) == 1
    requests.post(pages.pop(), data={"card": GOOD}, allow_redirects=False, timeout=5)
    with db.reading() as session:
        (session_id,) = session.scalars(select(Checkout.stripe_session_id).where(Checkout.kind == "card"))

    def back() -> str:
        return actions.card_given(
            session_id=session_id or "",
            patient_id=ana.patient_id,
            gateway=gateway,
            catalog=committed.catalog,
            actor=ana.actor,
            now=now,
        )

    at_once(*[back] * 4)
    assert row_of(ana).card_last4 == "4242"

    def pay() -> str:
        return actions.pay_now(
            patient_id=ana.patient_id,
            invoice_id=charge,
            amount_cents=25000,
            gateway=gateway,
            catalog=committed.catalog,
            actor=ana.actor,
            now=now,
        )

    answers = at_once(*[pay] * 4)
    assert "paid" in answers
    assert {type(one) for one in answers if not isinstance(one, str)} <= {TryAgain}
    with db.reading() as session:
        paid = session.scalars(select(LedgerEntry.amount_cents).where(LedgerEntry.patient_id == ana.patient_id)).all()
    assert list(paid) == [25000, 25000]
    assert (
        len([one for one in gateway.list_invoices(row_of(ana).stripe_subscription_id or "") if one.status == "paid"])
        == 2
    )


def test_ended_in_four_tabs_while_another_cancels_is_one_end(committed: House, moving_stripe: StandIn) -> None:
    ana, gateway = a_member(committed, moving_stripe)
    same = {
        "patient_id": ana.patient_id,
        "gateway": gateway,
        "catalog": committed.catalog,
        "actor": ana.actor,
        "now": committed.now,
    }
    answers = at_once(
        *[lambda: actions.end_now(**same)] * 3,  # type: ignore[arg-type]
        lambda: actions.cancel(**same),  # type: ignore[arg-type, func-returns-value]
    )
    assert not [one for one in answers if isinstance(one, Exception) and not isinstance(one, HomewardError | TryAgain)]
    actions.ask_again(gateway=gateway, catalog=committed.catalog, now=committed.now + timedelta(minutes=6))
    assert row_of(ana).status == "ended"
    assert gateway.get_subscription(row_of(ana).stripe_subscription_id or "").status == "ended"
    with db.reading() as session:
        assert len(session.scalars(select(Cancellation.id)).all()) <= 2
