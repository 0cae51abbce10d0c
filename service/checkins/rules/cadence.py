"""When a check-in is due: whole local days after the day the membership began, in the patient's morning."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.catalog.rules.programs import Cadence, Program
from service.checkins.rules.local_time import local, moment


@dataclass(frozen=True)
class DueCheckIn:
    """One set of questions. `key` names the patient's local day, so one day can never bring the same questions twice,
    whatever the clocks do.
    """

    key: str
    instrument: str
    due_at: datetime
    closes_at: datetime


def due_checkins(
    program: Program,
    membership_started_on: date,
    time_zone: str,
    existing_keys: Container[str],
    now: datetime,
) -> tuple[DueCheckIn, ...]:
    """The check-ins to open at `now`: for each instrument at most the newest, so that nobody meets a backlog.

    None is returned that is open already (`existing_keys`) or has closed meanwhile.
    """
    found = []
    for cadence in program.cadences:
        newest = _newest(cadence, membership_started_on, time_zone, now)
        if newest is not None and newest.key not in existing_keys and now < newest.closes_at:
            found.append(newest)
    return tuple(found)


def next_due_at(program: Program, membership_started_on: date, time_zone: str, now: datetime) -> datetime:
    """The first moment after `now` at which a check-in becomes due."""
    moments = []
    for cadence in program.cadences:
        turn = _turn_of(cadence, membership_started_on, local(now, time_zone).date())
        ahead = (_check_in(cadence, membership_started_on, time_zone, max(turn + step, 0)).due_at for step in (0, 1))
        moments.append(next(due_at for due_at in ahead if due_at > now))
    return min(moments)


def _newest(cadence: Cadence, started_on: date, time_zone: str, now: datetime) -> DueCheckIn | None:
    turn = _turn_of(cadence, started_on, local(now, time_zone).date())
    for candidate in (turn, turn - 1):  # before nine on the day itself, the one before is still the newest
        if candidate >= 0:
            check_in = _check_in(cadence, started_on, time_zone, candidate)
            if check_in.due_at <= now:
                return check_in
    return None


def _turn_of(cadence: Cadence, started_on: date, today: date) -> int:
    """The number, from 0, of the last turn whose day has begun; negative before the first."""
    return ((today - started_on).days - cadence.first_after_days) // cadence.every_days


def _check_in(cadence: Cadence, started_on: date, time_zone: str, turn: int) -> DueCheckIn:
    day = started_on + timedelta(days=cadence.first_after_days + turn * cadence.every_days)
    return DueCheckIn(
        key=f"{cadence.instrument}:{day.isoformat()}",
        instrument=cadence.instrument,
        due_at=moment(day, cadence.at, time_zone),
        closes_at=moment(day + timedelta(days=cadence.open_for_days), cadence.at, time_zone),
    )
