"""All answers, sent: scored and sealed, and what worries us acted on in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.checkins import writes
from service.checkins.actions.answer import locked
from service.checkins.queries import opened_answers, opened_score
from service.checkins.rules.scoring import red_flags, score
from service.kit import crypto, db
from service.kit.actor import Actor


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the answers: "scored", or "closed" when they came too late. `flags` are red-flag codes."""

    kind: Literal["scored", "closed"]
    flags: tuple[str, ...]


def submit(*, checkin_id: UUID, answers: Mapping[str, int], actor: Actor, catalog: Catalog, now: datetime) -> Outcome:
    """Score a check-in once. `answers` (item id to value) go over those kept on the way.

    A second submit finds the first one's outcome. A red flag calls a person and places its hold in this very
    transaction, even when the check-in had closed. Raises NotFound for somebody else's, Rejected for missing answers.
    """
    with db.transaction() as session:
        row = locked(session, checkin_id, actor)
        saved = opened_score(row.score_sealed, row.id)
        if saved is not None:
            return Outcome("scored", saved.flags)
        instrument = catalog.instruments[row.instrument]
        given = {**opened_answers(row.answers_sealed, row.id), **answers}
        if row.status != "open" or now >= row.closes_at:
            flags = red_flags(instrument, given)
            writes.act_on_flags(session, row, flags, catalog, now)
            return Outcome("closed", flags)
        result = score(instrument, given)
        writes.save_answers(row, given)
        row.score_sealed = crypto.seal_json(
            {"total": str(result.total), "band": result.band, "flags": result.flags}, "checkins", "score", row.id
        )
        row.status, row.submitted_at, row.remind_at = "submitted", now, None
        row.instrument_version = instrument.version
        writes.act_on_flags(session, row, result.flags, catalog, now)
        audit.record(session, actor, "checkin.submit", "checkin", row.id, patient_id=row.patient_id)
        return Outcome("scored", result.flags)
