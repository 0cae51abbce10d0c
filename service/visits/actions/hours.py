"""When a clinician may be booked: their week, and the days unlike it. Nothing here drops a visit that is booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, Rejected, words
from service.visits import writes
from service.visits.models import Practitioner
from service.visits.queries.practice import booked_within, rota
from service.visits.rules.times import (
    DAYS_AHEAD,
    OtherDay,
    Span,
    Stretch,
    closed_span,
    local_day,
    times_of_day,
)
from service.visits.writes.handing import let_go_with

FURTHEST = timedelta(days=366)
NOT_YOURS = NotAllowed("not_your_hours", words("These are a colleague's hours. They, or an owner, can change them."))


class TouchesVisits(Conflict):
    """Visits are booked in the time that is to be closed. `begin` says when they begin, soonest first."""

    def __init__(self, begin: list[datetime]) -> None:
        super().__init__("touches_visits", words("Visits are booked in that time. Look at them first."))
        self.begin = begin


def set_week(*, practitioner_id: UUID, week: Sequence[Stretch], actor: Actor, now: datetime) -> list[datetime]:
    """Keep these weekly hours. Returns when visits begin that stay booked outside of them.

    Raises NotAllowed for a colleague's, NotFound.
    """
    with db.transaction() as session:
        row = _own(session, practitioner_id, actor)
        writes.set_week(session, practitioner_id, week)
        audit.record(session, actor, "clinician.hours", "practitioner", practitioner_id)
        ahead = booked_within(session, practitioner_id, Span(now, now + timedelta(days=DAYS_AHEAD + 1)))
        others = [one.other for one in rota(session, practitioner_id, local_day(now, row.time_zone)).others]

        def offered(begin: datetime) -> bool:
            times = times_of_day(local_day(begin, row.time_zone), week, row.time_zone, others)
            return any(span.starts_at <= begin < span.ends_at for span in times)

        return [begin for begin in ahead if not offered(begin)]


def add_other_day(
    *,
    practitioner_id: UUID,
    day: date,
    opens: bool,
    starts: time | None,
    ends: time | None,
    keep_booked: bool,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Open a day for longer, or close it, or a part of it. Returns the row's id.

    Raises TouchesVisits where visits are booked in what is to be closed, unless `keep_booked` says that they take
    place all the same; NotAllowed for a colleague's hours, NotFound, Rejected.
    """
    with db.transaction() as session:
        row = _own(session, practitioner_id, actor)
        today = local_day(now, row.time_zone)
        if not today <= day <= today + FURTHEST:
            raise Rejected("day_not_ahead", words("Choose a day from today on, at most a year ahead."))
        if (starts is None) != (ends is None) or (opens and starts is None):
            raise Rejected("from_and_to", words("Enter from when to when."))
        if starts is not None and ends is not None and starts >= ends:
            raise Rejected("backwards", words("The end must come after the start."))
        if not opens:
            span = closed_span(day, starts, ends, row.time_zone)
            let_go_with(session, practitioner_id, span, now)
            touched = [
                begin for begin in booked_within(session, practitioner_id, span) if begin > now - timedelta(hours=1)
            ]
            if touched and not keep_booked:
                raise TouchesVisits(touched)
        added = writes.add_other_day(session, practitioner_id, OtherDay(day, opens, starts, ends))
        audit.record(session, actor, "clinician.other_day", "practitioner", practitioner_id)
        return added


def remove_other_day(*, practitioner_id: UUID, exception_id: UUID, actor: Actor) -> None:
    """That day is like its weekday again. Raises NotAllowed for a colleague's hours, NotFound."""
    with db.transaction() as session:
        _own(session, practitioner_id, actor)
        writes.remove_other_day(session, practitioner_id, exception_id)
        audit.record(session, actor, "clinician.other_day_removed", "practitioner", practitioner_id)


def _own(session: Session, practitioner_id: UUID, actor: Actor) -> Practitioner:
    """The practitioner, locked: whoever books with them at this moment comes before or after."""
    row = writes.practitioner_locked(session, practitioner_id)
    if actor.kind != "system" and actor.role != "owner" and actor.user_id != row.user_id:
        raise NOT_YOURS
    return row
