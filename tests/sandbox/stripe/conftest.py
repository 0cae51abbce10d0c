"""One fresh stand-in for each test: time moves in most of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.stripe.harness import Shop, StandIn


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def standin(tmp_path: Path, shop: Shop) -> Iterator[StandIn]:
    standin = StandIn(tmp_path, shop, webhook_url=shop.open())
    standin.start()
    yield standin
    if standin.process.poll() is None:
        assert standin.stop() == 0
