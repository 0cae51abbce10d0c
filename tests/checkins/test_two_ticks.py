"""Two beats, two workers: the work is shared, and done once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from service.catalog.queries import catalog as read_catalog
from service.catalog.rules.whole import Catalog
from service.checkins.actions import open_due
from service.checkins.models import CheckIn
from service.kit import crypto, db, queue
from service.mail.models import OutboxMessage
from service.reminders.actions import plan_due
from service.reminders.models import Reminder
from tests.conftest import new_database, role_url
from tests.factories.checkins import FIRST_DUE, a_member, fortnightly

MEMBERS = 12


@pytest.fixture
def committed(settings: Settings, database: str) -> Iterator[Catalog]:
    """A database of its own, where two connections see each other's work."""
    name = f"{database}_ticks"
    new_database(name)
    crypto.configure(settings)
    queue.use(lambda job: None)
    engine = db.connect(role_url("app", name), pool_size=8)
    db.bind(sessionmaker(engine, expire_on_commit=False))
    yield fortnightly(read_catalog(settings.config_dir))
    db.bind(None)
    queue.use(None)
    engine.dispose()


def at_once(work: object, times: int = 4) -> list[int]:
    """Run `work` in several threads that start together."""
    ready = Barrier(times)

    def run(_: int) -> int:
        ready.wait()
        return work()  # type: ignore[operator, no-any-return]

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_ticks_that_come_together_open_and_nudge_once_each(committed: Catalog) -> None:
    for _ in range(MEMBERS):
        a_member()
    opened = at_once(lambda: open_due(catalog=committed, now=FIRST_DUE))
    assert sum(opened) == MEMBERS
    planned = at_once(lambda: plan_due(catalog=committed, now=FIRST_DUE))
    assert sum(planned) == MEMBERS
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CheckIn)) == MEMBERS
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == MEMBERS
        assert set(Counter(session.scalars(select(Reminder.patient_id))).values()) == {1}
