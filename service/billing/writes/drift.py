"""Disagreements with Stripe: one open row for each object and field, settled when they agree again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing.models import Drift
from service.billing.queries.watching.drift import dismissed
from service.billing.rules.drift import Difference
from service.kit.ids import new_id


def note_drift(
    session: Session, found: Iterable[Difference], *, run_id: UUID | None, now: datetime, corrected: bool = False
) -> int:
    """Keep what was found. One that is open already takes the newer words. Returns how many are new. What somebody has
    let be in the same words stays so.

    `corrected`: it was put right in the same breath, and is kept so that somebody can see how often that happens.
    """
    found = list(found)
    let_be = dismissed(session, [one.object_id for one in found]) if found else set()
    added = 0
    for one in found:
        if (one.object_id, one.field, one.ours, one.theirs) in let_be:
            continue
        statement = insert(Drift).values(
            id=new_id(),
            comparison_id=run_id,
            membership_id=one.membership_id,
            object_id=one.object_id,
            field=one.field,
            ours=one.ours,
            theirs=one.theirs,
            found_at=now,
            settled_at=now if corrected else None,
            how="by_itself" if corrected else None,
        )
        if not corrected:
            statement = statement.on_conflict_do_nothing(
                index_elements=["object_id", "field"], index_where=Drift.settled_at.is_(None)
            )
        if session.execute(statement.returning(Drift.id)).scalar() is not None:
            added += 1
            continue
        session.execute(
            update(Drift)
            .where(Drift.object_id == one.object_id, Drift.field == one.field, Drift.settled_at.is_(None))
            .values(ours=one.ours, theirs=one.theirs)
        )
    return added


def settle_agreeing(
    session: Session,
    object_ids: Collection[str],
    *,
    still: Iterable[Difference] = (),
    fields: Collection[str],
    now: datetime,
    how: str = "by_itself",
    by: UUID | None = None,
) -> int:
    """What was open about these objects in these fields, and is not among `still`, is settled. Returns how many."""
    if not object_ids:
        return 0
    differing = [(one.object_id, one.field) for one in still]
    settled = session.scalars(
        update(Drift)
        .where(
            Drift.settled_at.is_(None),
            Drift.object_id.in_(object_ids),
            Drift.field.in_(fields),
            *([tuple_(Drift.object_id, Drift.field).not_in(differing)] if differing else []),
        )
        .values(settled_at=now, how=how, settled_by=by)
        .returning(Drift.id)
    )
    return len(settled.all())


def locked_drift(session: Session, drift_id: UUID) -> Drift | None:
    """One of them, locked."""
    return session.scalars(select(Drift).where(Drift.id == drift_id).with_for_update()).one_or_none()
