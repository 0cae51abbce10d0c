"""How far behind billing is, and messages that never came: read from a watermark, by page, and on where it stopped."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from service.billing import actions
from service.billing.actions.watching.missed import fetch_missed
from service.billing.gateway import Bug, Gateway, Notice
from service.billing.models import Comparison, Intent, Membership, StripeEvent
from service.kit import db
from service.kit.clock import wall_now
from service.kit.errors import TryAgain
from service.kit.ids import first_id, new_id
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.checkins import a_member
from tests.factories.stripe_events import a_message


def waited(seconds: float, *, touched: bool = False) -> None:
    """A message that was done so long after it came."""
    row_id = a_message(age=timedelta(seconds=600))
    with db.transaction() as session:
        row = session.get_one(StripeEvent, row_id)
        row.handled_at = row.received_at + timedelta(seconds=seconds)
        row.touched_at = row.received_at if touched else None


def an_unanswered_call(house: House, *, tries: int = 1) -> None:
    person = a_member()
    with db.transaction() as session:
        membership = session.scalars(select(Membership).where(Membership.patient_id == person.patient_id)).one()
        session.add(
            Intent(
                id=new_id(),
                membership_id=membership.id,
                patient_id=membership.patient_id,
                kind="cancel",
                lane="subscription",
                details={},
                idempotency_key=f"cancel:{new_id()}",
                status="meant",
                actor_kind="patient",
                meant_at=house.now,
                tries=tries,
                try_at=house.now,
            )
        )


def test_the_lag_is_that_of_the_last_hour_without_what_says_nothing(house: House) -> None:
    for seconds in (1, 2, 3, 4, 100):
        waited(seconds)
    waited(0)  # nothing of ours to do: done as it came
    waited(5000, touched=True)  # staff had it handled again
    found = actions.billing_pace(now=house.now, wall_now=wall_now())
    assert (found.handled, found.lag_p50, found.lag_max) == (5, 3.0, 100.0)
    assert found.lag_p95 == pytest.approx(80.8)
    nothing = actions.billing_pace(now=house.now, wall_now=wall_now() + timedelta(hours=2))
    assert (nothing.handled, nothing.lag_p50, nothing.lag_p95) == (0, None, None)


def test_the_machines_page_is_red_only_where_the_machine_stands_still(client: Browser, house: House) -> None:
    a_message(parked_for="unclaimed")
    a_message(age=timedelta(minutes=5))
    an_unanswered_call(house)
    answer = client.get("/health/billing")
    told = answer.get_json()
    assert answer.status_code == 200
    assert (told["well"], told["parked"], told["waiting"], told["intents_unknown"]) == (True, 1, 1, 1)
    assert "failed_payments" not in told
    assert "sub_" not in answer.text
    a_message(age=timedelta(minutes=16))
    answer = client.get("/health/billing")
    assert (answer.status_code, answer.get_json()["late"]) == (503, True)


def test_a_silent_night_is_red(client: Browser, house: House) -> None:
    person = a_member(began=house.now - timedelta(hours=27))
    assert client.get("/health/billing").status_code == 200  # nothing charges it: nothing to compare
    with db.transaction() as session:
        row = session.scalars(select(Membership).where(Membership.patient_id == person.patient_id)).one()
        row.stripe_subscription_id = "sub_1"
    answer = client.get("/health/billing")
    assert (answer.status_code, answer.get_json()["silent"]) == (503, True)


def test_calls_without_an_answer_are_listed_and_fresh_ones_are_not(client: Browser, house: House) -> None:
    client.sign_in(a_staff_member("billing").user_id)
    an_unanswered_call(house, tries=0)
    assert "Stripe has answered everything" in client.get("/staff/stripe/unanswered").text
    an_unanswered_call(house, tries=3)
    page = client.get("/staff/stripe/unanswered").text
    assert "End with the paid month" in page
    assert "Rivera" not in page


def test_ids_grow_with_their_moment() -> None:
    now = wall_now()
    assert first_id(now - timedelta(seconds=1)) < new_id() < first_id(now + timedelta(minutes=1))


class Listed(Gateway):
    """A list of events of Stripe's, in pages of ten."""

    def __init__(self, count: int) -> None:
        super().__init__(
            key="sk_test_x", api_url="http://127.0.0.1:1", webhook_secrets="whsec_x", checkout_origin="x", site="x"
        )
        self.told = [f"evt_{number:04}" for number in range(count)]
        self.asked: list[tuple[datetime, str | None]] = []
        self.breaks_at: int | None = None
        self.error: Exception = TryAgain("stripe: away")

    def list_events(self, since: datetime, after: str | None = None) -> tuple[list[tuple[Notice, str]], str | None]:
        if self.breaks_at is not None and len(self.asked) >= self.breaks_at:
            raise self.error
        self.asked.append((since, after))
        newest = self.told[::-1]
        begins = newest.index(after) + 1 if after else 0
        page = newest[begins : begins + 10]
        notices = [(Notice(name, "invoice.paid", "in_1", since, "sub_1"), "{}") for name in page]
        return notices, page[-1] if begins + 10 < len(newest) else None


def fetch(house: House, gateway: Gateway, seconds: float | None = None) -> tuple[int, int]:
    return fetch_missed(gateway=gateway, now=house.now, wall_now=wall_now(), seconds=seconds)


def kept() -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(StripeEvent.stripe_event_id)))


def hourlies() -> list[Comparison]:
    with db.reading() as session:
        return list(session.scalars(select(Comparison).where(Comparison.kind == "hourly").order_by(Comparison.id)))


def test_at_first_all_that_stripe_has_and_then_from_the_last_reading_on(house: House) -> None:
    gateway = Listed(35)
    assert fetch(house, gateway) == (35, 0)
    assert {since for since, _ in gateway.asked} == {house.now - timedelta(days=30)}
    first = house.now
    house.at(house.now + timedelta(hours=1))
    gateway.asked.clear()
    assert fetch(house, gateway) == (0, 0)
    assert gateway.asked[0][0] == first - timedelta(hours=1)


def test_after_days_away_nothing_that_was_told_meanwhile_is_missed(house: House) -> None:
    gateway = Listed(5)
    fetch(house, gateway)
    read_at = house.now
    house.at(house.now + timedelta(days=12))
    gateway.asked.clear()
    gateway.told += [f"evt_late_{number}" for number in range(3)]
    assert fetch(house, gateway) == (3, 0)
    assert gateway.asked[0][0] == read_at - timedelta(hours=1)


def test_broken_off_it_goes_on_where_it_was_and_reads_what_came_since(house: House) -> None:
    gateway = Listed(35)
    gateway.breaks_at = 2
    assert fetch(house, gateway) == (20, 1)
    gateway.breaks_at = None
    gateway.told.append("evt_new")
    house.at(house.now + timedelta(hours=1))
    assert fetch(house, gateway) == (16, 0)
    assert gateway.asked[2][1] == "evt_0015"
    assert kept() == set(gateway.told)
    assert all(run.finished_at is not None for run in hourlies())


def test_where_the_place_is_gone_it_begins_again(house: House) -> None:
    gateway = Listed(35)
    gateway.breaks_at, gateway.error = 2, Bug("stripe: resource_missing")
    fetch(house, gateway)
    gateway.breaks_at = None
    fetch(house, gateway)
    assert gateway.asked[2][1] is None
    assert kept() == set(gateway.told)


def test_it_ends_with_its_time_and_goes_on_later(house: House) -> None:
    gateway = Listed(35)
    for _ in range(4):
        fetch(house, gateway, seconds=0)
    assert kept() == set(gateway.told)


def test_the_door_counts_whom_it_turned_away(app: Flask, client: Browser, house: House) -> None:
    before = client.get("/health/billing").get_json()["turned_away"].get("unsigned", 0)
    client.post("/webhooks/stripe", data=b"{}")
    assert client.get("/health/billing").get_json()["turned_away"]["unsigned"] == before + 1
