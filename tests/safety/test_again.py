"""The same worrying answer, given again: what was acknowledged and lifted before covers only what was said before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from service.checkins.actions import answer, submit
from service.kit import db
from service.kit.actor import Actor
from service.safety import actions, queries
from service.safety.models import Alert, SafetyHold
from tests.factories.accounts import Person, a_staff_member
from tests.factories.checkins import CALM, FIRST_DUE, a_due_checkin, a_member, actor_of
from tests.factories.safety import called

if TYPE_CHECKING:
    from tests.conftest import House

REASON = "Spoke with the patient; safety plan renewed."


def rows(model: type[Alert] | type[SafetyHold]) -> list[UUID]:
    with db.reading() as session:
        return list(session.scalars(select(model.id)))


def thoughts(house: House, person: Person, checkin_id: UUID) -> None:
    """Item 9, answered with "nearly every day"."""
    answer(checkin_id=checkin_id, item="9", value=3, actor=actor_of(person), catalog=house.catalog, now=house.now)


def looked_after(house: House, chen: Person) -> None:
    """Every alert acknowledged, every hold lifted."""
    acting = Actor("staff", chen.user_id, "clinician")
    for alert_id in rows(Alert):
        actions.acknowledge(alert_id=alert_id, actor=acting, now=house.now)
    for hold_id in rows(SafetyHold):
        actions.lift_hold(hold_id=hold_id, reason=REASON, actor=acting, now=house.now)


def on_hold(person: Person) -> bool:
    assert person.patient_id is not None
    with db.reading() as session:
        return queries.standing_hold(session, person.patient_id)


def test_an_answer_given_again_after_it_was_looked_after_calls_again_and_holds_again(house: House):
    house.at(FIRST_DUE + timedelta(hours=1))
    chen, person = a_staff_member("clinician"), a_member()
    checkin_id = a_due_checkin(house.catalog, person)
    thoughts(house, person, checkin_id)
    thoughts(house, person, checkin_id)
    assert (len(rows(Alert)), len(rows(SafetyHold))) == (1, 1), "while nobody has looked, one is enough"
    looked_after(house, chen)
    assert not on_hold(person)
    house.at(house.now + timedelta(hours=2))
    thoughts(house, person, checkin_id)
    assert (len(rows(Alert)), len(rows(SafetyHold))) == (2, 2)
    assert called("alert_raised") == [chen.user_id, chen.user_id]
    assert on_hold(person)
    found = actions.open_list(actor=Actor("staff", chen.user_id, "clinician"))
    assert [alert.hold is not None and alert.hold.lifted_at is None for alert in found.open] == [True]


def test_sending_what_was_looked_after_meanwhile_calls_nobody_a_second_time(house: House):
    house.at(FIRST_DUE + timedelta(hours=1))
    chen, person = a_staff_member("clinician"), a_member()
    checkin_id = a_due_checkin(house.catalog, person)
    thoughts(house, person, checkin_id)
    looked_after(house, chen)
    rest = {item: value for item, value in CALM.items() if item != "9"}
    sent = submit(checkin_id=checkin_id, answers=rest, actor=actor_of(person), catalog=house.catalog, now=house.now)
    assert sent.flags, "the page still says where help is"
    assert len(rows(Alert)) == 1
    assert not on_hold(person)
