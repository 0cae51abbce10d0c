"""The nightly comparison with Stripe: a hundred thousand memberships in the memory that a thousand need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

from config.settings import HOUSE
from service.sandbox.postgres import running_postgres
from tests.bench.frame import Result
from tests.bench.members import with_members

NAME = "night"
FEW, MANY = 1_000, 100_000
AT_MOST = 1.1


class Reading(NamedTuple):
    """One night: peak memory in KiB, seconds, and how much was compared."""

    peak: int
    seconds: float
    seen: int


def run() -> list[Result]:
    """A night with few and one with many, each in a process of its own."""
    with running_postgres() as server:
        few, many = (_night(with_members(server.superuser_dsn(), f"night_{size}", size), size) for size in (FEW, MANY))
    return [
        Result(
            f"nightly comparison: peak memory of {MANY:,} memberships to {FEW:,}",
            many.peak / 1024,
            few.peak / 1024,
            many.peak / few.peak,
            "MiB",
            at_most=AT_MOST,
            note=f"{many.seen:,} objects in {many.seconds:.0f} s; Stripe's lists are made as they are asked for",
        )
    ]


def _night(url: str, size: int) -> Reading:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.night_child", url, str(size)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
        cwd=HOUSE,
    )
    done, peak, took, seen, differing, failed = json.loads(answer.stdout.strip().splitlines()[-1])
    if not done or differing or failed or seen < size:
        raise RuntimeError(f"the night is not as it should be: {done=} {seen=} {differing=} {failed=}")
    return Reading(peak, took, seen)
