"""Reading the audit trail. Whoever looks is in it too."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.privacy.queries import trail
from service.privacy.queries.trail import Chain, Line, Place, Wanted

PAGE = 50
MOST = 50_000  # lines in one file
EXPORT_REASONS = ("regular_review", "patient_asked", "incident", "authority", "other")
COLUMNS = (
    "id",
    "at_utc",
    "who",
    "who_id",
    "name",
    "role",
    "act",
    "action",
    "patient_id",
    "reason",
    "address",
    "outcome",
)


@dataclass(frozen=True, slots=True)
class TrailPage:
    """A page of the trail. `next` is where the one after it begins, None on the last."""

    lines: list[Line]
    next: Place | None
    chain: Chain
    staff: list[tuple[UUID, str]]


def open_trail(*, wanted: Wanted, before: Place | None, actor: Actor, wall_now: datetime) -> TrailPage:
    """A page of the trail and how its chain stands. The look is noted, with the patient it was narrowed to."""
    with db.transaction() as session:
        found = trail.lines(session, wanted, before=before, limit=PAGE + 1)
        chain = trail.chain_state(session, wall_now)
        staff = trail.staff_names(session)
        audit.record(session, actor, "trail.view", "trail", patient_id=wanted.patient_id)
    more = len(found) > PAGE
    return TrailPage(found[:PAGE], found[PAGE - 1].place if more else None, chain, staff)


def export_trail(*, wanted: Wanted, reason: str, actor: Actor) -> str:
    """The newest 50,000 lines of what is wanted as CSV. The export is noted with its reason, a code.

    Raises Rejected for a reason that is none: the trail holds no sentences.
    """
    if reason not in EXPORT_REASONS:
        raise Rejected("reason_missing", words("Choose why you need the file."))
    with db.transaction() as session:
        found = trail.lines(session, wanted, limit=MOST)
        audit.record(session, actor, "trail.export", "trail", patient_id=wanted.patient_id, reason=reason)
    out = io.StringIO()
    file = csv.writer(out)
    file.writerow(COLUMNS)
    for line in found:
        file.writerow(_cell(value) for value in _row(line))
    return out.getvalue()


def _row(line: Line) -> tuple[object, ...]:
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    who = (line.actor_kind, line.actor_id, line.name, line.role)
    return line.id, at, *who, line.act, line.action, line.patient_id, line.reason, line.address, line.outcome


def _cell(value: object) -> str:
    """What a spreadsheet would take for a formula is text, and is marked as such."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
