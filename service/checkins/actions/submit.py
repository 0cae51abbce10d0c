"""All answers, sent: scored and sealed, and what worries us acted on in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.catalog.rules.instruments import Instrument
from service.catalog.rules.whole import Catalog
from service.checkins import writes
from service.checkins.actions.answer import locked
from service.checkins.models import CheckIn
from service.checkins.queries import opened_answers, opened_score
from service.checkins.rules.scoring import red_flags, score
from service.kit import crypto, db
from service.kit.actor import Actor
from service.safety import queries as safety


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
        kept = opened_answers(row.answers_sealed, row.id)
        given = {**kept, **answers}
        fresh = {item: value for item, value in answers.items() if kept.get(item) != value}
        if row.status != "open" or now >= row.closes_at:
            flags = red_flags(instrument, given)
            writes.act_on_flags(session, row, _not_met_yet(session, row, instrument, fresh, flags), catalog, now)
            return Outcome("closed", flags)
        result = score(instrument, given)
        writes.save_answers(row, given)
        row.score_sealed = crypto.seal_json(
            {"total": str(result.total), "band": result.band, "flags": result.flags}, "checkins", "score", row.id
        )
        row.status, row.submitted_at, row.remind_at = "submitted", now, None
        row.instrument_version = instrument.version
        unmet = _not_met_yet(session, row, instrument, fresh, result.flags)
        writes.act_on_flags(session, row, unmet, catalog, now)
        audit.record(session, actor, "checkin.submit", "checkin", row.id, patient_id=row.patient_id)
        return Outcome("scored", result.flags)


def _not_met_yet(
    session: Session, row: CheckIn, instrument: Instrument, fresh: Mapping[str, int], flags: Iterable[str]
) -> list[str]:
    """The flags to act on now. An answer kept on the way was met when it was given, and perhaps looked after since."""
    now_given, before = red_flags(instrument, fresh), safety.codes_raised(session, "checkin", row.id)
    return [code for code in flags if code in now_given or code not in before]
