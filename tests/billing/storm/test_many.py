"""900 memberships, 20 % of the messages twice, all of them shuffled, 12 workers, kill -9 on the way: 0 wrong."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from sqlalchemy import func, select, update

from config.settings import HOUSE, as_environment
from service.audit.models import AuditEntry
from service.billing import actions
from service.billing.gateway import Gateway
from service.billing.models import Invoice, LedgerEntry, Membership, StripeEvent
from service.kit import db, queue
from service.kit.clock import wall_now
from service.mail.models import OutboxMessage
from service.sandbox.child import end, spawn
from service.sandbox.redis import running_redis
from tests.billing.stand_in import SECRET
from tests.billing.storm import crowd
from tests.billing.storm.crowd import STORY, Truth
from tests.conftest import House, role_url

MEMBERSHIPS, WORKERS, TWICE = 900, 12, 0.2
SEED = 20261121
KILL_EACH = 500  # messages
ORDER = [step.status for step in STORY]


def last(number: int) -> int:
    """The last step of a membership's story: one in ten ends."""
    return len(STORY) - (1 if number % 10 == 0 else 2)


@contextmanager
def celery(environ: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Twelve real worker processes."""
    command = [sys.executable, "-m", "celery", "-A", "tests.billing.storm.celery_app", "-q", "worker"]
    command += ["-c", str(WORKERS), "-Q", "billing", "--without-mingle", "--without-gossip", "-l", "WARNING"]
    with (folder / "worker.log").open("ab") as output:
        worker = spawn(command, death_signal=signal.SIGTERM, environ=environ, output=output, cwd=HOUSE)
    try:
        yield worker
    finally:
        end(worker, signal.SIGTERM)


def children(parent: int) -> list[int]:
    """The processes of a pool."""
    found = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in found.read_text().split()] if found.exists() else []


def story(draw: random.Random, truth: Truth) -> Iterator[bytes]:
    """Everything that happens at Stripe, and its messages in any order: each long after, or at once, and some twice."""
    coming = [number for number in range(MEMBERSHIPS) for _ in STORY[1 : last(number) + 1]]
    draw.shuffle(coming)
    waiting = [crowd.an_event(number, 0) for number in range(MEMBERSHIPS)]
    for number in coming:
        truth[number] += 1
        waiting.append(crowd.an_event(number, truth[number]))
        place = draw.randrange(len(waiting))
        waiting[place], waiting[-1] = waiting[-1], waiting[place]
        yield waiting[-1] if draw.random() < TWICE else waiting.pop()
    draw.shuffle(waiting)
    yield from waiting


@pytest.mark.slow
def test_nine_hundred_memberships_come_out_right_though_workers_are_killed(committed: House, tmp_path: Path) -> None:
    draw, truth = random.Random(SEED), Truth(tmp_path / "truth", MEMBERSHIPS)
    crowd.fill(MEMBERSHIPS)
    with running_redis() as redis:
        address = {"database_url": role_url("app", str(_name())), "redis_url": redis.url, "log_level": "WARNING"}
        settings = committed.settings.model_validate({**committed.settings.model_dump(), **address})
        environ = {**os.environ, **as_environment(settings), "HOMEWARD_STORM_TRUTH": str(tmp_path / "truth")}
        queue.configure(settings)
        gateway = Gateway.from_settings(settings)
        with celery(environ, tmp_path) as worker:
            _until(lambda: len(children(worker.pid)) == WORKERS, "the workers do not start")
            for said, raw in enumerate(story(draw, truth), 1):
                signature = stripe.WebhookSignature.generate_signature_header(raw.decode(), SECRET, int(time.time()))
                notice = gateway.verify_webhook(raw, signature)
                actions.receive(notice=notice, body=raw.decode(), wall_now=wall_now())
                if said % KILL_EACH == 0:
                    os.kill(draw.choice(children(worker.pid)), signal.SIGKILL)
            _until_quiet()
    assert wrong(truth) == []


def _name() -> str:
    with db.reading() as session:
        return str(session.scalar(select(func.current_database())))


def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 180
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


def _until_quiet() -> None:
    """What a killed worker took along is found by the sweeper, whose time is brought forward."""

    def quiet() -> bool:
        waiting = StripeEvent.handled_at.is_(None)
        with db.transaction() as session:
            left = session.scalar(select(func.count()).where(waiting)) or 0
            if 0 < left < WORKERS * 2:  # the queue is empty but for what was lost
                session.execute(update(StripeEvent).where(waiting).values(try_at=wall_now()))
                queue.enqueue(session, "billing.sweep_events")
        return left == 0

    _until(quiet, "messages are left lying")


def wrong(truth: Truth) -> list[str]:
    """Every membership that is not what Stripe says, was booked wrongly, or was told something twice."""
    found: list[str] = []
    with db.reading() as session:
        rows = {row.stripe_subscription_id: row for row in session.scalars(select(Membership))}
        invoices: dict[Any, dict[str, str]] = {}
        for row in session.execute(select(Invoice.membership_id, Invoice.stripe_invoice_id, Invoice.status)):
            invoices.setdefault(row.membership_id, {})[row.stripe_invoice_id] = row.status
        books = select(LedgerEntry.membership_id, func.sum(LedgerEntry.amount_cents))
        ledger: dict[Any, int] = dict(session.execute(books.group_by(LedgerEntry.membership_id)).all())  # type: ignore[arg-type]
        keys = list(session.scalars(select(OutboxMessage.message_key)))
        passed: dict[Any, list[str]] = {}
        moves = select(AuditEntry.subject_id, AuditEntry.action).where(AuditEntry.subject_kind == "membership")
        for row in session.execute(moves.order_by(AuditEntry.id)):
            passed.setdefault(row.subject_id, []).append(row.action.removeprefix("membership."))
    mails = Counter(key.split(":")[0] for key in keys)
    for number in range(MEMBERSHIPS):
        row = rows[crowd.subscription_id(number)]
        told = STORY[truth[number]]
        if row.status != told.status:
            found.append(f"{number} is {row.status} and {told.status} at Stripe")
        theirs = {f"in_{number}_{month}": status for month, (status, _) in enumerate(told.invoices)}
        if invoices.get(row.id) != theirs:
            found.append(f"{number}: invoices {invoices.get(row.id)}, {theirs} at Stripe")
        paid = sum(crowd.CENTS for status, _ in told.invoices if status == "paid")
        if ledger.get(row.id, 0) != paid:
            found.append(f"{number}: {ledger.get(row.id, 0)} cents booked, {paid} paid")
        if not in_order(passed.get(row.id, [])):
            found.append(f"{number} went back: {passed[row.id]}")
        if row.status == "active" and row.activated_at is None:
            found.append(f"{number}: care did not begin")
    began = [row for row in rows.values() if row.activated_at is not None]
    ended = [row for row in began if row.status == "ended"]
    expected = {"membership_started": len(began), "receipt": 2 * MEMBERSHIPS, "membership_ended": len(ended)}
    found += [f"{mails[key]} mails {key} instead of {n}" for key, n in expected.items() if mails[key] != n]
    return found


def in_order(passed: list[str]) -> bool:
    """Did a membership only ever go forward in its story? It may pass over what it never saw."""
    place = 0
    for status in (word for word in passed if word in ORDER):
        if status not in ORDER[place:]:
            return False
        place = ORDER.index(status, place) + 1
    return True
