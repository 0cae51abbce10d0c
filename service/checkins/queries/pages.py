"""Check-ins as their patient sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from service.checkins.models import CheckIn
from service.kit import crypto
from service.kit.asked import Asked
from service.kit.db import Line
from service.kit.errors import NotFound, words

NO_SUCH = NotFound("no_such_checkin", words("We could not find this check-in."))


@dataclass(frozen=True, slots=True)
class SavedScore:
    """What the answers came to: the total, the published name of its band (empty without bands), red-flag codes."""

    total: Decimal
    band: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckInDetails:
    """One check-in, unsealed, for its own patient. `answers` are the answers so far, by item."""

    id: UUID
    patient_id: UUID
    instrument: str
    due_at: datetime
    closes_at: datetime
    status: str
    submitted_at: datetime | None
    answers: Mapping[str, int]
    score: SavedScore | None

    def is_open(self, now: datetime) -> bool:
        """May it still be answered? Also no when its time is over and no tick has said so yet."""
        return self.status == "open" and now < self.closes_at


def one(session: Session, checkin_id: UUID, patient_id: UUID) -> CheckInDetails:
    """A patient's own check-in. Raises NotFound, for somebody else's too."""
    row = session.execute(
        select(*_COLUMNS).where(CheckIn.id == checkin_id, CheckIn.patient_id == patient_id)
    ).one_or_none()
    if row is None:
        raise NO_SUCH
    return _details(row)


def of_patient(session: Session | Line, patient_id: UUID, limit: int = 60) -> tuple[CheckInDetails, ...]:
    """A patient's check-ins, the newest first. Answers are opened only of those still open: scores say the rest."""
    rows = _OF_PATIENT.rows(session, patient_id=patient_id, limit=limit)
    return tuple(_details(row, with_answers=row.status == "open") for row in rows)


_COLUMNS: Any = (
    CheckIn.id,
    CheckIn.patient_id,
    CheckIn.instrument,
    CheckIn.due_at,
    CheckIn.closes_at,
    CheckIn.status,
    CheckIn.submitted_at,
    CheckIn.answers_sealed,
    CheckIn.score_sealed,
)

_OF_PATIENT = Asked(
    select(*_COLUMNS)
    .where(CheckIn.patient_id == bindparam("patient_id"))
    .order_by(CheckIn.due_at.desc(), CheckIn.id)
    .limit(bindparam("limit"))
)


def _details(row: Row[Any], *, with_answers: bool = True) -> CheckInDetails:
    return CheckInDetails(
        id=row.id,
        patient_id=row.patient_id,
        instrument=row.instrument,
        due_at=row.due_at,
        closes_at=row.closes_at,
        status=row.status,
        submitted_at=row.submitted_at,
        answers=opened_answers(row.answers_sealed if with_answers else None, row.id),
        score=opened_score(row.score_sealed, row.id),
    )


def opened_answers(sealed: bytes | None, checkin_id: UUID) -> dict[str, int]:
    """The answers in a row, none when nothing was answered yet."""
    found: dict[str, int] = {} if sealed is None else crypto.unseal_json(sealed, "checkins", "answers", checkin_id)
    return found


def opened_score(sealed: bytes | None, checkin_id: UUID) -> SavedScore | None:
    """The score in a row, None before it was submitted."""
    if sealed is None:
        return None
    saved = crypto.unseal_json(sealed, "checkins", "score", checkin_id)
    return SavedScore(Decimal(saved["total"]), saved["band"], tuple(saved["flags"]))
