"""What somebody wishes of a membership: kept with its key before Stripe hears it, so that a retry is the same call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal
from uuid import UUID

from service.billing import rules, writes
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.models import Membership
from service.kit import db
from service.kit.ids import new_id


def note(row: Membership, wish: Literal["cancel", "undo_cancel", "resume"], now: datetime) -> UUID:
    """The id of this wish on a locked row: the one kept, or a new one where none serves.

    Stripe replays its failures under their key too, so a wish is not repeated for ever but made anew.
    """
    fresh = row.wished_at is not None and now - row.wished_at <= rules.REPLAY_FOR
    if row.wish != wish or row.wish_id is None or not fresh:
        row.wish, row.wish_id, row.wished_at = wish, new_id(), now
    return row.wish_id


@contextmanager
def asking(membership_id: UUID, wish_id: UUID) -> Iterator[None]:
    """Around the call. After a clear no the wish is forgotten: the next try is a new one, under a new key."""
    try:
        yield
    except (Bug, Declined, NeedsAction):
        with db.transaction() as session:
            row = writes.locked_membership(session, membership_id)
            if row is not None and row.wish_id == wish_id:
                row.wish = row.wish_id = row.wished_at = None
        raise
