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
from service.billing.actions import events, hearing, intents
from service.billing.actions.desk import refunds
from service.billing.actions.stops import judge
from service.billing.actions.sync import drafts, effects
from service.billing.gateway import Gateway, reading
from service.billing.models import Intent, StripeEvent
from service.billing.writes import ledger
from service.billing.writes import refunds as promises
from service.kit import crypto, db
from service.kit.ids import new_id
from service.mail import writes as mail
from tests.billing.stand_in import FAILS_LATER, GOOD
from tests.billing.storm.at_stripe import charged, subscriptions_of
from tests.billing.storm.doing import DAY, HOUR
from tests.billing.storm.pool import Pool, a_pool
from tests.billing.storm.town import Town, a_town
from tests.billing.storm.truths import wrongs

Patch = pytest.MonkeyPatch
performing = import_module("service.billing.actions.intents.perform")  # its package has a function of that name
A_MOMENT = timedelta(minutes=10)


@pytest.fixture(scope="module")
def pool(settings: Settings, database: str) -> Pool:
    return a_pool(settings, database, people=1)


@pytest.fixture
def town(pool: Pool, tmp_path: Path) -> Iterator[Town]:
    with a_town(pool, f"{pool.name}_planted", tmp_path) as town:
        yield town


def begin(town: Town, card: str = GOOD) -> None:
    (one,) = town.people
    town.starts(one)
    town.pays(one, card)
    town.comes_back(one)
    town.look_after()


# Histories: each ends with what is wrong.


def asleep_over_a_charge(town: Town) -> list[str]:
    """A hold, and no worker is there when Stripe renews."""
    begin(town)
    town.live(25 * DAY)
    town.hold(town.people[0])
    town.sleep(7 * DAY)
    town.settle()
    return wrongs(town)


def held_as_a_draft(town: Town) -> list[str]:
    """A hold between draft and finalise, with everybody at work: nothing may even be charged."""
    begin(town)
    town.to_next_charge(town.people[0], A_MOMENT)
    town.hold(town.people[0])
    town.settle()
    return wrongs(town) + collected_while_held(town)


def held_between_retries(town: Town) -> list[str]:
    """A card that fails, a hold after the first try, and a bank that says yes again."""
    begin(town, FAILS_LATER)
    town.to_next_charge(town.people[0], 2 * HOUR)
    town.hold(town.people[0])
    town.live(HOUR)
    town.wire.mend_cards()
    town.settle()
    return wrongs(town) + collected_while_held(town)


def collected_while_held(town: Town) -> list[str]:
    (one,) = town.people
    paid = [invoice for found in subscriptions_of(town, one) for invoice in charged(town, found)]
    return [f"{len(paid) - 1} charges were collected on hold"] if len(paid) > 1 else []


def a_lost_answer(town: Town) -> list[str]:
    """A refund that Stripe made, and whose answer never came: asked again."""
    begin(town)
    town.wire.trouble("timeout", 1, method="POST", path="/v1/refunds")
    town.tries(lambda: town.refunds(town.people[0], 0.3, decides=True))
    town.settle()
    return wrongs(town)


def a_lost_answer_and_a_night(town: Town) -> list[str]:
    """The same, and nobody is at work until its key serves no longer."""
    begin(town)
    town.wire.trouble("timeout", 4, method="POST", path="/v1/refunds")
    town.tries(lambda: town.refunds(town.people[0], 0.3, decides=True))
    town.sleep(5 * HOUR)
    town.settle()
    return wrongs(town)


def two_refunds(town: Town) -> list[str]:
    """Nearly all of a payment, by two of the staff who looked at the same moment."""
    begin(town)
    row = town.membership(town.people[0])
    assert row is not None
    (invoice,) = town.invoices(row.id)
    for cents, actor in ((22_500, town.pool.owner), (20_000, town.pool.other_owner)):
        told = {"membership_id": row.id, "invoice_id": invoice.id, "amount_cents": cents, "left_cents": 25_000}
        told |= {"reason": "goodwill", "note": "", "actor": actor}
        town.tries(lambda told=told: town.call(refunds.ask_refund, **told))  # type: ignore[misc]
    town.settle()
    return wrongs(town)


def told_in_the_wrong_order(town: Town) -> list[str]:
    """Cancelled, and undone; the messages come latest first, and nobody compares yet."""
    begin(town)
    for name in ("cancel", "undo_cancel"):
        town.wishes(town.people[0], name)
    town.collect()
    town.bag.reverse()
    town.deliver()
    town.work()
    return wrongs(town)


def twice_and_compared(town: Town) -> list[str]:
    """Everything is told twice, and compared as well."""
    begin(town)
    town.to_next_charge(town.people[0], DAY)
    town.deliver(seed=3, twice=1.0)
    town.settle()
    return wrongs(town)


def killed_while_cancelling(town: Town) -> list[str]:
    """The web is killed just before Stripe hears of it."""
    begin(town)
    for seams in range(1, 7):
        town.killed_after(seams, lambda: town.wishes(town.people[0], "cancel"))
        town.settle()
        if found := wrongs(town) or not_heard(town):
            return found
        town.tries(lambda: town.wishes(town.people[0], "undo_cancel"))
    return []


def not_heard(town: Town) -> list[str]:
    """What is done as we have it is done at Stripe as well."""
    with db.reading() as session:
        latest = session.scalars(select(Intent).order_by(Intent.meant_at.desc())).first()
    (subscription,) = subscriptions_of(town, town.people[0])
    if latest is not None and latest.kind == "cancel" and latest.status == "done":
        return [] if subscription["cancel_at_period_end"] else ["a wish to cancel is done here, and unheard at Stripe"]
    return []


def a_lost_job(town: Town) -> list[str]:
    """Redis forgets every job."""
    begin(town)
    town.wishes(town.people[0], "cancel")
    town.deliver()
    town.work(lost=1.0)
    town.settle()
    return wrongs(town)


def a_month_skipped(town: Town) -> list[str]:
    """One month is left out, and the one after it is charged."""
    begin(town)
    town.wishes(town.people[0], "skip", months=1)
    town.live(65 * DAY)
    (subscription,) = subscriptions_of(town, town.people[0])
    paid = len(charged(town, subscription))
    return wrongs(town) + ([] if paid == 2 else [f"{paid} months are paid where 2 are right"])


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


PLANTED: list[tuple[Callable[[Town], list[str]], Callable[[Patch], None]]] = [
    (asleep_over_a_charge, nothing_is_given_back),
    (held_as_a_draft, no_gate_at_the_draft),
    (held_between_retries, no_gate_at_the_draft),
    (held_between_retries, invoices_stay_open),
    (a_lost_answer, another_key_each_time),
    (a_lost_answer_and_a_night, nobody_looks_first),
    (two_refunds, promises_are_not_counted),
    (told_in_the_wrong_order, payloads_are_believed),
    (twice_and_compared, the_ledger_books_anew),
    (twice_and_compared, a_receipt_for_each_message),
    (killed_while_cancelling, settled_before_the_call),
    (a_lost_job, nobody_sweeps),
    (a_month_skipped, a_skip_without_end),
    (a_lost_job, endings_are_not_told),
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
