"""Check-ins as their patient sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
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
    return tuple(listed(row) for row in _OF_PATIENT.rows(session, patient_id=patient_id, limit=limit))


def listed(row: Sequence[Any]) -> CheckInDetails:
    """A row of NUMBERED_OF_PATIENT without its number, in order."""
    return _details(row, with_answers=row[_STATUS] == "open")


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

_STATUS = _COLUMNS.index(CheckIn.status)

_NEWEST_FIRST = (CheckIn.due_at.desc(), CheckIn.id)
_ROWS = (
    select(*_COLUMNS)
    .where(CheckIn.patient_id == bindparam("patient_id"))
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("limit"))
)
_OF_PATIENT = Asked(_ROWS)

# The same with their number from 1 as `nth`, for a page that asks it together with something else.
NUMBERED_OF_PATIENT = _ROWS.add_columns(func.row_number().over(order_by=_NEWEST_FIRST).label("nth"))


def _details(row: Sequence[Any], *, with_answers: bool = True) -> CheckInDetails:
    checkin_id, patient_id, instrument, due_at, closes_at, status, submitted_at, answers, score = row
    return CheckInDetails(
        id=checkin_id,
        patient_id=patient_id,
        instrument=instrument,
        due_at=due_at,
        closes_at=closes_at,
        status=status,
        submitted_at=submitted_at,
        answers=opened_answers(answers if with_answers else None, checkin_id),
        score=opened_score(score, checkin_id),
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
