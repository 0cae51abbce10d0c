"""A database with people who may pay, of which each storm has its own copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from service.kit import clock, crypto, db, queue
from service.kit.actor import Actor
from tests.billing.storm.wire import Wire
from tests.conftest import House, new_database, role_url
from tests.factories.accounts import a_staff_member
from tests.factories.billing import ready_to_pay
from tests.factories.care import looking_after
from tests.factories.visits import Applicant

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PEOPLE = 3
STAFF = ("coordinator", "owner", "owner")


@dataclass(frozen=True)
class Pool:
    """A database with people who may pay, of which each town is a copy."""

    name: str
    settings: Settings
    people: tuple[Applicant, ...]
    coordinator: Actor
    owner: Actor
    other_owner: Actor
    clinician: UUID


def a_pool(settings: Settings, database: str, *, people: int = PEOPLE) -> Pool:
    """Approved, signed, examined in person (the federal authority ends within the storm's year), looked after."""
    name = f"{database}_pool"
    new_database(name)
    house = House(settings)
    house.at(START)
    with opened(settings, name, lambda: START):
        found = tuple(ready_to_pay(house, in_person_exam_on=date(2026, 11, 20)) for _ in range(people))
        staff = [Actor("staff", user_id=a_staff_member(role).user_id, role=role) for role in STAFF]
        for one in found:
            for somebody in staff:
                looking_after(somebody, one.patient_id)
        clinician = a_staff_member("clinician").user_id
    return Pool(name, settings, found, *staff, clinician)


@contextmanager
def opened(settings: Settings, name: str, now: Callable[[], datetime], wire: Wire | None = None) -> Iterator[None]:
    crypto.configure(settings)
    clock.use(now)
    engine = db.connect(role_url("app", name), pool_size=8)
    if wire is not None:
        event.listen(engine, "commit", lambda connection: wire.seam())
    db.bind(sessionmaker(engine, expire_on_commit=False))
    try:
        yield
    finally:
        db.bind(None)
        queue.use(None)
        clock.use(clock.wall_now)
        engine.dispose()
