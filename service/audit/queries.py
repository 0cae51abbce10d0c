"""The chain as it stands: its head, what waits to be sealed, and every link in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, exists, func, select, text
from sqlalchemy.orm import Session

from service.audit.models import AuditCheckpoint, AuditEntry, AuditLink
from service.audit.rules.chain import NOTHING, Entry, Head

LOOK_BACK = timedelta(minutes=10)  # a transaction lives for seconds: nothing older can still appear
ANCHORED_WITHIN = timedelta(days=3)  # an older anchor is as good as none
ANCHOR_DUE = timedelta(hours=26)  # one a day, and a tick or two to be late
COLUMNS = tuple(getattr(AuditEntry, name) for name in Entry._fields)


@dataclass(frozen=True, slots=True)
class Newest:
    """The chain's head, and how far back an entry may lie that is not yet in it (None: anything may)."""

    head: Head
    since: datetime | None
    sealed_at: datetime | None = None


def newest(session: Session, look_back: timedelta = LOOK_BACK) -> Newest:
    """The last link; before the first, the last checkpoint."""
    row = session.execute(
        select(AuditLink.position, AuditLink.hash, AuditLink.sealed_at, AuditEntry.at)
        .join(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .order_by(AuditLink.position.desc())
        .limit(1)
    ).one_or_none()
    if row is not None:
        # The earlier of the two: a machine whose clock runs ahead must not hide what others write.
        return Newest(Head(row.position, bytes(row.hash)), min(row.at, row.sealed_at) - look_back, row.sealed_at)
    last = session.execute(
        select(AuditCheckpoint.position, AuditCheckpoint.hash).order_by(AuditCheckpoint.position.desc()).limit(1)
    ).one_or_none()
    return Newest(Head(last.position, bytes(last.hash)) if last else NOTHING, None)


def _unsealed(since: datetime | None, *columns: Any) -> Select[Any]:
    if since is None:  # the whole trail: one pass over both tables
        return select(*columns).where(~exists().where(AuditLink.entry_id == AuditEntry.id))
    # A subquery with a limit is asked entry by entry. An anti-join may be turned round: statistics taken while a
    # table was being filled said "no links", and then every link was read for thirty entries.
    link = select(AuditLink.position).where(AuditLink.entry_id == AuditEntry.id).limit(1).scalar_subquery()
    return select(*columns).where(AuditEntry.at >= since, link.is_(None))


def read_only_the_window(session: Session) -> None:
    """For the rest of the transaction, walk the index from the window's start, whatever the statistics say: a plan
    that reads the whole trail is right today and wrong with a million rows."""
    session.execute(
        text(
            "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
            " set_config('enable_mergejoin', 'off', true)"
        )
    )


def unsealed(session: Session, since: datetime | None, limit: int) -> list[Entry]:
    """The oldest entries from `since` on that are in no link, in the order of their ids."""
    query = _unsealed(since, *COLUMNS).order_by(AuditEntry.at, AuditEntry.id).limit(limit)
    return sorted(Entry(*row) for row in session.execute(query))


def oldest_unsealed(session: Session, since: datetime | None, before: datetime) -> datetime | None:
    """When the oldest entry was written that is in no link, though it is from before `before`."""
    query = _unsealed(since, AuditEntry.at).where(AuditEntry.at < before).order_by(AuditEntry.at).limit(1)
    found: datetime | None = session.scalar(query)
    return found


def never_sealed(connection: Connection, before: datetime) -> tuple[int, int | None]:
    """How many entries from before `before` are in no link, and the first one's id. Reads the whole trail."""
    row = connection.execute(_unsealed(None, func.count(), func.min(AuditEntry.id)).where(AuditEntry.at < before)).one()
    return row[0], row[1]


def checkpoints(connection: Connection) -> list[Row[int, bytes, int, datetime, bytes]]:
    """Where purges ended, the oldest first."""
    table = AuditCheckpoint.__table__.c
    return list(
        connection.execute(
            select(table.position, table.hash, table.removed, table.made_at, table.signature).order_by(table.position)
        )
    )


def links(connection: Connection, at_once: int) -> Iterator[tuple[int, bytes, int, Entry | None]]:
    """Every link in order with its entry, through a cursor that stays in the database: `at_once` rows are here."""
    query = (
        select(AuditLink.position, AuditLink.hash, AuditLink.entry_id, *COLUMNS)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .order_by(AuditLink.position)
    )
    for row in connection.execution_options(yield_per=at_once).execute(query):
        yield row[0], bytes(row[1]), row[2], (Entry(*row[3:]) if row[3] is not None else None)


def counted(session: Session) -> int:
    """How many links stand, by the places of the first and the last: the chain has no gaps, or `verify` names them."""
    first, last = session.execute(select(func.min(AuditLink.position), func.max(AuditLink.position))).one()
    return last - first + 1 if last is not None else 0


def stands(session: Session, position: int, hash_: bytes) -> bool:
    """Is `hash_` still what stands at `position`? Where a purge has removed it, the signed checkpoint speaks for it."""
    here = session.scalar(select(AuditLink.hash).where(AuditLink.position == position))
    if here is None:
        query = select(AuditCheckpoint.position, AuditCheckpoint.hash).where(AuditCheckpoint.position >= position)
        purged = session.execute(query.order_by(AuditCheckpoint.position).limit(1)).one_or_none()
        if purged is None or purged.position > position:
            return purged is not None
        here = purged.hash
    return bytes(here) == hash_


def anchored_at(session: Session, wall_now: datetime) -> datetime | None:
    """When the head was last written down outside, as the trail itself says; None when not within three days."""
    return session.scalar(
        select(AuditEntry.at)
        .where(AuditEntry.action == "trail.anchor", AuditEntry.at > wall_now - ANCHORED_WITHIN)
        .order_by(AuditEntry.at.desc())
        .limit(1)
    )


def subjects_of(
    session: Session, actor_id: UUID, action: str, *, patient_ids: Collection[UUID], since: datetime
) -> set[UUID]:
    """The subjects of these patients on which `actor_id` did `action` since `since` (wall time), as the trail says."""
    found = session.scalars(
        select(AuditEntry.subject_id).where(
            AuditEntry.patient_id.in_(patient_ids),
            AuditEntry.at >= since,
            AuditEntry.actor_id == actor_id,
            AuditEntry.action == action,
        )
    )
    return {one for one in found if one is not None}


def take_your_time(connection: Connection) -> None:
    """One long reading, or a purge, may take as long as it takes: no statement of this transaction is stopped."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
