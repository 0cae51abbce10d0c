"""Two beats, two workers: the work is shared, and done once."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select

from service.catalog.rules.whole import Catalog
from service.checkins.actions import open_due
from service.checkins.models import CheckIn
from service.kit import db
from service.mail.models import OutboxMessage
from service.reminders.actions import plan_due
from service.reminders.models import Reminder
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.checkins import FIRST_DUE, a_member, fortnightly

MEMBERS = 12


@pytest.fixture
def facts(committed: House) -> Catalog:
    """A fortnightly check-in, where two connections see each other's work."""
    return fortnightly(committed.catalog)


def test_ticks_that_come_together_open_and_nudge_once_each(facts: Catalog) -> None:
    for _ in range(MEMBERS):
        a_member()
    opened = at_once(*[lambda: open_due(catalog=facts, now=FIRST_DUE)] * 4)
    assert sum(opened) == MEMBERS
    planned = at_once(*[lambda: plan_due(catalog=facts, now=FIRST_DUE)] * 4)
    assert sum(planned) == MEMBERS
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CheckIn)) == MEMBERS
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == MEMBERS
        assert set(Counter(session.scalars(select(Reminder.patient_id))).values()) == {1}
