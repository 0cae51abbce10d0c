"""Stripe's messages: kept once, acted upon once, in whatever order they come."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import stripe as sdk
from sqlalchemy import select

from service.billing import actions, rules
from service.billing.gateway import Gateway, NotGenuine, SubscriptionFacts
from service.billing.models import StripeEvent
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.errors import TryAgain
from service.kit.ids import new_id
from tests.billing.stand_in import SECRET, Message, StandIn
from tests.billing.test_checkout import checkouts, confirm, start
from tests.conftest import House
from tests.factories.billing import invoices_of, mails_to, membership_row, ready_to_pay
from tests.factories.visits import Applicant

EXPECTED_MAILS = Counter(["membership_started", "payment_receipt"])


def paid(house: House, gateway: Gateway, stripe: StandIn) -> tuple[Applicant, list[Message]]:
    """A patient who paid, and the messages about it."""
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    return applicant, stripe.messages()


def deliver(house: House, gateway: Gateway, *messages: Message) -> list[bool]:
    """Each message in, and its job done."""
    results = []
    for message in messages:
        notice = gateway.verify_webhook(message.raw, message.signature)
        house.jobs.clear()
        actions.receive(notice=notice, body=message.raw.decode(), wall_now=wall_now())
        for job in [job for job in house.jobs if job.name == "billing.handle_event"]:
            results.append(
                actions.handle_event(
                    event_id=UUID(job.arguments["event_id"]),
                    gateway=gateway,
                    now=house.now,
                    wall_now=wall_now(),
                    catalog=house.catalog,
                )
            )
    return results


def signed(event: dict[str, object], at: float | None = None, secret: str = SECRET) -> tuple[bytes, str]:
    raw = json.dumps(event)
    return raw.encode(), sdk.WebhookSignature.generate_signature_header(raw, secret, int(at or time.time()))


def rows() -> list[StripeEvent]:
    with db.reading() as session:
        return list(session.scalars(select(StripeEvent).order_by(StripeEvent.received_at, StripeEvent.id)))


NAMES = {"customer.subscription": "subscription", "checkout.session": "checkout.session", "invoice": "invoice"}


def an_event(kind: str = "customer.subscription.updated", object_id: str = "sub_1") -> dict[str, object]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1795446000,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": {"id": object_id, "object": NAMES.get(kind.rpartition(".")[0], "mandate")}},
    }


def test_the_messages_alone_make_a_member(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant, messages = paid(house, gateway, stripe)
    assert "checkout.session.completed" in {message.kind for message in messages}
    assert all(deliver(house, gateway, *messages))
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert row.status == "active"
    assert len(invoices_of(row.id)) == 1
    assert mails_to(applicant) == EXPECTED_MAILS
    assert [c.status for c in checkouts()] == ["completed"]
    assert confirm(house, gateway, applicant) == "paid"
    assert mails_to(applicant) == EXPECTED_MAILS


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_and_twice_the_end_is_the_same(house: House, gateway: Gateway, stripe: StandIn, seed: int) -> None:
    applicant, messages = paid(house, gateway, stripe)
    shuffled = messages * 2
    random.Random(seed).shuffle(shuffled)
    assert all(deliver(house, gateway, *shuffled))
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert (row.status, len(invoices_of(row.id)), mails_to(applicant)) == ("active", 1, EXPECTED_MAILS)
    assert len(rows()) == len(messages)


def test_the_return_page_first_and_the_messages_later(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant, messages = paid(house, gateway, stripe)
    assert confirm(house, gateway, applicant) == "paid"
    assert all(deliver(house, gateway, *messages))
    assert mails_to(applicant) == EXPECTED_MAILS


def test_a_replayed_message_is_kept_once_and_does_nothing_again(
    house: House, gateway: Gateway, stripe: StandIn
) -> None:
    applicant, messages = paid(house, gateway, stripe)
    deliver(house, gateway, *messages)
    assert deliver(house, gateway, *messages) == []
    assert mails_to(applicant) == EXPECTED_MAILS


def test_a_message_about_nothing_of_ours_to_do_is_kept_and_done_with(house: House, gateway: Gateway) -> None:
    raw, signature = signed(an_event("mandate.updated", "mandate_1"))
    assert deliver(house, gateway, Message(raw, signature, "")) == []
    (row,) = rows()
    assert (row.handled_at is not None, row.parked_at) == (True, None)


def test_the_body_is_sealed(house: House, gateway: Gateway) -> None:
    raw, signature = signed(an_event("mandate.updated"))
    deliver(house, gateway, Message(raw, signature, ""))
    (row,) = rows()
    assert raw not in row.body_sealed
    assert crypto.unseal(row.body_sealed, "stripe_events", "body", row.id).encode() == raw


class Strange(Gateway):
    """Subscriptions that name a membership nobody has."""

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        return replace(super().get_subscription(subscription_id), membership_id=new_id())


def test_a_subscription_of_nobody_is_parked_and_shown(house: House, stripe: StandIn) -> None:
    gateway = stripe.gateway()
    _, messages = paid(house, gateway, stripe)
    strange = Strange(
        key="sk_test_homeward",
        api_url=stripe.url,
        webhook_secrets=SECRET,
        checkout_origin=stripe.url,
        site="https://localhost",
    )
    about = [message for message in messages if message.kind.startswith("customer.subscription")]
    assert deliver(house, strange, about[0]) == [False]
    (row,) = rows()
    assert row.parked_at is not None
    assert "no membership of ours" in (row.last_error or "")


class Flaky(Gateway):
    """Stripe away, until it is not."""

    away = True

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        if self.away:
            raise TryAgain("stripe: away")
        return super().get_subscription(subscription_id)


def like(stripe: StandIn) -> Flaky:
    return Flaky(
        key="sk_test_homeward",
        api_url=stripe.url,
        webhook_secrets=SECRET,
        checkout_origin=stripe.url,
        site="https://localhost",
    )


def test_a_failure_is_kept_and_the_sweeper_finishes_the_work(house: House, stripe: StandIn) -> None:
    flaky = like(stripe)
    applicant, messages = paid(house, flaky, stripe)
    about = [message for message in messages if message.kind == "customer.subscription.created"]
    assert deliver(house, flaky, *about) == [False]
    (row,) = rows()
    assert (row.attempts, row.last_error, row.handled_at) == (1, "TryAgain: stripe: away", None)
    assert row.try_at > wall_now()
    assert actions.sweep_events(gateway=flaky, catalog=house.catalog, now=house.now, wall_now=wall_now()) == 0
    flaky.away = False
    assert (
        actions.sweep_events(
            gateway=flaky, catalog=house.catalog, now=house.now, wall_now=wall_now() + timedelta(minutes=1)
        )
        == 1
    )
    row_now = membership_row(applicant.patient_id)
    assert row_now is not None
    assert row_now.status == "active"


def test_what_never_works_is_parked_in_the_end(house: House, gateway: Gateway) -> None:
    raw, signature = signed(an_event(object_id="sub_unknown"))
    deliver(house, gateway, Message(raw, signature, ""))
    for days in range(1, 20):
        actions.sweep_events(
            gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now() + timedelta(days=2 * days)
        )
    (row,) = rows()
    assert row.parked_at is not None
    assert row.attempts <= 15


def test_where_stripe_is_away_a_sweep_asks_three_times_and_leaves_the_rest(house: House, stripe: StandIn) -> None:
    flaky = like(stripe)
    for number in range(9):
        raw, signature = signed({**an_event(object_id=f"sub_{number}"), "id": f"evt_away_{number}"})
        notice = flaky.verify_webhook(raw, signature)
        actions.receive(notice=notice, body=raw.decode(), wall_now=wall_now())
    later = wall_now() + timedelta(minutes=1)
    assert actions.sweep_events(gateway=flaky, catalog=house.catalog, now=house.now, wall_now=later) == 0
    assert sum(row.attempts for row in rows()) == 3


def test_after_a_day_without_stripe_what_it_told_is_acted_upon_within_three_hours() -> None:
    waits = [rules.retry_after(number) or timedelta() for number in range(1, 15)]
    assert sum(waits, timedelta()) > timedelta(days=1)
    assert max(waits) <= timedelta(hours=3)


def test_a_lost_job_is_found_by_the_sweeper(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant, messages = paid(house, gateway, stripe)
    for message in messages:
        notice = gateway.verify_webhook(message.raw, message.signature)
        actions.receive(notice=notice, body=message.raw.decode(), wall_now=wall_now())
    later, waiting = wall_now() + timedelta(minutes=1), [row for row in rows() if row.handled_at is None]
    assert actions.sweep_events(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=later) == len(waiting)
    assert waiting
    assert mails_to(applicant) == EXPECTED_MAILS


def test_messages_that_never_came_are_fetched(house: House, moving_stripe: StandIn) -> None:
    stripe, gateway = moving_stripe, moving_stripe.gateway()
    applicant, messages = paid(house, gateway, stripe)
    drift = actions.reconcile(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now())
    assert drift.missed >= 2
    actions.sweep_events(
        gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now() + timedelta(minutes=1)
    )
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert row.status == "active"
    assert mails_to(applicant) == EXPECTED_MAILS
    deliver(house, gateway, *messages)
    again = actions.reconcile(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now())
    assert (again.missed, again.corrected) == (0, 0)


def test_only_genuine_messages_of_now_are_believed(gateway: Gateway) -> None:
    raw, signature = signed(an_event())
    assert gateway.verify_webhook(raw, signature).event_id == "evt_1"
    hour = 3600
    for bad_raw, bad_signature in (
        (raw.replace(b"sub_1", b"sub_2"), signature),
        (raw, None),
        (raw, ""),
        (raw, "t=1,v1=00"),
        (raw, "nonsense"),
        (b"\xff" + raw, signature),
        signed(an_event(), time.time() - hour),
        signed(an_event(), time.time() + hour),
        signed(an_event(), secret="whsec_other"),
    ):
        with pytest.raises(NotGenuine):
            gateway.verify_webhook(bad_raw, bad_signature)


def test_while_a_secret_changes_both_are_believed(stripe: StandIn) -> None:
    both = Gateway(
        key="sk_test_x", api_url=stripe.url, webhook_secrets="whsec_new, whsec_old", checkout_origin="x", site="x"
    )
    for secret in ("whsec_new", "whsec_old"):
        assert both.verify_webhook(*signed(an_event(), secret=secret)).object_id == "sub_1"
