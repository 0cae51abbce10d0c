"""dj-stripe beside ours on the same Postgres: messages stored and applied a second. Only when asked for (PEERS=1).

It is installed into an environment of its own, by pip as it is configured on this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from config.settings import HOUSE, Settings
from service.kit import db
from tests.bench import applied
from tests.bench.applied import KINDS, PROCESSES, Side
from tests.bench.frame import Result, compare
from tests.bench.servers import a_house
from tests.billing.stand_in import GOOD
from tests.billing.storm.pool import START
from tests.billing.storm.wire import Wire

NAME = "peers"
ONLY_WHEN_ASKED = True
PACKAGE = ("dj-stripe==2.11.0", "psycopg[binary]==3.3.9")
MEMBERS, PAIRS = 60, 7
SECRET = "whsec_bench"


def run() -> list[Result]:
    """Messages a second of ours and of dj-stripe, two processes each, in turns."""
    applied.MEMBERSHIPS = 400
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="homeward-peers-")))
        python = _installed()
        settings = stack.enter_context(a_house())
        applied._prepare(settings)
        told = folder / "told.json"
        told.write_text(json.dumps(_told(folder)))
        dj = Peer(python, _database(settings), told)
        ours, months = Side(applied._ours, settings), count(1)
        for _ in range(2):
            ours.measure(next(months)), dj.measure(next(months))
        found = compare(lambda: ours.measure(next(months)), lambda: dj.measure(next(months)), pairs=PAIRS)
        ours.end(), dj.end()
        db.configure(settings).dispose()
    return [
        Result(
            "message stored and applied : dj-stripe",
            found.ours,
            found.peer,
            found.ratio,
            "messages/s",
            n=found.n,
            spread=found.spread,
            note=f"{PACKAGE[0]}, {PROCESSES} processes each; it asks the database {dj.asked:.1f} times a message",
        )
    ]


def _installed() -> str:
    """Its own Python, with it installed."""
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "homeward-bench" / "dj-stripe"
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGE], check=True)
    return str(python)


def _database(settings: Settings) -> str:
    """Ours, as its owner: dj-stripe's tables lie beside ours in the same database."""
    assert settings.owner_database_url is not None
    return settings.owner_database_url.get_secret_value()


def _told(folder: Path) -> dict[str, Any]:
    """Members at the stand-in, every object of theirs by its id, and three messages about each."""
    wire, objects, events = Wire(folder / "stripe", START), {}, []
    with wire.connected():
        gateway = wire.gateway()
        gateway.ensure_price(name="Monthly membership", price_key="homeward_monthly", price_cents=25000)
        for number in range(MEMBERS):
            membership_id, checkout_id = UUID(int=number + 1), uuid4()
            customer = gateway.ensure_customer(membership_id=membership_id, key=f"cus:{membership_id}")
            page = gateway.start_checkout(
                customer_id=customer,
                membership_id=membership_id,
                checkout_id=checkout_id,
                price_key="homeward_monthly",
                price_cents=25000,
                expires_at=START.replace(hour=20),
                key=f"checkout:{membership_id}:1",
            )
            assert page.url is not None
            wire.browse(page.url, GOOD)
    kinds = ("customer", "product", "price", "subscription", "invoice", "charge", "payment_intent", "payment_method")
    for kind in kinds:
        objects |= {one["id"]: one for one in wire.objects(kind)}
    objects["account"] = {"id": "acct_1", "object": "account", "settings": {}, "metadata": {}}
    for subscription in wire.objects("subscription"):
        for kind in KINDS:
            about = subscription if kind.startswith("customer") else objects[subscription["latest_invoice"]]
            events.append(
                {
                    "object": "event",
                    "api_version": "2026-10-28.endive",
                    "created": int(START.timestamp()),
                    "data": {"object": about},
                    "livemode": False,
                    "pending_webhooks": 0,
                    "request": {"id": None, "idempotency_key": None},
                    "type": kind,
                }
            )
    wire.close()
    return {"objects": objects, "events": events}


class Peer:
    """Its processes, which live as long as the bench."""

    def __init__(self, python: str, database: str, told: Path) -> None:
        self.asked = 0.0
        self._children: list[subprocess.Popen[str]] = []
        for mine in range(PROCESSES):
            # Without its own folder on the path: our `queue` is not Python's.
            script = "tests/bench/beside/dj_stripe.py"
            command = [python, "-P", script, database, told, str(mine), str(PROCESSES), SECRET]
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, cwd=HOUSE
            )
            assert self._hear(child) == "up"
            self._children.append(child)

    def measure(self, month: int) -> float:
        """Messages a second of all processes."""
        for child in self._children:
            self._say(child, str(month))
        for child in self._children:
            assert self._hear(child) == "ready"
        began = time.perf_counter()
        for child in self._children:
            self._say(child, "go")
        answers = [json.loads(self._hear(child)) for child in self._children]
        took = time.perf_counter() - began
        number = sum(one[0] for one in answers)
        self.asked = sum(one[1] for one in answers) / number
        return float(number / took)

    def end(self) -> None:
        """They leave when nothing more comes."""
        for child in self._children:
            assert child.stdin is not None
            child.stdin.close()
            child.wait(10)

    @staticmethod
    def _say(child: subprocess.Popen[str], line: str) -> None:
        assert child.stdin is not None
        child.stdin.write(line + "\n")
        child.stdin.flush()

    @staticmethod
    def _hear(child: subprocess.Popen[str]) -> str:
        assert child.stdout is not None
        line = child.stdout.readline().strip()
        if not line:
            raise RuntimeError("dj-stripe ended")
        return line
