"""Two tabs, four workers: real connections that see each other's work. One page, one member, one mail each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from service.billing import actions
from service.billing.gateway import Gateway
from service.billing.models import StripeEvent
from service.kit import db
from service.kit.clock import wall_now
from service.mail.models import OutboxMessage
from tests.billing.conftest import START
from tests.billing.stand_in import StandIn
from tests.billing.test_checkout import checkouts, confirm, start
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.billing import invoices_of, membership_row, ready_to_pay


@pytest.fixture
def committed(committed: House) -> House:
    """At the moment when this room's stories begin."""
    committed.at(START)
    return committed


def test_tabs_pressing_at_once_meet_on_one_page(committed: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(committed)
    pages = at_once(*[lambda: start(committed, gateway, applicant)] * 4)
    reached = {page for page in pages if isinstance(page, str)}
    assert len(reached) == 1
    assert len(checkouts()) == 1


def test_tabs_with_different_plans_leave_one_page_open(committed: House, stripe: StandIn) -> None:
    applicant, gateway = ready_to_pay(committed), stripe.gateway()
    plans = ("monthly", "monthly_plus") * 2
    at_once(*[lambda plan=plan: start(committed, gateway, applicant, plan) for plan in plans])  # type: ignore[misc]
    stripe_pages = [gateway.get_checkout(c.stripe_session_id) for c in checkouts() if c.stripe_session_id]
    assert [page.status for page in stripe_pages].count("open") <= 1
    assert [c.status for c in checkouts()].count("open") <= 1
    stripe.pay(start(committed, gateway, applicant, "monthly"))
    assert confirm(committed, gateway, applicant) == "paid"


def test_workers_and_the_return_page_at_once_make_one_member(committed: House, stripe: StandIn) -> None:
    applicant, gateway = ready_to_pay(committed), stripe.gateway()
    stripe.pay(start(committed, gateway, applicant))
    for message in stripe.messages():
        notice = gateway.verify_webhook(message.raw, message.signature)
        actions.receive(notice=notice, body=message.raw.decode(), wall_now=wall_now())
    with db.reading() as session:
        events = list(session.scalars(select(StripeEvent.id)))

    def handle(event_id: UUID) -> Callable[[], object]:
        return lambda: actions.handle_event(
            event_id=event_id, gateway=gateway, now=START, wall_now=wall_now(), catalog=committed.catalog
        )

    # Every message twice, as a redelivered job would, and the patient coming back in the middle.
    twice = [handle(event_id) for event_id in events * 2]
    handled = at_once(*twice[:7], lambda: confirm(committed, gateway, applicant))
    assert not [answer for answer in handled if isinstance(answer, Exception)]
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert (row.status, len(invoices_of(row.id))) == ("active", 1)
    with db.reading() as session:
        mine = OutboxMessage.user_id == applicant.person.user_id
        mails = Counter(session.scalars(select(OutboxMessage.template).where(mine)))
    assert (mails["membership_started"], mails["payment_receipt"]) == (1, 1)
