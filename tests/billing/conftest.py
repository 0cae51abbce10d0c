"""Stripe's stand-in for these tests: one for most, a fresh one where time passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog
from tests.billing.stand_in import StandIn, running

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # as the house


@pytest.fixture(scope="session")
def shared_stand_in(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[StandIn]:
    """Stripe at the house's start. Nobody moves its clock."""
    with running(tmp_path_factory.mktemp("stripe"), START, catalog) as stand_in:
        yield stand_in


@pytest.fixture
def stripe(shared_stand_in: StandIn) -> StandIn:
    """Stripe with nothing on its way."""
    shared_stand_in.messages()
    shared_stand_in.is_well()
    return shared_stand_in


@pytest.fixture
def moving_stripe(tmp_path: Path, catalog: Catalog) -> Iterator[StandIn]:
    """A Stripe of one's own, whose clock may be moved."""
    with running(tmp_path, START, catalog) as stand_in:
        yield stand_in


@pytest.fixture
def gateway(stripe: StandIn) -> Gateway:
    """The gateway to it."""
    return stripe.gateway()
