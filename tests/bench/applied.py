"""Messages stored and applied, with a stub that answers the one question to Stripe, against the bare bound.

Two processes on each side, in turns, on the same Postgres. A membership is renewed: three messages tell of one month
and come in the same moment, as they do from Stripe, so that their jobs travel together (`kit.queue.Bell`). Beside it,
without a bound, what it costs where each comes alone: one call and one transaction a message.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from typing import Any, TypeAlias
from unittest.mock import patch
from uuid import UUID

import psycopg
import stripe
from sqlalchemy import select, text

from config.settings import Settings
from service.billing import actions
from service.billing.gateway import Gateway, InvoiceFacts, SubscriptionFacts
from service.billing.gateway.facts import LineFacts
from service.billing.models import StripeEvent
from service.catalog.queries import catalog
from service.kit import clock, crypto, db, queue
from service.kit.clock import wall_now
from service.kit.prepared import Prepared
from tests.bench import bare_apply
from tests.bench.frame import Result, compare
from tests.bench.servers import a_house
from tests.billing.storm import crowd

NAME = "applied"
AT_LEAST = 0.45
PROCESSES, MEMBERSHIPS, PAIRS, WARM = 2, 400, 15, 3
Signed: TypeAlias = tuple[bytes, str]  # a body and its signature
Handle: TypeAlias = Callable[[int, int, list[Signed]], None]  # what a membership's month tells
BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
MONTH = timedelta(days=30)
KINDS = ("customer.subscription.updated", "invoice.paid", "invoice.payment_succeeded")


def run() -> list[Result]:
    """Messages stored and applied a second."""
    with a_house() as settings:
        _prepare(settings)
        months = count(1)

        ours, alone, bare = Side(_ours, settings), Side(_alone, settings), Side(_bare, settings)
        for _ in range(WARM):
            for side in (ours, alone, bare):
                side.measure(next(months))
        _settle(settings)
        found = compare(lambda: ours.measure(next(months)), lambda: bare.measure(next(months)), pairs=PAIRS)
        single = compare(lambda: alone.measure(next(months)), lambda: bare.measure(next(months)), pairs=PAIRS)
        for side in (ours, alone, bare):
            side.end()
        statements, calls = _statements(settings, next(months))
        _check(settings)
    return [
        Result(
            "message stored and applied : verify, insert and six statements",
            found.ours,
            found.peer,
            found.ratio,
            "messages/s",
            at_least=AT_LEAST,
            n=found.n,
            spread=found.spread,
            note=f"{PROCESSES} processes; three messages a renewal; {statements:.1f} SQL commands and"
            f" {calls:.2f} calls to Stripe a message of ours",
        ),
        Result(
            "the same, each message alone : verify, insert and six statements",
            single.ours,
            single.peer,
            single.ratio,
            "messages/s",
            n=single.n,
            spread=single.spread,
            note="one call to Stripe a message",
        ),
    ]


def facts(number: int, month: int) -> SubscriptionFacts:
    """A membership in its `month`-th month, paid."""
    begins = BEGAN + MONTH * month
    paid = InvoiceFacts(
        id=f"in_{number}_{month}",
        subscription_id=crowd.subscription_id(number),
        status="paid",
        amount_due_cents=crowd.CENTS,
        amount_paid_cents=crowd.CENTS,
        issued_at=begins,
        paid_at=begins + timedelta(hours=1),
        attempts=1,
        number=f"HW-{number}-{month}",
        occasion="renewal",
        subtotal_cents=crowd.CENTS,
        payment_id=f"pi_{number}_{month}",
        lines=(LineFacts(f"il_{number}_{month}", "month", crowd.CENTS, begins, begins + MONTH),),
    )
    return SubscriptionFacts(
        id=crowd.subscription_id(number),
        customer_id=f"cus_{number}",
        membership_id=crowd.membership_id(number),
        status="active",
        price_key="homeward_monthly",
        price_cents=crowd.CENTS,
        period_starts_at=begins,
        period_ends_at=begins + MONTH,
        cancels_at_period_end=False,
        latest_invoice=paid,
        card_brand="visa",
        card_last4="4242",
    )


def messages(month: int, mine: int, secret: str) -> Iterator[tuple[int, list[Signed]]]:
    """(membership, its messages) of one process's share."""
    for number in range(mine, MEMBERSHIPS, PROCESSES):
        invoice = {"id": f"in_{number}_{month}", "object": "invoice", "filler": "x" * 2500}
        invoice["parent"] = {"subscription_details": {"subscription": crowd.subscription_id(number)}}  # type: ignore[assignment]
        subscription = {"id": crowd.subscription_id(number), "object": "subscription", "filler": "x" * 2500}
        told = []
        for kind in KINDS:
            event: dict[str, Any] = {
                "id": f"evt_{number}_{month}_{KINDS.index(kind)}",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": int(BEGAN.timestamp()),
                "data": {"object": subscription if kind.startswith("customer") else invoice},
                "livemode": False,
                "type": kind,
            }
            raw = json.dumps(event)
            told.append((raw.encode(), stripe.WebhookSignature.generate_signature_header(raw, secret)))
        yield number, told


class _Stub:
    """Answers the one question of a message, or of several about one subscription."""

    def __init__(self) -> None:
        self.month = self.asked = 0

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        self.asked += 1
        return facts(crowd.number_of(subscription_id), self.month)


class _Worker:
    """How we handle messages: in at the door, and out of the inbox."""

    def __init__(self, settings: Settings, most: int) -> None:
        """`most`: how many messages a job carries."""
        db.configure(settings)
        crypto.configure(settings)
        clock.use(wall_now)
        self._most, self._jobs, self.stub = most, [], _Stub()  # type: ignore[var-annotated]
        queue.use(self._jobs.append)
        self._gateway, self._rules = Gateway.from_settings(settings), catalog(settings.config_dir)

    def handle(self, number: int, month: int, told: list[Signed]) -> None:
        """Keep them, then do what the jobs say."""
        self.stub.month = month
        for raw, signature in told:
            notice = self._gateway.verify_webhook(raw, signature)
            actions.receive(notice=notice, body=raw.decode(), wall_now=wall_now())
        jobs = queue.gathered([job for job in self._jobs if job.name == "billing.handle_event"], self._most)
        self._jobs.clear()
        assert sum(self._do(job) for job in jobs) == len(told)

    def _do(self, job: queue.Job) -> int:
        known: dict[str, Any] = {
            "gateway": self.stub,
            "catalog": self._rules,
            "now": clock.now(),
            "wall_now": wall_now(),
        }
        if job.name == "billing.handle_event":
            return int(actions.handle_event(event_id=UUID(job.arguments["event_id"]), **known))
        return actions.handle_events(event_ids=[UUID(one["event_id"]) for one in job.arguments["many"]], **known)


def _ours(settings: Settings) -> Handle:
    return _Worker(settings, queue.Bell.MOST).handle


def _alone(settings: Settings) -> Handle:
    return _Worker(settings, 1).handle


def _bare(settings: Settings) -> Handle:
    secret, line = settings.stripe_webhook_secrets.get_secret_value(), psycopg.connect(_owner(settings))

    def handle(number: int, month: int, told: list[Signed]) -> None:
        for raw, signature in told:
            bare_apply.handle(line, raw, signature, secret, facts(number, month))

    return handle


class Side:
    """Processes that live as long as the bench, as workers do: what is compiled and prepared once stays so."""

    def __init__(self, opened: Callable[[Settings], Handle], settings: Settings) -> None:
        context = get_context("fork")
        self._lines: list[Any] = []
        for mine in range(PROCESSES):
            ours, theirs = context.Pipe()
            context.Process(target=self._live, args=(theirs, opened, settings, mine), daemon=True).start()
            self._lines.append(ours)

    @staticmethod
    def _live(line: Any, opened: Callable[[Settings], Handle], settings: Settings, mine: int) -> None:
        handle = opened(settings)
        while (month := line.recv()) is not None:
            told = list(messages(month, mine, settings.stripe_webhook_secrets.get_secret_value()))
            line.send("ready")
            line.recv()
            for number, several in told:
                handle(number, month, several)
            line.send(len(told) * len(KINDS))
        os._exit(0)

    def measure(self, month: int) -> float:
        """Messages a second of all processes, from the moment when the last of them is ready."""
        for line in self._lines:
            line.send(month)
        for line in self._lines:
            line.recv()
        began = time.perf_counter()
        for line in self._lines:
            line.send("go")
        number = sum(line.recv() for line in self._lines)
        return float(number / (time.perf_counter() - began))

    def end(self) -> None:
        for line in self._lines:
            line.send(None)


def _settle(settings: Settings) -> None:
    """As autovacuum leaves the tables of a database that has lived for a minute: plans made for empty ones are gone."""
    with psycopg.connect(_owner(settings), autocommit=True) as line:
        line.execute("VACUUM (ANALYZE)")


def _owner(settings: Settings) -> str:
    assert settings.owner_database_url is not None
    return settings.owner_database_url.get_secret_value()


def _prepare(settings: Settings) -> None:
    engine = db.configure(settings)
    crypto.configure(settings)
    crowd.fill(MEMBERSHIPS)
    with db.transaction() as session:
        session.execute(text("UPDATE memberships SET status = 'active', activated_at = :now"), {"now": BEGAN})
    engine.dispose()
    with psycopg.connect(_owner(settings)) as line:
        line.execute(bare_apply.TABLES)
        line.execute(
            "INSERT INTO bare_memberships SELECT 'sub_' || n, 'active', now(), 25000 FROM generate_series(0, %s) n",
            (MEMBERSHIPS,),
        )


def _statements(settings: Settings, month: int) -> tuple[float, float]:
    """SQL commands and calls to Stripe a message; BEGIN and COMMIT are none."""
    told = list(messages(month, 0, settings.stripe_webhook_secrets.get_secret_value()))
    worker, seen = _Worker(settings, queue.Bell.MOST), [0]
    with _counting(seen):
        for number, several in told:
            worker.handle(number, month, several)
    number = len(told) * len(KINDS)
    return seen[0] / number, worker.stub.asked / number


@contextmanager
def _counting(seen: list[int]) -> Iterator[None]:
    """Both ways to Postgres: the driver's, and the one past it."""
    plain, past = psycopg.Cursor.execute, Prepared.send

    def execute(self: Any, *arguments: Any, **options: Any) -> Any:
        seen[0] += 1
        return plain(self, *arguments, **options)

    def send(self: Any, *arguments: Any) -> Any:
        seen[0] += 1
        return past(self, *arguments)

    with patch.object(psycopg.Cursor, "execute", execute), patch.object(Prepared, "send", send):
        yield


def _check(settings: Settings) -> None:
    """Fast and wrong would be no measure: every month of every membership is booked, once."""
    engine = db.configure(settings)
    with db.reading() as session:
        left = session.scalars(select(StripeEvent.last_error).where(StripeEvent.handled_at.is_(None))).all()
        assert not left, left[:3]
        number = session.scalar(text("SELECT count(*) FROM stripe_events"))
        booked = session.scalar(text("SELECT count(*) FROM ledger_entries"))
        mails = session.scalar(text("SELECT count(*) FROM outbox WHERE template = 'payment_receipt'"))
        assert number == 3 * (booked or 0) == 3 * (mails or 0) > 0, (number, booked, mails)
    engine.dispose()
