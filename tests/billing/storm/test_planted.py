"""Mistakes planted into our own billing, one at a time: each is noticed; without one the same history is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import stripe
from sqlalchemy import select

from config.settings import Settings
from service.billing import actions
from service.billing.actions import events, hearing, intents, money_heard, sync
from service.billing.actions.changes import price_notices, promotion
from service.billing.actions.desk import refunds
from service.billing.actions.stops import judge
from service.billing.actions.sync import drafts, effects
from service.billing.gateway import Gateway, reading
from service.billing.models import PriceNotice, StripeEvent
from service.billing.rules import prices
from service.billing.writes import ledger
from service.billing.writes import refunds as promises
from service.kit import crypto
from service.kit.ids import new_id
from service.mail import writes as mail
from tests.billing.storm import histories
from tests.billing.storm.doing import DAY
from tests.billing.storm.pool import Pool, a_pool
from tests.billing.storm.town import Town, a_town

Patch = pytest.MonkeyPatch
performing = import_module("service.billing.actions.intents.perform")  # its package has a function of that name


@pytest.fixture(scope="module")
def pool(settings: Settings, database: str) -> Pool:
    return a_pool(settings, database, people=1)


@pytest.fixture
def town(pool: Pool, tmp_path: Path) -> Iterator[Town]:
    with a_town(pool, f"{pool.name}_planted", tmp_path) as town:
        yield town


# Mistakes.


def nothing_is_given_back(patch: Patch) -> None:
    patch.setattr(judge, "_wrong", lambda *_: None)


def no_gate_at_the_draft(patch: Patch) -> None:
    patch.setattr(drafts, "ask_about", lambda *_: None)
    patch.setattr(actions, "stop_refused", lambda: 0)


def invoices_stay_open(patch: Patch) -> None:
    patch.setattr(Gateway, "stop_invoice", lambda self, invoice_id, *, key: self.get_invoice(invoice_id))


def another_key_each_time(patch: Patch) -> None:
    plain = stripe.RequestsClient.request

    def request(client: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        if "Idempotency-Key" in headers:
            headers = {**headers, "Idempotency-Key": f"refund:{new_id()}"}
        return plain(client, method, url, headers, post_data)

    patch.setattr(stripe.RequestsClient, "request", request)


def nobody_looks_first(patch: Patch) -> None:
    blind = {name: replace(kind, shown=kind.shown and (lambda *_: None)) for name, kind in performing.CALLS.items()}
    patch.setattr(performing, "CALLS", blind)


def promises_are_not_counted(patch: Patch) -> None:
    patch.setattr(promises, "left", lambda invoice: invoice.amount_paid_cents)


def payloads_are_believed(patch: Patch) -> None:
    told: list[dict[str, Any]] = []
    plain_hear, plain_get = hearing.hear, Gateway.get_subscription

    def hear(session: Any, heard: Any, **known: Any) -> None:
        mine = select(StripeEvent).where(StripeEvent.object_id == heard.object_id, StripeEvent.kind == heard.kind)
        bodies = [
            crypto.unseal(row.body_sealed, "stripe_events", "body", row.id)
            for row in session.scalars(mine)
            if row.handled_at is None
        ]
        told[:] = [json.loads(bodies[0])["data"]["object"]] if heard.kind.startswith("customer.sub") else []
        plain_hear(session, heard, **known)
        told.clear()

    def get(self: Gateway, subscription_id: str) -> Any:
        if not told:
            return plain_get(self, subscription_id)
        return reading.subscription(stripe.Subscription.construct_from(told[0], "sk_test"))

    patch.setattr(hearing, "hear", hear)
    patch.setattr(events.hearing, "hear", hear)
    patch.setattr(Gateway, "get_subscription", get)


def the_ledger_books_anew(patch: Patch) -> None:
    plain = ledger.book
    again = lambda session, kind, **told: plain(session, kind, **{**told, "stripe_id": f"x_{new_id()}"})  # noqa: E731
    patch.setattr(ledger, "book", again)


def a_receipt_for_each_message(patch: Patch) -> None:
    plain = mail.put
    patch.setattr(
        mail, "put", lambda session, email, *, key, **told: plain(session, email, key=f"{key}{new_id()}", **told)
    )


def settled_before_the_call(patch: Patch) -> None:
    def perform(intent_id: Any, *, gateway: Any, catalog: Any, now: Any) -> None:
        told = performing._take(intent_id, now)
        if told is not None:
            performing._settle(told, None, gateway, catalog, now)
            performing.CALLS[told.kind].call(gateway, told)

    patch.setattr(performing, "perform", perform)
    patch.setattr(intents, "perform", perform)


def nobody_sweeps(patch: Patch) -> None:
    patch.setattr(events.queries, "waiting_events", lambda *_: [])


def a_skip_without_end(patch: Patch) -> None:
    plain = Gateway.skip
    later = lambda self, subscription_id, *, until, key: plain(self, subscription_id, until=until + 300 * DAY, key=key)  # noqa: E731
    patch.setattr(Gateway, "skip", later)


def endings_are_not_told(patch: Patch) -> None:
    patch.setattr(effects, "follow", lambda *_: None)


def older_charges_are_not_read(patch: Patch) -> None:
    plain = sync.apply
    patch.setattr(sync, "apply", lambda session, facts, *, invoices=(), **told: plain(session, facts, **told))


def silence_is_a_yes(patch: Patch) -> None:
    plain = prices.without_a_yes
    yes = lambda *found, **told: "agreed" if plain(*found, **told) in ("kept", "ended") else None  # noqa: E731
    patch.setattr(prices, "without_a_yes", yes)


def a_new_price_begins_at_once(patch: Patch) -> None:
    every = lambda session, *_: list(session.scalars(select(PriceNotice.id)))  # noqa: E731
    patch.setattr(price_notices.queries, "notices_to_settle", every)
    patch.setattr(prices, "takes_effect", lambda *_, **__: True)


def no_thirty_days(patch: Patch) -> None:
    plain = prices.applies_at
    patch.setattr(
        price_notices.prices, "applies_at", lambda *found, **told: plain(*found, **{**told, "notice": timedelta(0)})
    )


def nobody_leaves(patch: Patch) -> None:
    plain = prices.without_a_yes
    kept = lambda *found, **told: "kept" if plain(*found, **told) else None  # noqa: E731
    patch.setattr(prices, "without_a_yes", kept)


def a_code_is_forgotten(patch: Patch) -> None:
    patch.setattr(promotion, "_used_before", lambda *_: False)


def a_code_is_lost_on_the_way(patch: Patch) -> None:
    plain = Gateway.start_checkout
    patch.setattr(Gateway, "start_checkout", lambda self, **told: plain(self, **{**told, "promotion_id": None}))


def a_dispute_leaves_the_ledger_as_if_paid(patch: Patch) -> None:
    patch.setattr(money_heard, "_book", lambda *_: None)


def what_was_won_is_not_booked(patch: Patch) -> None:
    plain = ledger.book
    told_of = lambda session, kind, **told: kind == "dispute_won" or plain(session, kind, **told)  # noqa: E731
    patch.setattr(ledger, "book", told_of)


def a_disputed_charge_is_given_back(patch: Patch) -> None:
    patch.setattr(refunds, "_check_not_disputed", lambda *_: None)


def a_closed_dispute_stays_open(patch: Patch) -> None:
    patch.setattr(money_heard.rules, "DISPUTE_CLOSED", ())


PLANTED: list[tuple[Callable[[Town], list[str]], Callable[[Patch], None]]] = [
    (histories.asleep_over_a_charge, nothing_is_given_back),
    (histories.held_as_a_draft, no_gate_at_the_draft),
    (histories.held_between_retries, no_gate_at_the_draft),
    (histories.held_between_retries, invoices_stay_open),
    (histories.a_lost_answer, another_key_each_time),
    (histories.a_lost_answer_and_a_night, nobody_looks_first),
    (histories.two_refunds, promises_are_not_counted),
    (histories.told_in_the_wrong_order, payloads_are_believed),
    (histories.twice_and_compared, the_ledger_books_anew),
    (histories.twice_and_compared, a_receipt_for_each_message),
    (histories.killed_while_cancelling, settled_before_the_call),
    (histories.a_lost_job, nobody_sweeps),
    (histories.a_month_skipped, a_skip_without_end),
    (histories.a_lost_job, endings_are_not_told),
    (histories.an_older_charge_is_heard_of_last, older_charges_are_not_read),
    (histories.a_price_rises_and_nobody_answers, silence_is_a_yes),
    (histories.a_price_rises_and_silence_ends_it, silence_is_a_yes),
    (histories.a_price_rises_and_silence_ends_it, nobody_leaves),
    (histories.a_price_rises_soon_and_it_is_agreed_to, a_new_price_begins_at_once),
    (histories.a_price_rises_soon_and_it_is_agreed_to, no_thirty_days),
    (histories.a_code_on_the_pay_page, a_code_is_lost_on_the_way),
    (histories.a_code_and_then_the_same_again, a_code_is_forgotten),
    (histories.DISPUTED_AND_LOST, a_dispute_leaves_the_ledger_as_if_paid),
    (histories.DISPUTED_AND_LOST, a_disputed_charge_is_given_back),
    (histories.DISPUTED_AND_WON, what_was_won_is_not_booked),
    (histories.DISPUTED_AND_WON, a_closed_dispute_stays_open),
]


@pytest.mark.parametrize("history", dict.fromkeys(history for history, _ in PLANTED), ids=lambda one: one.__name__)
def test_without_a_mistake_nothing_is_wrong(history: Callable[[Town], list[str]], town: Town) -> None:
    assert history(town) == []


@pytest.mark.parametrize(
    ("history", "mistake"), PLANTED, ids=[f"{mistake.__name__}-{history.__name__}" for history, mistake in PLANTED]
)
def test_a_planted_mistake_is_noticed(
    history: Callable[[Town], list[str]], mistake: Callable[[Patch], None], town: Town, monkeypatch: Patch
) -> None:
    mistake(monkeypatch)
    try:
        found = history(town)
    except Exception as error:  # the database's own word is a notice too
        found = [type(error).__name__]
    assert found, "nobody noticed"
