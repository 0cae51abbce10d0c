"""When a nudge leaves: in the patient's own day, never at night, and not once it has lost its point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.catalog.rules.reminders import CountdownStep, QuietHours, ReminderLadder
from service.checkins.rules.local_time import local, moment


@dataclass(frozen=True)
class PlannedReminder:
    """One step of a ladder. `due_at` is when it is wanted, `send_at` the next allowed minute, and from `send_before`
    on it is not worth sending.
    """

    step: str
    email: str
    due_at: datetime
    send_at: datetime
    send_before: datetime
    at_night: bool = False  # leaves at its minute, whatever the hour


def send_at(due_at: datetime, time_zone: str, quiet_hours: QuietHours) -> datetime:
    """`due_at` itself inside the sending hours, else the next opening on the patient's own clock (UTC)."""
    here = local(due_at, time_zone)
    if quiet_hours.opens <= here.time() < quiet_hours.closes:
        return due_at
    day = here.date() if here.time() < quiet_hours.opens else here.date() + timedelta(days=1)
    return moment(day, quiet_hours.opens, time_zone)


def plan(
    ladder: ReminderLadder, due_at: datetime, time_zone: str, quiet_hours: QuietHours
) -> tuple[PlannedReminder, ...]:
    """Every step of `ladder` for something due at `due_at`. A step gives way to the next one and all of them to the
    give-up time, so a service that was away for a week sends nothing stale.
    """
    here = local(due_at, time_zone)

    def days_later(days: int) -> datetime:
        return due_at if days == 0 else moment(here.date() + timedelta(days=days), here.time(), time_zone)

    give_up = days_later(ladder.give_up_after_days)
    wanted = [days_later(step.after_days) for step in ladder.steps]
    leaving = [send_at(at, time_zone, quiet_hours) for at in wanted]
    return tuple(
        PlannedReminder(step.key, step.email, wanted[n], leaving[n], min([*leaving[n + 1 : n + 2], give_up]))
        for n, step in enumerate(ladder.steps)
    )


def count_down(
    steps: tuple[CountdownStep, ...],
    starts_at: datetime,
    booked_at: datetime,
    time_zone: str,
    quiet_hours: QuietHours,
) -> tuple[PlannedReminder, ...]:
    """Every step towards something that begins at `starts_at`; those that were due before `booked_at` are left out.

    A step of whole days is at the same hour of the wall clock. One gives way to the next, the last to the beginning.
    """
    here = local(starts_at, time_zone)

    def before(lead: timedelta) -> datetime:
        days, rest = divmod(lead, timedelta(days=1))
        day = moment(here.date() - timedelta(days=days), here.time(), time_zone) if days else starts_at
        return day - rest

    wanted = [(step, before(step.before)) for step in steps]
    left = [(step, at) for step, at in wanted if at > booked_at]
    leaving = [at if step.at_night else send_at(at, time_zone, quiet_hours) for step, at in left]
    return tuple(
        PlannedReminder(
            step.key, step.email, at, leaving[n], min([*leaving[n + 1 : n + 2], starts_at]), at_night=step.at_night
        )
        for n, (step, at) in enumerate(left)
    )


def due_now(
    planned: tuple[PlannedReminder, ...], now: datetime, time_zone: str, quiet_hours: QuietHours
) -> PlannedReminder | None:
    """The one reminder to note at `now`: the newest step that is wanted by now, or None.

    Its `send_at` is never in the past and never at night: whoever comes late waits for the morning too.
    """
    wanted = [reminder for reminder in planned if reminder.due_at <= now]
    if not wanted:
        return None
    newest = wanted[-1]
    leaving = max(newest.send_at, now)
    if not newest.at_night:
        leaving = send_at(leaving, time_zone, quiet_hours)
    return replace(newest, send_at=leaving) if leaving < newest.send_before else None
