"""Verifying the audit trail: a million rows in one pass, in the memory that ten thousand need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

from service import migrations
from service.audit import actions
from service.kit import crypto, db, roles
from service.sandbox.postgres import running_postgres
from tests.bench.frame import Result

NAME = "audit"
FEW, MANY = 10_000, 1_000_000
AT_MOST = 1.1
RUNS = 2
PASSWORDS = roles.Passwords(owner="owner-bench", app="app-bench", audit="audit-bench")
KEY = bytes(range(32))
FILL = text(
    "INSERT INTO audit_entries"
    " (at, actor_kind, actor_id, action, subject_kind, subject_id, patient_id, reason, address, outcome)"
    " SELECT now() - interval '40 days' + n * interval '3 seconds', 'staff', gen_random_uuid(), 'record.view',"
    " 'membership', gen_random_uuid(), gen_random_uuid(), NULL, '192.0.2.' || n % 250, 'done'"
    " FROM generate_series(1, :n) n"
)
# A fresh process for each reading. Its peak from /proc: what getrusage says begins with the parent's at the fork.
CHILD = """
import json, pathlib, re, sys, time
from service.audit import actions
from service.kit import crypto
from service.kit.clock import wall_now
crypto.use(crypto.Keys(current="bench", seal={}, index=bytes(range(32))))
began = time.monotonic()
found = actions.verify(database_url=sys.argv[1], wall_now=wall_now())
took = time.monotonic() - began
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
print(json.dumps([peak, took, found.links, [finding.words for finding in found.findings]]))
"""


class Reading(NamedTuple):
    """One verification: its peak memory in KiB, and how long it took in seconds."""

    peak: int
    seconds: float


def run() -> list[Result]:
    """Fill a trail, seal it with the real sealer, verify it; then the same with a hundred times as many rows."""
    with ExitStack() as stack:
        server = stack.enter_context(running_postgres())
        few, _ = _readings(server.superuser_dsn(), "few", FEW)
        many, sealed_many = _readings(server.superuser_dsn(), "many", MANY)
    ratio = max(one.peak for one in many) / min(one.peak for one in few)
    seconds = min(one.seconds for one in many)
    note = f"{MANY:,} rows in {seconds:.0f} s ({MANY / seconds:,.0f}/s); sealed at {MANY / sealed_many:,.0f}/s"
    return [
        Result(
            what=f"audit verify: peak memory of {MANY:,} rows to {FEW:,}",
            ours=max(one.peak for one in many) / 1024,
            peer=min(one.peak for one in few) / 1024,
            ratio=ratio,
            unit="MiB",
            at_most=AT_MOST,
            n=RUNS,
            note=note,
        )
    ]


def _readings(superuser: str, name: str, rows: int) -> tuple[list[Reading], float]:
    """A database of its own with `rows` sealed entries, verified several times. Also how long sealing took."""
    roles.prepare(superuser, PASSWORDS, database=name)
    url = make_url(superuser).set(database=name)
    owner = url.set(username=roles.OWNER, password=PASSWORDS.owner).render_as_string(hide_password=False)
    app = url.set(username=roles.APP, password=PASSWORDS.app).render_as_string(hide_password=False)
    reader = url.set(username=roles.AUDIT, password=PASSWORDS.audit).render_as_string(hide_password=False)
    migrations.migrate(owner)
    hand = create_engine(url.set(drivername="postgresql+psycopg"))
    with hand.begin() as connection:
        connection.execute(FILL, {"n": rows})
    hand.dispose()
    took = _sealed(app, rows)
    return [_verified(reader, rows) for _ in range(RUNS)], took


def _sealed(app_url: str, rows: int) -> float:
    """Seal everything, as the app role. Returns the seconds."""
    crypto.use(crypto.Keys(current="bench", seal={}, index=KEY))
    engine = db.connect(app_url)
    db.bind(sessionmaker(engine, expire_on_commit=False))
    began, done = time.monotonic(), 0
    while done < rows:
        done += actions.seal(wall_now=datetime.now(UTC), batch=5000)
    took = time.monotonic() - began
    db.bind(None)
    engine.dispose()
    return took


def _verified(url: str, rows: int) -> Reading:
    answer = subprocess.run(
        [sys.executable, "-c", CHILD, url], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    peak, took, links, findings = json.loads(answer.stdout)
    if links != rows or findings:
        raise RuntimeError(f"the bench's own chain does not hold: {links} links, {findings[:3]}")
    return Reading(peak, took)
