"""A storm, and afterwards everything is as it must be.

`HOMEWARD_STORM=2000 make test ARGS="tests/billing/storm/test_storm.py -s"` runs so many storms, at random; without it
a bounded number, the same each time.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from config.settings import Settings
from tests.billing.storm.machine import Storm
from tests.billing.storm.pool import Pool, a_pool

MANY = int(os.environ.get("HOMEWARD_STORM", "0"))
FEW, STEPS = 30, 25


@pytest.fixture(scope="module")
def pool(settings: Settings, database: str) -> Pool:
    return a_pool(settings, database)


@pytest.mark.slow
def test_after_the_storm_everything_is_as_it_must_be(pool: Pool, tmp_path: Path) -> None:
    Storm.pool, Storm.folder = pool, tmp_path
    chosen = settings(
        max_examples=MANY or FEW,
        stateful_step_count=STEPS,
        derandomize=not MANY,
        database=None,
        deadline=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink) if MANY else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Storm, settings=chosen)
