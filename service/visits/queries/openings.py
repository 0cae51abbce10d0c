"""Which times are open, and with whom: at most six statements, however many clinicians and visits there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Uuid, any_, func, literal, null, or_, select, union_all
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from service.accounts.models import User
from service.visits.models import Appointment, LicenseRecord, OpenHours, ScheduleException
from service.visits.models import Practitioner as PractitionerRow
from service.visits.queries.clinicians import PRACTITIONER, Practitioner
from service.visits.rules.encounters import PRACTICE_KINDS
from service.visits.rules.licenses import PHYSICIANS
from service.visits.rules.times import (
    DAY,
    SLOT,
    OtherDay,
    Span,
    Stretch,
    Timetable,
    covers,
    days_within,
    window,
)

FIRST_FEW = 12  # a day is open as soon as one of them is free: seldom are all the others asked


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A time a patient may book, and with whom."""

    practitioner: Practitioner
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class _Licensed:
    person: Practitioner
    until: date


def open_times(
    session: Session,
    *,
    state: str,
    now: datetime,
    physician_only: bool = False,
    practitioner_id: UUID | None = None,
    zone: str | None = None,
    days: tuple[date, date] | None = None,
) -> list[OpenTime]:
    """Every time a patient in `state` may book now, soonest first, in three statements whatever the number.

    `days` are the first and the last, on the calendar of `zone`, the patient's: without them, the coming 14. A licence
    counts through the whole visit, on the clinician's calendar and on the patient's.
    """
    within = window(now, zone, days)
    licensed = _licensed(session, state, within, physician_only, practitioner_id)
    found = [
        OpenTime(one.person, span.starts_at, span.ends_at)
        for one, timetable, taken in _timetables(session, licensed, within, zone, now)
        for span in timetable.free(within, taken)
    ]
    return sorted(found, key=lambda time: (time.starts_at, time.practitioner.name))


def open_days(
    session: Session,
    *,
    state: str,
    now: datetime,
    zone: str,
    physician_only: bool = False,
    practitioner_id: UUID | None = None,
) -> list[date]:
    """The days of the patient's calendar on which anything is open, soonest first.

    The first few clinicians fill most days; only where they do not are the others asked, for the days between.
    """
    within = window(now)
    asked = {day: window(now, zone, (day, day)) for day in days_within(within, zone)}
    missing = {day: one for day, one in asked.items() if one.starts_at < one.ends_at}
    for skip, most in ((0, FIRST_FEW), (FIRST_FEW, None)):
        if not missing:
            break
        licensed = _licensed(session, state, within, physician_only, practitioner_id, skip=skip, most=most)
        free = [one for one in _keeping(session, licensed, within, zone) if _opens(one[1], missing, ())]
        taken = _taken(session, [one.person.id for one, _ in free], within, now)
        for one, timetable in free:
            for day in _opens(timetable, missing, taken[one.person.id]):
                del missing[day]
        if most is not None and len(licensed) < most:
            break
    return sorted(asked.keys() - missing.keys() - {day for day, one in asked.items() if one.starts_at >= one.ends_at})


def _opens(timetable: Timetable, days: dict[date, Span], taken: Sequence[Span]) -> list[date]:
    return [day for day, one in days.items() if next(timetable.free(one, taken), None) is not None]


def who_is_free(
    session: Session, *, state: str, at: Span, now: datetime, zone: str, physician_only: bool = False
) -> list[Practitioner]:
    """Who, licensed in `state`, keeps hours then and has nothing booked: for a visit that loses its clinician."""
    around = Span(at.starts_at - SLOT, at.ends_at)
    licensed = _licensed(session, state, around, physician_only, None)
    return [
        one.person
        for one, timetable, taken in _timetables(session, licensed, around, zone, now)
        if covers(timetable.free(around, taken), at)
    ]


def _licensed(
    session: Session,
    state: str,
    within: Span,
    physician_only: bool,
    practitioner_id: UUID | None,
    *,
    skip: int = 0,
    most: int | None = None,
) -> list[_Licensed]:
    """Who of the team may see patients in `state` on the first day asked for, and until when. In one statement."""
    if within.ends_at <= within.starts_at:
        return []
    first = within.starts_at.date() - DAY  # no calendar is further behind than that
    # For each one on the way, so that a few are found without looking at all.
    furthest = (
        select(func.max(LicenseRecord.expires_on).label("until"))
        .where(
            LicenseRecord.practitioner_id == PractitionerRow.id,
            LicenseRecord.state == state,
            LicenseRecord.kind.in_(PRACTICE_KINDS),
            LicenseRecord.ended_at.is_(None),
            LicenseRecord.expires_on > first,
        )
        .lateral("furthest")
    )
    query = (
        select(*PRACTITIONER, furthest.c.until)
        .join(User, User.id == PractitionerRow.user_id)
        .join(furthest, furthest.c.until.is_not(None))
        .where(
            or_(PractitionerRow.left_on.is_(None), PractitionerRow.left_on > first),
            # Whoever left the team, or has another role now, sees nobody, whatever hours still stand.
            User.deactivated_at.is_(None),
            User.role == "clinician",
        )
        .order_by(PractitionerRow.number)
    )
    if physician_only:
        query = query.where(PractitionerRow.credentials.in_(PHYSICIANS))
    if practitioner_id is not None:
        query = query.where(PractitionerRow.id == practitioner_id)
    rows = session.execute(query.offset(skip or None).limit(most))
    return [_Licensed(Practitioner(*row[:-1]), row[-1]) for row in rows]


def _timetables(
    session: Session, licensed: list[_Licensed], within: Span, zone: str | None, now: datetime
) -> Iterator[tuple[_Licensed, Timetable, list[Span]]]:
    """Each who keeps hours then, and what is taken of them, in two statements."""
    keeping = _keeping(session, licensed, within, zone)
    taken = _taken(session, [one.person.id for one, _ in keeping], within, now)
    for one, timetable in keeping:
        yield one, timetable, taken[one.person.id]


def _keeping(
    session: Session, licensed: list[_Licensed], within: Span, zone: str | None
) -> list[tuple[_Licensed, Timetable]]:
    if not licensed:
        return []
    days = {day for clock in {one.person.time_zone for one in licensed} for day in days_within(within, clock)}
    hours, others = _hours(session, [one.person.id for one in licensed], days)
    return [
        (one, Timetable(person.time_zone, hours[person.id], others[person.id], one.until, person.left_on, clocks))
        for clocks in [(zone,) if zone else ()]
        for one in licensed
        for person in [one.person]
        if person.id in hours or person.id in others
    ]


Hours = defaultdict[UUID, list[Stretch]]
Others = defaultdict[UUID, list[OtherDay]]


def _hours(session: Session, ids: Collection[UUID], days: Collection[date]) -> tuple[Hours, Others]:
    """The weekly hours of the weekdays asked for, and the days unlike them, together in one statement."""
    weekdays = {day.weekday() for day in days}
    weekly: Any = select(
        OpenHours.practitioner_id,
        OpenHours.weekday,
        literal(None, Date).label("on_day"),
        literal(True).label("opens"),
        OpenHours.starts,
        OpenHours.ends,
    ).where(OpenHours.practitioner_id == _any(ids), OpenHours.weekday.in_(sorted(weekdays)))
    dated: Any = select(
        ScheduleException.practitioner_id,
        null().label("weekday"),
        ScheduleException.on_day,
        ScheduleException.opens,
        ScheduleException.starts,
        ScheduleException.ends,
    ).where(ScheduleException.practitioner_id == _any(ids), ScheduleException.on_day.between(min(days), max(days)))
    hours: Hours = defaultdict(list)
    others: Others = defaultdict(list)
    for who, weekday, on_day, opens, starts, ends in session.execute(union_all(weekly, dated)):
        if on_day is None:
            hours[who].append(Stretch(weekday, starts, ends))
        else:
            others[who].append(OtherDay(on_day, opens, starts, ends))
    return hours, others


def _taken(session: Session, ids: Collection[UUID], within: Span, now: datetime) -> defaultdict[UUID, list[Span]]:
    """What is booked, and what somebody holds at this moment."""
    around: Range[datetime] = Range(within.starts_at - SLOT, within.ends_at + SLOT)
    spans: defaultdict[UUID, list[Span]] = defaultdict(list)
    query: Any = select(
        # The ends are read much faster than the range.
        Appointment.practitioner_id,
        func.lower(Appointment.during),
        func.upper(Appointment.during),
    ).where(
        # As the exclusion constraint says it, so that its index answers: what is over is not in it.
        Appointment.status.in_(("held", "booked")),
        Appointment.during.overlaps(around),
        Appointment.practitioner_id == _any(ids),
        or_(Appointment.status == "booked", Appointment.held_until > now),
    )
    for who, starts_at, ends_at in session.execute(query) if ids else ():
        spans[who].append(Span(starts_at, ends_at))
    return spans


def _any(ids: Collection[UUID]) -> Any:
    return any_(literal(list(ids), ARRAY(Uuid)))
