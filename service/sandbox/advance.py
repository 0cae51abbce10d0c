"""Moving business time: from due moment to due moment, letting everything settle at each, saying what happened."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from service.kit import clock, queue
from service.kit.clock import wall_now
from service.kit.db import connect
from service.sandbox import due
from service.sandbox.child import SandboxError
from service.sandbox.running import DEFAULT_DATA, Running, find
from service.sandbox.standin import Standin
from workers.schedule import SCHEDULE, Entry

SETTLE_SECONDS = 60.0
JUST_NOW = timedelta(hours=1)
BROUGHT_BY_TIME = ("billing.ask_before_renewals",)  # of the sweeps, the one that waits for a moment
# Of the ticks, those that answer what somebody did: while nothing but time goes by, they find nothing.
BROUGHT_BY_PEOPLE = (
    "accounts.mail_confirmations",
    "accounts.mail_reset_links",
    "audit.seal",
    "enrollment.mail_resume_links",
    "enrollment.mail_waitlist_links",
)
DUE = tuple(entry for entry in SCHEDULE if entry.every == "tick" or entry.task in BROUGHT_BY_TIME)
DUE_BY_TIME = tuple(entry for entry in DUE if entry.task not in BROUGHT_BY_PEOPLE)
ZONE = ZoneInfo("America/New_York")
Say = Callable[[str], None]


def duration(words: str) -> timedelta:
    """A length of time from "7d", "12h", "30m" or "1d12h". Raises ValueError."""
    parts = re.findall(r"(\d+)([dhm])", words)
    if not parts or "".join(number + unit for number, unit in parts) != words:
        raise ValueError(f"{words}: write a length of time like 7d, 12h, 30m or 1d12h")
    units = {"d": "days", "h": "hours", "m": "minutes"}
    return sum((timedelta(**{units[unit]: int(number)}) for number, unit in parts), timedelta())


class Mover:
    """Moves the clocks of one running sandbox."""

    def __init__(self, sandbox: Running, say: Say) -> None:
        self._sandbox, self._say = sandbox, say
        self._app = connect(sandbox.settings.database_url.get_secret_value())
        self._owner: Engine = connect(sandbox.owner_database_url)
        self._standin = Standin(sandbox.standin)
        self._redis = redis.Redis.from_url(sandbox.settings.redis_url.get_secret_value(), socket_timeout=5)
        self._publish = queue.CeleryPublisher(sandbox.settings.redis_url.get_secret_value())

    def close(self) -> None:
        """Let go of the connections."""
        self._app.dispose()
        self._owner.dispose()
        self._redis.close()

    def now(self) -> datetime:
        """Business time."""
        return wall_now() + clock.read_offset(self._app)

    def move_to(self, target: datetime, *, compare: bool = True) -> int:
        """Go to `target` through every due moment. Returns how many stops there were.

        `compare`: then also do what is done each minute and each hour, once for all this time.
        """
        if target <= self.now():
            raise SandboxError("Business time only moves forward.")
        stops, seen = 0, self.now()
        last: datetime | None = None
        self.settle()
        while True:
            step = self._next_stop(self.now(), target)
            if last is not None and step < target:
                # A moment whose work cannot be done (a closed state, a refused address) must not hold time up.
                step = min(target, max(step, last + timedelta(seconds=1)))
            last = step
            if step > self.now():
                clock.set_offset(self._owner, step - wall_now())
            did = self._standin.move_to(self.now())
            self._settle(DUE_BY_TIME)
            arrived = self.now()
            self._tell([*did, *self._happened(seen, arrived)])
            stops, seen = stops + 1, arrived
            if step >= target:
                if compare:
                    self.compare()
                return stops

    def _next_stop(self, now: datetime, target: datetime) -> datetime:
        with Session(self._app) as session:
            ours = due.next_due_at(session, now)
        theirs = self._standin.next_due_at()
        ahead = [moment for moment in (ours, theirs) if moment is not None]
        return min([target, *(max(moment, now) for moment in ahead)])

    def _happened(self, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
        with Session(self._app) as session:
            return due.happened(session, since, until)

    def _tell(self, lines: list[tuple[datetime, str]]) -> None:
        for at, what in sorted(lines):
            self._say(f"  {at.astimezone(ZONE):%a %b %d %Y, %I:%M %p %Z}  {what}")

    def settle(self) -> None:
        """Let what is under way end, then do what is due and wait, until nothing is left or nothing changes."""
        self._settle(DUE)

    def _settle(self, entries: Sequence[Entry]) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        self._wait_for_quiet(end)
        before = self._footprint()
        while True:
            self._run(*entries)
            self._wait_for_quiet(end)
            after = self._footprint()
            if after == before or not self._still_due():
                return
            before = after

    def do_now(self, task: str) -> None:
        """Do a task of the timetable without waiting for its tick, and let what comes of it end."""
        self._run(*(entry for entry in SCHEDULE if entry.task == task))
        self._wait_for_quiet(time.monotonic() + SETTLE_SECONDS)

    def compare(self) -> None:
        """What a comparison would have found in all this time: done once, at the end of a move."""
        self._run(*(entry for entry in SCHEDULE if entry.every in ("sweep", "hour")))
        self.settle()

    def _run(self, *entries: Entry) -> None:
        for entry in entries:
            self._publish(queue.Job(entry.task, dict(entry.arguments)))

    def _wait_for_quiet(self, end: float) -> None:
        pause = 0.01
        while True:
            waiting = self._waiting()
            if not any(waiting.values()):
                return
            if time.monotonic() > end:
                raise SandboxError(f"The sandbox did not settle within {SETTLE_SECONDS:g} s: {waiting}")
            time.sleep(pause)
            pause = min(pause * 1.2, 0.1)  # a machine that is busy is not asked for more

    def _waiting(self) -> dict[str, int]:
        """What is under way. The queues first: while they are busy, nobody else needs to be asked."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name in queue.QUEUES:
                pipe.llen(name)
            pipe.hlen("unacked")
            *queued, in_hand = pipe.execute()
        if sum(queued) or in_hand:
            return {"jobs": sum(queued), "jobs in hand": in_hand}
        with self._app.connect() as connection:
            events = connection.execute(
                text(
                    "SELECT count(*) FROM stripe_events"
                    " WHERE handled_at IS NULL AND parked_at IS NULL AND try_at <= now()"
                )
            ).scalar_one()
        return {"webhooks": self._standin.undelivered(), "events": int(events)}

    def _still_due(self) -> bool:
        """Whether some room has still something to do that was due just now."""
        now = self.now()
        with Session(self._app) as session:
            ours = due.next_due_at(session, now - JUST_NOW)
        return ours is not None and ours <= now

    def _footprint(self) -> tuple[int, ...]:
        """Numbers that change when work was done."""
        query = text(
            "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM outbox WHERE status = 'queued'"
            " AND send_at <= :now AND (lease_until IS NULL OR lease_until <= now())), (SELECT count(*) FROM reminders),"
            " (SELECT count(*) FROM checkins), (SELECT count(*) FROM checkins WHERE status = 'open'),"
            " (SELECT coalesce(sum(level), 0) FROM alerts),"
            " (SELECT count(*) FROM stripe_events WHERE handled_at IS NOT NULL)"
        )
        with self._app.connect() as connection:
            return tuple(int(value) for value in connection.execute(query, {"now": self.now()}).one())


@click.command("advance")
@click.argument("length", required=False)
@click.option("--until", help="A moment instead of a length: 2027-01-02T10:00:00-05:00.")
@click.option("--data", type=click.Path(path_type=Path), default=DEFAULT_DATA, help="The sandbox's data folder.")
def advance_command(length: str | None, until: str | None, data: Path) -> None:
    """Move business time of a running sandbox, e.g. `homeward sandbox advance 7d`."""
    try:
        sandbox = find(data)
        mover = Mover(sandbox, click.echo)
        if (length is None) == (until is None):
            raise SandboxError("Say how far: a length like 7d, or a moment with --until.")
        target = mover.now() + duration(length) if length else _moment(until or "")
        click.echo(f"From {mover.now().astimezone(ZONE):%a %b %d %Y, %I:%M %p %Z}:")
        stops = mover.move_to(target)
        click.echo(f"It is now {mover.now().astimezone(ZONE):%a %b %d %Y, %I:%M %p %Z}, after {stops} stops.")
        mover.close()
    except (SandboxError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def _moment(words: str) -> datetime:
    found = datetime.fromisoformat(words)
    if found.tzinfo is None:
        raise ValueError(f"{words}: a moment needs an offset, like 2027-01-02T10:00:00-05:00")
    return found
