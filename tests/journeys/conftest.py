"""One sandbox for each file that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.live import Live, a_sandbox


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A whole sandbox with its demo people, at 10 AM on Monday, 23 November 2026."""
    with a_sandbox(tmp_path_factory.mktemp("sandbox")) as live:
        yield live
