"""One answer, kept as soon as it is given."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.catalog.rules.instruments import Instrument
from service.catalog.rules.whole import Catalog
from service.checkins import writes
from service.checkins.models import CheckIn
from service.checkins.queries import NO_SUCH, opened_answers
from service.checkins.rules.scoring import red_flags
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words

OVER = Conflict("checkin_over", words("This check-in is no longer open, so your answer was not saved."))


def locked(session: Session, checkin_id: UUID, actor: Actor) -> CheckIn:
    """The actor's own check-in, locked until the transaction ends. Raises NotFound, for somebody else's too."""
    row = session.scalars(
        select(CheckIn).where(CheckIn.id == checkin_id, CheckIn.patient_id == actor.patient_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NO_SUCH
    return row


def answer(
    *, checkin_id: UUID, item: str, value: int | None, actor: Actor, catalog: Catalog, now: datetime
) -> tuple[str, ...]:
    """Keep the answer to one item; None leaves an item that is not scored unanswered. Returns the red flags it raised.

    A flag is acted on here and not only at the end: somebody who stops after a worrying answer must not be missed.
    Raises Conflict once the check-in is over, Rejected for an answer that is not on the scale.
    """
    with db.transaction() as session:
        row = locked(session, checkin_id, actor)
        instrument = catalog.instruments[row.instrument]
        _check(instrument, item, value)
        flags = red_flags(instrument, {} if value is None else {item: value})
        writes.act_on_flags(session, row, flags, catalog, now)
        if row.status == "open" and now < row.closes_at:
            answers = opened_answers(row.answers_sealed, row.id)
            answers.pop(item, None)
            writes.save_answers(row, answers if value is None else {**answers, item: value})
            audit.record(session, actor, "checkin.answer", "checkin", row.id, patient_id=row.patient_id)
        elif not flags:
            raise OVER
    return flags


def _check(instrument: Instrument, item_id: str, value: int | None) -> None:
    item = next((item for item in instrument.items if item.id == item_id), None)
    if item is None or (value is None and item.scored) or (value is not None and not item.allows(value)):
        raise Rejected("answer_off_scale", words("Choose one of the answers on this page."))
