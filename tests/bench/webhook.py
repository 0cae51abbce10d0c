"""Webhook intake over HTTP, signature checked and committed, against a bare view; and while Stripe is slow."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import redis

from config.settings import Settings, as_environment
from service.billing.gateway import Gateway
from tests.bench import bare_hook
from tests.bench.frame import Result, compare
from tests.bench.load import load_signed
from tests.bench.servers import a_house, serving
from tests.bench.slow_stripe import answering_after

NAME = "webhook"
AT_LEAST, AT_MOST = 0.6, 1.10
SECONDS = 2.0
PAIRS, SLOW_PAIRS = 15, 7
SLOW = 0.15
PATH = "/webhooks/stripe"


def run() -> list[Result]:
    """Messages per second, in pairs; then milliseconds a message, with a Stripe that is slow and one that is not."""
    with ExitStack() as stack:
        settings = stack.enter_context(a_house())
        secret = settings.stripe_webhook_secrets.get_secret_value()
        owner = settings.owner_database_url
        assert owner is not None
        with psycopg.connect(owner.get_secret_value()) as line:
            line.execute(bare_hook.TABLE)
        beside = {"BARE_DATABASE_URL": owner.get_secret_value(), "BARE_SECRET": secret}
        bare = stack.enter_context(serving("tests.bench.bare_hook:app", {**os.environ, **beside}))
        plain = settings.model_copy(update={"owner_database_url": None})
        ours = stack.enter_context(serving("service.app:create_app()", as_environment(plain)))
        quick = stack.enter_context(_ours(settings, 0.0))
        slow = stack.enter_context(_ours(settings, SLOW))

        def kept(port: int) -> float:
            _forget(settings)
            return load_signed(port, "/hook" if port == bare else PATH, message(), secret, SECONDS)

        for port in (bare, ours, quick, slow):
            patience = time.monotonic() + 120
            while not kept(port):  # it listens before it has read itself in
                assert time.monotonic() < patience, "a server does not answer"
            kept(port)
        found = compare(lambda: kept(ours), lambda: kept(bare), pairs=PAIRS)
        waits = compare(lambda: 1000 / kept(slow), lambda: 1000 / kept(quick), pairs=SLOW_PAIRS)
        number = _all_are_there(settings)
    return [
        Result(
            "webhook kept : a bare view that verifies and inserts",
            found.ours,
            found.peer,
            found.ratio,
            "messages/s",
            at_least=AT_LEAST,
            n=found.n,
            spread=found.spread,
            note=f"{number:,} messages kept; ours also reads what it is about, seals it and sends the job",
        ),
        Result(
            "webhook kept, Stripe answers in 150 ms : at once",
            waits.ours,
            waits.peer,
            waits.ratio,
            "ms",
            at_most=AT_MOST,
            n=waits.n,
            spread=waits.spread,
        ),
    ]


def message() -> str:
    """A message of the usual size: a subscription as Stripe shows it."""
    price = {"id": "price_1", "object": "price", "currency": "usd", "unit_amount": 25000, "type": "recurring"}
    item = {"id": "si_1", "object": "subscription_item", "current_period_end": 1, "price": price, "quantity": 1}
    subscription = {
        "id": "sub_NUMBER",
        "object": "subscription",
        "status": "active",
        "items": {"object": "list", "data": [item], "has_more": False},
        "metadata": {"membership": "01901234-0000-7000-8000-000000000000"},
        "filler": "x" * 2500,
    }
    return json.dumps(
        {
            "id": "evt_NUMBER",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "data": {"object": subscription},
            "livemode": False,
            "type": "customer.subscription.updated",
        }
    )


@contextmanager
def _ours(settings: Settings, stripe_answers_after: float) -> Iterator[int]:
    """Our application, whose Stripe takes its time. Production would speak to nobody but Stripe itself."""
    with answering_after(stripe_answers_after) as stripe:
        elsewhere = {"owner_database_url": None, "stripe_url": stripe, "environment": "test"}
        changed = settings.model_copy(update=elsewhere)
        _takes(changed, stripe_answers_after)
        with serving("service.app:create_app()", as_environment(changed)) as port:
            yield port


def _takes(settings: Settings, seconds: float) -> None:
    """Does this Stripe take as long as we say? Else the comparison compares nothing."""
    gateway, began = Gateway.from_settings(settings), time.perf_counter()
    gateway.list_subscriptions()
    assert time.perf_counter() - began >= seconds


def _forget(settings: Settings) -> None:
    """Nobody takes the jobs away here, so that both sides have the machine to themselves; they must not pile up."""
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as line:
        line.flushall()


def _all_are_there(settings: Settings) -> int:
    assert settings.owner_database_url is not None
    with psycopg.connect(settings.owner_database_url.get_secret_value()) as line:
        found = line.execute("SELECT count(*), count(DISTINCT stripe_event_id) FROM stripe_events").fetchone()
    assert found is not None
    assert found[0] == found[1] > 0
    return int(found[0])
