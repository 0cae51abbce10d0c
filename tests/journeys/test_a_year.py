"""A year of one patient in seconds: every step by the real actions, Stripe's stand-in and its clock, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import Settings
from service.billing.models import LedgerEntry
from service.kit import db
from tests.billing.stand_in import GOOD
from tests.billing.storm.pool import a_pool
from tests.billing.storm.town import Town, a_town
from tests.billing.storm.truths import wrongs
from tests.factories.billing import mails_to

NOON = 17  # in New York in winter, in UTC; the charge stays at this hour of UTC, as Stripe counts

# By hand. $250.00 a month; from April 15 on $349.00: the second half of 30 days costs 174.50 - 125.00 = 49.50 more.
LEDGER = [
    ("2027-01-31", "payment", 25000),  # the first month
    ("2027-02-28", "payment", 25000),  # the last day of a short month, not the 3rd of March
    ("2027-04-01", "payment", 25000),  # March 31, in summer time now: declined, and paid at the next try, a day later
    ("2027-04-15", "payment", 4950),  # the dearer plan for the rest of the month
    ("2027-04-30", "payment", 34900),
    # May 31 is left out
    ("2027-06-30", "payment", 34900),
    ("2027-07-31", "payment", 34900),
    ("2027-08-10", "refund", -10000),
    ("2027-08-31", "payment", 34900),
    ("2027-09-30", "payment", 34900),
    ("2027-10-31", "payment", 34900),
    ("2027-11-30", "payment", 34900),  # winter time again
    ("2027-12-01", "refund", -34900),  # all of it: charged after they had told us
]
PAID = 25000 * 3 + 4950 + 34900 * 7
GIVEN_BACK = 10000 + 34900


@pytest.fixture
def town(settings: Settings, database: str, tmp_path: Path) -> Iterator[Town]:
    pool = a_pool(settings, f"{database}_year", people=1)
    with a_town(pool, f"{database}_a_year", tmp_path) as town:
        yield town


def on(town: Town, month: int, day: int, hour: int = NOON) -> None:
    """Everybody lives on until then."""
    town.live(datetime(2027, month, day, hour, tzinfo=UTC) - town.now)


@pytest.mark.slow
def test_a_year_of_one_patient_comes_out_to_the_cent(town: Town) -> None:
    (one,) = town.people
    on(town, 1, 31)
    town.starts(one)
    town.pays(one, GOOD)
    town.comes_back(one)
    on(town, 3, 31, NOON - 1)
    town.wire.trouble("decline")
    on(town, 3, 31, NOON + 2)
    assert standing(town) == "grace"
    on(town, 4, 15)
    assert standing(town) == "active"
    town.changes_plan(one, "monthly_plus")
    on(town, 5, 15)
    town.wishes(one, "skip", months=1)
    on(town, 8, 10)
    town.refunds(one, 10000 / 34900, decides=True)
    on(town, 12, 1)
    town.refunds(one, 1.0, decides=True)
    on(town, 12, 10)
    town.wishes(one, "cancel")
    assert standing(town) == "active"
    on(town, 12, 31, NOON + 1)
    assert standing(town) == "ended"
    town.live(datetime(2028, 2, 15, NOON, tzinfo=UTC) - town.now)
    town.settle()

    assert ledger() == LEDGER
    assert sum(cents for _, _, cents in LEDGER) == PAID - GIVEN_BACK
    assert wrongs(town) == []
    told = mails_to(one.who)
    assert (told["membership_started"], told["membership_ending"], told["membership_ended"]) == (1, 1, 1)
    assert told["payment_receipt"] == len([cents for _, _, cents in LEDGER if cents > 0])
    assert told["payment_problem"] == 1


def standing(town: Town) -> str:
    row = town.membership(town.people[0])
    assert row is not None
    return row.status


def ledger() -> list[tuple[str, str, int]]:
    """What was booked, in the order in which money moved."""
    with db.reading() as session:
        rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.moved_at, LedgerEntry.id))
        return [(f"{row.moved_at:%Y-%m-%d}", row.kind, row.amount_cents) for row in rows]
