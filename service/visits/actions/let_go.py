"""Times that were kept for somebody and not booked are open to everybody again."""

from __future__ import annotations

from datetime import datetime

from service.kit import db
from service.visits import writes


def let_go_expired(*, now: datetime, limit: int = 100) -> int:
    """Let go of holds whose ten minutes are over. Returns how many; when there is none it is one index probe.

    Nobody waits for this: whoever wants such a place lets it go themselves. It keeps the table true.
    """
    with db.transaction() as session:
        return writes.let_go_expired(session, now, limit)
