"""Check-ins open in the patient's own morning, once, whatever happens around them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from config.settings import Settings
from service.billing.models import Membership
from service.catalog.queries import catalog as read_catalog
from service.checkins import queries
from service.checkins.actions import open_due
from service.checkins.models import CheckIn, CheckInTurn
from service.checkins.queries import turns_due
from service.kit import db
from tests.conftest import House
from tests.factories.accounts import Person
from tests.factories.checkins import BEGAN, FIRST_DUE, a_member, checkins_of

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def opened(house: House, at: datetime) -> int:
    return open_due(catalog=house.catalog, now=at)


def set_status(person: Person, status: str) -> None:
    with db.transaction() as session:
        session.execute(update(Membership).where(Membership.patient_id == person.patient_id).values(status=status))


def test_the_first_checkin_opens_fourteen_local_days_after_the_start_at_nine(house: House) -> None:
    person = a_member()
    assert opened(house, FIRST_DUE - MINUTE) == 0
    assert opened(house, FIRST_DUE) == 1
    (checkin,) = checkins_of(person)
    assert (checkin.due_at, checkin.key, checkin.status) == (FIRST_DUE, "phq9:2026-11-16", "open")


def test_nine_oclock_is_the_patients_own(house: House) -> None:
    eastern, central = a_member(), a_member("FL-central")
    opened(house, FIRST_DUE)
    assert [len(checkins_of(person)) for person in (eastern, central)] == [1, 0]
    opened(house, FIRST_DUE + timedelta(hours=1))
    assert len(checkins_of(central)) == 1


def test_a_checkin_opens_once_however_often_the_tick_comes(house: House) -> None:
    person = a_member()
    assert [opened(house, FIRST_DUE + n * MINUTE) for n in range(4)] == [1, 0, 0, 0]
    assert len(checkins_of(person)) == 1


def test_somebody_found_late_meets_only_the_newest(house: House) -> None:
    person = a_member()
    assert opened(house, FIRST_DUE + 43 * DAY) == 1
    (checkin,) = checkins_of(person)
    assert checkin.due_at == FIRST_DUE + 42 * DAY


def test_one_nobody_answered_in_a_week_is_missed_and_the_next_opens_on_its_day(house: House) -> None:
    person = a_member()
    opened(house, FIRST_DUE)
    opened(house, FIRST_DUE + 7 * DAY)
    assert [row.status for row in checkins_of(person)] == ["missed"]
    opened(house, FIRST_DUE + 14 * DAY)
    assert [row.status for row in checkins_of(person)] == ["missed", "open"]


@pytest.mark.parametrize("status", ["awaiting_payment", "stopped", "ended"])
def test_without_a_live_membership_nothing_opens(house: House, status: str) -> None:
    person = a_member()
    opened(house, FIRST_DUE - DAY)
    set_status(person, status)
    assert opened(house, FIRST_DUE) == 0
    assert checkins_of(person) == []


def test_a_membership_that_comes_back_is_asked_again(house: House) -> None:
    person = a_member()
    set_status(person, "grace")
    opened(house, FIRST_DUE - DAY)
    set_status(person, "stopped")
    opened(house, FIRST_DUE)
    set_status(person, "active")
    assert opened(house, FIRST_DUE + DAY) == 1


@pytest.mark.parametrize(
    ("clocks_change_on", "began_on"), [(date(2027, 3, 14), date(2027, 3, 3)), (date(2026, 11, 1), date(2026, 10, 21))]
)
def test_nine_stays_nine_when_the_clocks_change(house: House, clocks_change_on: date, began_on: date) -> None:
    zone = ZoneInfo("America/New_York")
    began = datetime.combine(began_on, time(12), zone).astimezone(UTC)
    person = a_member(began=began)
    opened(house, began)
    with db.reading() as session:
        due_at = queries.next_due_at(session, began)
    assert due_at is not None
    there = due_at.astimezone(zone)
    assert there.time() == time(9)
    assert there.date() == began_on + 14 * DAY > clocks_change_on
    assert opened(house, due_at - MINUTE) == 0
    assert opened(house, due_at) == 1
    assert len(checkins_of(person)) == 1


def test_as_shipped_the_first_opens_on_the_day_somebody_joins(house: House, settings: Settings) -> None:
    person = a_member()
    assert open_due(catalog=read_catalog(settings.config_dir), now=BEGAN) == 1
    assert [row.key for row in checkins_of(person)] == ["phq9:2026-11-02"]


def test_a_quiet_tick_asks_three_questions_however_many_members_there_are(house: House, engine: Engine) -> None:
    for _ in range(5):
        a_member()
    opened(house, FIRST_DUE)
    asked: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    opened(house, FIRST_DUE + MINUTE)
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 3, "\n\n".join(asked)


def test_what_one_batch_opened_stays_when_a_later_one_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [a_member() for _ in range(5)]
    opening = import_module("service.checkins.actions.open_due")
    monkeypatch.setattr(opening, "BATCH", 2)
    taken: list[int] = []

    def fails_the_third_time(session: Session, now: datetime, limit: int) -> list[queries.Turn]:
        if len(taken) == 2:
            raise RuntimeError("the database went away")
        taken.append(limit)
        return turns_due(session, now, limit)

    monkeypatch.setattr(opening.queries, "turns_due", fails_the_third_time)
    with pytest.raises(RuntimeError):
        opened(house, FIRST_DUE)
    assert (taken, sum(len(checkins_of(one)) for one in members)) == ([2, 2], 4)
    monkeypatch.setattr(opening.queries, "turns_due", turns_due)
    assert opened(house, FIRST_DUE) == 1


def test_one_that_cannot_be_worked_on_never_holds_up_the_others(house: House) -> None:
    broken, well = a_member(program="gone"), a_member()
    assert opened(house, FIRST_DUE) == 1
    assert (len(checkins_of(broken)), len(checkins_of(well))) == (0, 1)
    with db.reading() as session:
        looked = select(CheckInTurn.look_at).join(Membership).where(Membership.patient_id == broken.patient_id)
        assert session.scalar(looked) == FIRST_DUE + timedelta(minutes=15)


def test_the_sandbox_is_told_what_comes_next_and_what_happened(house: House) -> None:
    a_member()
    opened(house, FIRST_DUE - DAY)
    with db.reading() as session:
        assert queries.next_due_at(session, FIRST_DUE - DAY) == FIRST_DUE
    opened(house, FIRST_DUE)
    with db.reading() as session:
        assert queries.next_due_at(session, FIRST_DUE) == FIRST_DUE + 7 * DAY
        assert queries.happened(session, FIRST_DUE - DAY, FIRST_DUE) == [(FIRST_DUE, "A check-in opened")]


def test_a_second_row_for_the_same_day_is_refused_by_the_database(house: House) -> None:
    person = a_member()
    opened(house, FIRST_DUE)
    with db.reading() as session:
        keys = session.scalars(select(CheckIn.key).where(CheckIn.patient_id == person.patient_id)).all()
    assert keys == ["phq9:2026-11-16"]
    with db.transaction() as session:
        session.execute(update(CheckInTurn).values(look_at=FIRST_DUE))
    assert opened(house, FIRST_DUE + MINUTE) == 0
