"""The stand-in's own business time, in whole seconds, which only moves forward.

The idea is that of docs.stripe.com/billing/testing/test-clocks. It ticks along with the wall; the sandbox may push
it ahead. Signatures and delivery retries live by the wall instead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Wall time plus an offset; stopped at a due moment while what is due there is done."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self._stopped_at: int | None = None

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time() + self.offset) if self._stopped_at is None else self._stopped_at

    def move_to(self, moment: int) -> None:
        """Tick on from `moment`. Raises ValueError when that is in the past."""
        if moment < self.now():
            raise ValueError("time only moves forward")
        self.offset = moment - time.time()

    @contextmanager
    def stopped_at(self, moment: int) -> Iterator[None]:
        """Everything inside happens at `moment`."""
        before, self._stopped_at = self._stopped_at, moment
        try:
            yield
        finally:
            self._stopped_at = before
