"""One night's comparison in a fresh process: `python -m tests.bench.night_child DATABASE_URL MEMBERS` says its peak."""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from service.billing import actions
from service.billing.gateway import InvoiceFacts, RefundFacts, SubscriptionFacts
from service.billing.models import Comparison
from service.kit import db
from tests.bench import members
from tests.bench.clinic import NOW

PAGE = 100


class Listed:
    """Stripe's lists, by page, made as they are asked for: what is measured is ours."""

    def __init__(self, size: int) -> None:
        self._size = size

    def _page(self, after: str | None) -> tuple[range, bool]:
        first = int(after.split("_")[1]) + 1 if after else 1
        last = min(first + PAGE - 1, self._size)
        return range(first, last + 1), last < self._size

    def list_subscriptions(self, after: str | None = None) -> tuple[list[SubscriptionFacts], str | None]:
        numbers, more = self._page(after)
        return [members.subscription(number) for number in numbers], f"sub_{numbers[-1]}" if more else None

    def list_charges(self, since: datetime, after: str | None = None) -> tuple[list[InvoiceFacts], str | None]:
        numbers, more = self._page(after)
        return [members.charge(number) for number in numbers], f"in_{numbers[-1]}" if more else None

    def list_given_back(self, since: datetime, after: str | None = None) -> tuple[list[RefundFacts], str | None]:
        return [], None


def main() -> None:
    """Compare all, and print peak memory in KiB, seconds, and what the comparison says of itself."""
    url, size = sys.argv[1], int(sys.argv[2])
    db.bind(sessionmaker(db.connect(url), expire_on_commit=False))
    began = time.monotonic()
    done = actions.compare_all(gateway=Listed(size), now=NOW + timedelta(hours=12), seconds=None)  # type: ignore[arg-type]
    took = time.monotonic() - began
    with db.reading() as session:
        run = session.scalars(select(Comparison)).one()
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # type: ignore[index]
    sys.stdout.write(json.dumps([done, peak, took, run.seen, run.differing, run.failed]))


if __name__ == "__main__":
    main()
