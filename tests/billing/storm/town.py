"""A small town with a clinic: people who may pay, workers, a clock, and Stripe. Every step is a real action."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from service.billing import actions, queries, rules
from service.kit import db, queue
from tests.billing.stand_in import Message
from tests.billing.storm.doing import DAY, HOUR, Neighbour
from tests.billing.storm.outside import Outside
from tests.billing.storm.pool import START, Pool, opened
from tests.billing.storm.wire import Wire
from tests.conftest import new_database
from workers.schedule import SCHEDULE

NAMED_OTHERWISE = {"watch": "watch_billing"}  # tasks whose action has another name


class Town(Outside):
    """Everything that can happen. Whatever is refused with a named reason is an answer; anything else is a failure."""

    # Workers ---------------------------------------------------------------------------------------------------------

    def collect(self) -> None:
        """What Stripe told goes into the bag."""
        self.bag += self.wire.post()

    def deliver(self, seed: int = 0, share: float = 1.0, twice: float = 0.0, lost: float = 0.0) -> None:
        """A shuffled share of the bag arrives; some of it twice, some of it never."""
        self.collect()
        draw = random.Random(seed)
        if seed:
            draw.shuffle(self.bag)
        number = round(len(self.bag) * share)
        if lost or share < 1:
            self.shake()
        arriving, self.bag = self.bag[:number], self.bag[number:]
        for message in arriving:
            if draw.random() < lost:
                continue
            for _ in range(2 if draw.random() < twice else 1):
                self.tries(lambda message=message: self.receive(message))  # type: ignore[misc]

    def receive(self, message: Message) -> None:
        """One message at our door."""
        notice = self.gateway.verify_webhook(message.raw, message.signature)
        actions.receive(notice=notice, body=message.raw.decode(), wall_now=self.now)

    def work(self, seed: int = 0, lost: float = 0.0) -> None:
        """The workers do their jobs, in any order; some jobs are lost with Redis."""
        draw, jobs = random.Random(seed), self.take_jobs()
        if lost:
            self.shake()
        if seed:
            draw.shuffle(jobs)
        for job in jobs:
            if draw.random() >= lost:
                self.tries(lambda job=job: self.do(job.name, **job.arguments))  # type: ignore[misc]

    def take_jobs(self) -> list[queue.Job]:
        """Billing's jobs, which are nobody else's from now on."""
        jobs = [job for job in self.jobs if job.name.startswith("billing.")]
        self.jobs.clear()
        return jobs

    def do(self, task: str, **arguments: Any) -> Any:
        """A task of billing's, as its worker calls it."""
        ids = {name: UUID(value) if name.endswith("_id") else value for name, value in arguments.items()}
        name = task.removeprefix("billing.")
        return self.act(NAMED_OTHERWISE.get(name, name), **ids)

    def tick(self, *every: str) -> None:
        """Billing's part of the timetable."""
        for entry in SCHEDULE:
            if entry.task.startswith("billing.") and entry.every in every:
                self.tries(lambda entry=entry: self.do(entry.task, **entry.arguments))  # type: ignore[misc]

    def look_after(self) -> None:
        """What workers do at any moment: what has arrived, what is due, and each hour what is compared."""
        if self.wire.troubled():
            self.shake()
        self.deliver()
        self.work()
        self.tick("tick", "sweep")
        if self.now - self.swept_at >= HOUR:
            self.swept_at = self.now
            self.tick("hour")
        self.deliver()
        self.work()
        self.looked.append(self.now)

    # Time ------------------------------------------------------------------------------------------------------------

    def sleep(self, how_long: timedelta) -> None:
        """Time passes and no worker is there."""
        self.shake()
        self.now += how_long
        self.wire.move_to(self.now)
        self.shake()

    def live(self, how_long: timedelta) -> None:
        """Time passes from one due moment to the next, with everybody at work."""
        until = self.now + how_long
        if any(one.blocked and one.blocked[-1][0] == self.now for one in self.people):
            self.look_after()  # two seconds after a hold there is a tick, whatever is due next
        while self.now < until:
            self.now = min((until, *self._stops()))
            self.wire.move_to(self.now)
            self.look_after()

    def _stops(self) -> Iterator[datetime]:
        with db.reading() as session:
            ours = queries.next_due_at(session, self.now)
        for found in (ours, self.wire.next_due()):
            if found is not None:
                yield max(found, self.now + timedelta(seconds=1))

    def settle(self) -> None:
        """After the storm: nothing goes wrong any more, what was said arrives, what failed is tried again."""
        self.wire.kill_in = 0
        self.wire.world.faults.clear()
        self.answers.clear()
        for wait in (timedelta(minutes=6), HOUR + timedelta(minutes=1), 7 * HOUR, DAY + HOUR, HOUR):
            self.live(wait)
            self.look_after()

    def to_next_charge(self, one: Neighbour, after: timedelta) -> None:
        """Everybody lives on until this long after the next month begins (within the hour: while it is a draft)."""
        row = self.membership(one)
        if row is not None and row.status in rules.LIVE and row.period_ends_at and row.period_ends_at > self.now:
            self.live(row.period_ends_at + after - self.now)

    def to_new_price(self, one: Neighbour, after: timedelta) -> None:
        """Everybody lives on until this long after the first charge at a price that they were told of."""
        found = self.new_price(one)
        if found is not None and found.applies_at + after > self.now:
            self.live(found.applies_at + after - self.now)


@contextmanager
def a_town(pool: Pool, name: str, folder: Path, *, dunning_ends_in: str = "canceled") -> Iterator[Town]:
    """A fresh copy of the pool, and a Stripe that knows nobody yet."""
    new_database(name, template=pool.name)
    wire = Wire(folder, START, dunning_ends_in=dunning_ends_in)
    town = Town(pool, wire)
    try:
        with wire.connected(), opened(pool.settings, name, lambda: town.now, wire):
            queue.use(town.jobs.append)
            actions.offer_prices(gateway=town.gateway, catalog=town.catalog)
            yield town
    finally:
        wire.close()
