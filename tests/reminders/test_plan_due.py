"""Nudges leave once each, by day, and only while they are wanted."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Membership
from service.checkins.actions import submit
from service.checkins.models import CheckIn
from service.checkins.queries import ToRemind, to_remind
from service.kit import crypto, db
from service.mail.models import OutboxMessage
from service.reminders import queries
from service.reminders.actions import compare, plan_due
from service.reminders.models import Reminder
from tests.conftest import House
from tests.factories.checkins import CALM, FIRST_DUE, a_due_checkin, a_member, actor_of

planning = import_module("service.reminders.actions.plan_due")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def planned(house: House, at: object) -> int:
    return plan_due(catalog=house.catalog, now=at)  # type: ignore[arg-type]


def nudges() -> list[Reminder]:
    with db.reading() as session:
        return list(session.scalars(select(Reminder).order_by(Reminder.due_at)))


def wanted(checkin_id: UUID) -> bool:
    with db.reading() as session:
        return queries.still_wanted(session, "checkin_open", checkin_id)


def test_a_due_checkin_brings_one_mail_and_one_line_in_the_ledger(house: House) -> None:
    person = a_member()
    checkin_id = a_due_checkin(house.catalog, person)
    assert planned(house, FIRST_DUE) == 1
    with db.reading() as session:
        row = session.execute(select(Reminder, OutboxMessage).join(OutboxMessage)).one()
    reminder, mail = row
    assert (reminder.step, reminder.send_at, reminder.send_before) == ("day-0", FIRST_DUE, FIRST_DUE + DAY)
    assert (mail.template, mail.user_id, mail.send_at, mail.send_before) == (
        "checkin_due",
        person.user_id,
        FIRST_DUE,
        FIRST_DUE + DAY,
    )
    assert mail.wanted_while == f"checkin_open:{checkin_id}"
    facts = crypto.unseal_json(mail.facts_sealed, "outbox", "facts", mail.id)
    assert facts == {"path": f"/check-ins/{checkin_id}"}


def test_each_nudge_is_planned_once_however_often_the_tick_comes(house: House) -> None:
    a_due_checkin(house.catalog, a_member())
    assert [planned(house, FIRST_DUE + n * HOUR) for n in range(4)] == [1, 0, 0, 0]
    assert planned(house, FIRST_DUE + DAY) == 1
    assert [row.step for row in nudges()] == ["day-0", "day-1"]
    assert planned(house, FIRST_DUE + 2 * DAY) == 0


def test_a_planner_that_looks_twice_is_stopped_by_the_ledger(house: House) -> None:
    a_due_checkin(house.catalog, a_member())
    planned(house, FIRST_DUE)
    with db.transaction() as session:
        session.execute(update(CheckIn).values(remind_at=FIRST_DUE))
    assert planned(house, FIRST_DUE + MINUTE) == 0
    assert len(nudges()) == 1


def test_somebody_found_late_gets_only_the_newest(house: House) -> None:
    a_due_checkin(house.catalog, a_member(), FIRST_DUE + DAY + HOUR)
    assert planned(house, FIRST_DUE + DAY + HOUR) == 1
    assert [row.step for row in nudges()] == ["day-1"]


def test_after_three_days_nothing_is_sent_any_more(house: House) -> None:
    a_due_checkin(house.catalog, a_member(), FIRST_DUE + 4 * DAY)
    assert planned(house, FIRST_DUE + 4 * DAY) == 0


def test_late_at_night_it_waits_for_the_morning(house: House) -> None:
    late = FIRST_DUE + 14 * HOUR + 30 * MINUTE  # 23:30 in Miami
    a_due_checkin(house.catalog, a_member(), late)
    assert planned(house, late) == 1
    assert nudges()[0].send_at == FIRST_DUE + 23 * HOUR  # 8 AM


def test_whoever_was_nudged_late_is_not_nudged_again_within_the_hour(house: House) -> None:
    late = FIRST_DUE + 14 * HOUR + 30 * MINUTE
    a_due_checkin(house.catalog, a_member(), late)
    planned(house, late)
    with db.transaction() as session:
        session.execute(update(OutboxMessage).values(status="sent", ended_at=FIRST_DUE + 23 * HOUR))
    assert planned(house, FIRST_DUE + DAY) == 0
    assert compare(catalog=house.catalog, now=FIRST_DUE + DAY + HOUR).all_well
    assert planned(house, FIRST_DUE + 23 * HOUR + 20 * HOUR) == 1
    assert [row.send_at for row in nudges()] == [FIRST_DUE + 23 * HOUR, FIRST_DUE + 47 * HOUR]  # 8 AM, each day


def test_an_answered_checkin_is_not_nudged_again(house: House) -> None:
    person = a_member()
    checkin_id = a_due_checkin(house.catalog, person)
    planned(house, FIRST_DUE)
    assert wanted(checkin_id)
    submit(checkin_id=checkin_id, answers=CALM, actor=actor_of(person), catalog=house.catalog, now=FIRST_DUE + HOUR)
    assert not wanted(checkin_id)
    assert planned(house, FIRST_DUE + DAY) == 0


@pytest.mark.parametrize("status", ["stopped", "ended"])
def test_somebody_whose_membership_is_over_gets_no_more_mail(house: House, status: str) -> None:
    checkin_id = a_due_checkin(house.catalog, a_member())
    planned(house, FIRST_DUE)
    with db.transaction() as session:
        session.execute(update(Membership).values(status=status))
    assert not wanted(checkin_id)


def test_somebody_who_closed_the_account_gets_no_more_mail(house: House) -> None:
    checkin_id = a_due_checkin(house.catalog, a_member())
    with db.transaction() as session:
        session.execute(update(Patient).values(closed_at=FIRST_DUE))
    assert not wanted(checkin_id)


def test_a_kind_nobody_knows_is_not_wanted(house: House) -> None:
    checkin_id = a_due_checkin(house.catalog, a_member())
    with db.reading() as session:
        assert not queries.still_wanted(session, "something_else", checkin_id)


def test_one_that_cannot_be_planned_never_holds_up_the_others(house: House) -> None:
    broken, well = a_member(), a_member()
    a_due_checkin(house.catalog, broken)
    with db.transaction() as session:
        session.execute(update(Patient).where(Patient.id == broken.patient_id).values(time_zone="Nowhere/Land"))
    assert planned(house, FIRST_DUE) == 1
    assert [row.patient_id for row in nudges()] == [well.patient_id]


def test_what_one_batch_planned_stays_when_a_later_one_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        person = a_member()
    a_due_checkin(house.catalog, person)
    monkeypatch.setattr(planning, "BATCH", 2)
    taken: list[int] = []

    def fails_the_third_time(session: Session, now: datetime, limit: int) -> list[ToRemind]:
        if len(taken) == 2:
            raise RuntimeError("the database went away")
        taken.append(limit)
        return to_remind(session, now, limit)

    monkeypatch.setattr(planning.checkins, "to_remind", fails_the_third_time)
    with pytest.raises(RuntimeError):
        planned(house, FIRST_DUE)
    assert (taken, len(nudges())) == ([2, 2], 4)
    monkeypatch.setattr(planning.checkins, "to_remind", to_remind)
    assert planned(house, FIRST_DUE) == 1


def test_silence_is_noticed_after_a_quarter_of_an_hour(house: House) -> None:
    a_due_checkin(house.catalog, a_member())
    assert compare(catalog=house.catalog, now=FIRST_DUE + 14 * MINUTE).all_well
    found = compare(catalog=house.catalog, now=FIRST_DUE + 15 * MINUTE)
    assert (found.unplanned, found.unsent) == (1, 0)


def test_a_mail_that_does_not_leave_is_noticed(house: House) -> None:
    a_due_checkin(house.catalog, a_member())
    planned(house, FIRST_DUE)
    assert compare(catalog=house.catalog, now=FIRST_DUE + 14 * MINUTE).all_well
    found = compare(catalog=house.catalog, now=FIRST_DUE + 15 * MINUTE)
    assert (found.unplanned, found.unsent) == (0, 1)


def test_the_second_nudge_is_missed_even_when_the_planner_forgot_it(house: House) -> None:
    a_due_checkin(house.catalog, a_member())
    planned(house, FIRST_DUE)
    with db.transaction() as session:
        session.execute(update(OutboxMessage).values(status="sent", ended_at=FIRST_DUE))
        session.execute(update(CheckIn).values(remind_at=None))
    assert compare(catalog=house.catalog, now=FIRST_DUE + DAY).all_well
    assert compare(catalog=house.catalog, now=FIRST_DUE + DAY + 15 * MINUTE).unplanned == 1


def test_the_sandbox_is_told_when_the_next_nudge_is_due(house: House) -> None:
    a_due_checkin(house.catalog, a_member())
    planned(house, FIRST_DUE)
    with db.reading() as session:
        assert queries.next_due_at(session, FIRST_DUE) == FIRST_DUE + DAY
        assert queries.happened(session, FIRST_DUE - DAY, FIRST_DUE) == [(FIRST_DUE, "A reminder was due to leave")]
