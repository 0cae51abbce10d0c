"""What the law no longer asks us to keep leaves from the front, and a signed checkpoint says that it was us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from service.audit import queries, writes
from service.audit.actions.seal import LOCK
from service.audit.models import AuditCheckpoint
from service.audit.rules.chain import checkpoint_text
from service.kit import crypto, db
from service.kit.actor import SYSTEM
from service.kit.errors import Rejected, words

KEPT = timedelta(days=7 * 365 + 2)  # domain.md 9.3: at least 6 years, kept for 7

# The newest link always stays: the chain goes on from it. A patient under a legal hold, the account behind them and
# everything from the first entry about either stays.
_END = text(
    """
    WITH held AS (
        SELECT p.id, p.user_id FROM legal_holds h JOIN patients p ON p.id = h.patient_id WHERE h.lifted_at IS NULL
    ), ids AS (SELECT id FROM held UNION SELECT user_id FROM held)
    SELECT min(position) - 1 FROM (
        SELECT max(position) AS position FROM audit_links
        UNION ALL
        SELECT min(l.position) FROM audit_links l JOIN audit_entries e ON e.id = l.entry_id
        WHERE e.at >= :before OR e.patient_id IN (SELECT id FROM ids)
            OR e.actor_id IN (SELECT id FROM ids) OR e.subject_id IN (SELECT id FROM ids)
    ) AS first_that_stays
    """
)
_REMOVE = text(
    "WITH gone AS (DELETE FROM audit_links WHERE position <= :end RETURNING entry_id)"
    " DELETE FROM audit_entries e USING gone WHERE e.id = gone.entry_id"
)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many entries left, and the position of the last one; None where none did."""

    removed: int
    position: int | None


def purge(*, owner_url: str, before: date, wall_now: datetime) -> Purged:
    """Remove sealed entries from before `before` (UTC) from the chain's front, as the database's owner.

    Stops at the first entry that is younger or under a legal hold. One transaction: entries, links and the signed
    checkpoint, or nothing. Raises Rejected for a day less than seven years ago.
    """
    from_ = datetime.combine(before, time(), UTC)
    if from_ > wall_now - KEPT:
        raise Rejected("too_young", words("The audit trail is kept for seven years. Name an earlier day."))
    engine = db.connect(owner_url, pool_size=1)
    try:
        with Session(engine) as session, session.begin():
            return _purge(session, from_, wall_now)
    finally:
        engine.dispose()


def _purge(session: Session, before: datetime, wall_now: datetime) -> Purged:
    queries.take_your_time(session.connection())
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})  # no sealer meanwhile
    end = session.execute(_END, {"before": before}).scalar()
    hash_ = session.execute(
        text("SELECT hash FROM audit_links WHERE position = :position"), {"position": end}
    ).scalar_one_or_none()
    if end is None or hash_ is None:
        return Purged(0, None)  # the front itself stays
    gone: int = session.execute(_REMOVE, {"end": end}).rowcount  # type: ignore[attr-defined]
    signature = crypto.index(checkpoint_text(end, bytes(hash_), gone, wall_now), "audit")
    session.execute(
        insert(AuditCheckpoint).values(
            position=end, hash=bytes(hash_), removed=gone, made_at=wall_now, signature=signature
        )
    )
    writes.record(session, SYSTEM, "trail.purge", "trail", reason=str(gone))
    return Purged(gone, end)
