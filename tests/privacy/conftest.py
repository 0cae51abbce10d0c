"""The house, and somebody with a long record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from service.kit import clock, crypto, db, queue
from tests.billing.conftest import gateway, moving_stripe, shared_stand_in, stripe
from tests.conftest import House, role_url

__all__ = ["gateway", "moving_stripe", "owner_house", "shared_stand_in", "stripe"]


@pytest.fixture
def owner_house(settings: Settings, database: str) -> Iterator[House]:
    """The house as the database's owner, who may remove records. Afterwards nothing is left."""
    house = House(settings)
    crypto.configure(settings)
    queue.use(house.jobs.append)
    clock.use(lambda: house.now)
    engine = db.connect(role_url("owner", database))
    with engine.connect() as connection:
        outer = connection.begin()
        db.bind(sessionmaker(connection, join_transaction_mode="create_savepoint", expire_on_commit=False))
        yield house
        db.bind(None)
        outer.rollback()
    engine.dispose()
    queue.use(None)
    clock.use(clock.wall_now)
