"""Alerts that call, climb and are taken; holds that a clinician lifts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected
from service.safety import actions, queries
from service.safety.actions import climb
from service.safety.models import SafetyHold
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.care import looking_after
from tests.factories.safety import a_hold, alert, an_alert, called

if TYPE_CHECKING:
    from tests.conftest import House

REASON = "Spoke with the patient and her sister; safety plan renewed."


def acting(person: Person, role: str) -> Actor:
    return Actor("staff", person.user_id, role)


def later(house: House, minutes: int) -> None:
    house.at(house.now + timedelta(minutes=minutes))


def test_an_alert_calls_the_clinician_first(house: House):
    clinician, _ = a_staff_member("clinician"), a_staff_member("coordinator")
    an_alert(house)
    assert called("alert_raised") == [clinician.user_id]


def test_the_same_source_and_code_raise_one_alert_and_call_once(house: House):
    a_staff_member("clinician")
    patient = a_patient()
    first = an_alert(house, patient_id=patient.patient_id, source_id=patient.user_id)
    second = an_alert(house, patient_id=patient.patient_id, source_id=patient.user_id)
    assert first == second
    assert len(called("alert_raised")) == 1


def test_an_unacknowledged_alert_climbs_with_no_new_data(house: House):
    _, coordinator, owner = a_staff_member("clinician"), a_staff_member("coordinator"), a_staff_member("owner")
    raised = an_alert(house)
    assert actions.escalate_due(catalog=house.catalog, now=house.now) == 0
    later(house, 7)
    assert actions.escalate_due(catalog=house.catalog, now=house.now) == 1
    assert called("alert_escalated") == [coordinator.user_id]
    later(house, 8)
    assert actions.escalate_due(catalog=house.catalog, now=house.now) == 1
    assert called("alert_escalated") == [coordinator.user_id, owner.user_id]
    assert alert(raised).level == 2


def test_a_second_tick_at_the_same_moment_calls_nobody_again(house: House):
    a_staff_member("coordinator")
    an_alert(house)
    later(house, 7)
    assert [actions.escalate_due(catalog=house.catalog, now=house.now) for _ in range(2)] == [1, 0]


def test_an_acknowledged_alert_never_climbs(house: House):
    clinician = a_staff_member("clinician")
    taken = an_alert(house)
    actions.acknowledge(alert_id=taken, actor=acting(clinician, "clinician"), now=house.now)
    later(house, 60 * 24 * 10)
    assert actions.escalate_due(catalog=house.catalog, now=house.now) == 0
    assert alert(taken).level == 0


def test_many_alerts_climb_in_one_tick_and_a_broken_one_stops_none(house: House, monkeypatch: pytest.MonkeyPatch):
    a_staff_member("coordinator")
    monkeypatch.setattr(climb, "BATCH", 2)
    alerts = [an_alert(house) for _ in range(5)]
    one_climbs = climb._climb

    def breaks_on_the_first_two(catalog, alert_id, now):
        if alert_id in alerts[:2]:
            raise RuntimeError("this row is broken")
        return one_climbs(catalog, alert_id, now)

    monkeypatch.setattr(climb, "_climb", breaks_on_the_first_two)
    later(house, 7)
    assert actions.escalate_due(catalog=house.catalog, now=house.now) == 3


def test_an_alert_whose_code_left_the_configuration_still_climbs(house: House):
    coordinator = a_staff_member("coordinator")
    an_alert(house, code="RF-FORGOTTEN", patient_id=a_patient().patient_id)
    later(house, 7)
    assert actions.escalate_due(catalog=house.catalog, now=house.now) == 1
    assert called("alert_escalated") == [coordinator.user_id]


def test_the_sandbox_knows_the_next_moment_and_what_happened(house: House):
    a_staff_member("coordinator")
    start = house.now
    an_alert(house, patient_id=a_patient().patient_id)
    with db.reading() as session:
        assert queries.next_due_at(session, house.now) == start + timedelta(minutes=7)
    later(house, 7)
    actions.escalate_due(catalog=house.catalog, now=house.now)
    with db.reading() as session:
        told = queries.happened(session, start - timedelta(seconds=1), house.now)
        assert queries.next_due_at(session, house.now) == start + timedelta(minutes=15)
    assert [at for at, _ in told] == [start, house.now]


def test_a_second_person_learns_who_has_taken_the_alert(house: House):
    chen, sam = a_staff_member("clinician", name=("Chen", "Li")), a_staff_member("coordinator")
    taken = an_alert(house)
    actions.acknowledge(alert_id=taken, actor=acting(chen, "clinician"), now=house.now)
    answer = actions.acknowledge(alert_id=taken, actor=acting(sam, "coordinator"), now=house.now)
    assert answer == actions.Acknowledged("Chen Li", by_somebody_else=True)
    assert alert(taken).acknowledged_by == chen.user_id


def test_taking_an_alert_twice_is_taking_it_once(house: House):
    chen = a_staff_member("clinician")
    taken = an_alert(house)
    for _ in range(2):
        answer = actions.acknowledge(alert_id=taken, actor=acting(chen, "clinician"), now=house.now)
        assert not answer.by_somebody_else
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "alert.acknowledge")).all()
    assert len(entries) == 1


def test_billing_staff_cannot_take_an_alert(house: House):
    person = a_staff_member("billing")
    with pytest.raises(NotAllowed):
        actions.acknowledge(alert_id=an_alert(house), actor=acting(person, "billing"), now=house.now)


def test_a_hold_stands_until_a_clinician_lifts_it_with_a_reason(house: House):
    chen, patient = a_staff_member("clinician"), a_patient()
    hold = a_hold(house, patient_id=patient.patient_id)
    assert patient.patient_id is not None
    with db.reading() as session:
        assert queries.standing_hold(session, patient.patient_id)
    looking_after(chen, patient.patient_id)
    actions.lift_hold(hold_id=hold, reason=REASON, actor=acting(chen, "clinician"), now=house.now)
    with db.reading() as session:
        assert not queries.standing_hold(session, patient.patient_id)
        stored = session.get_one(SafetyHold, hold)
        assert stored.lifted_by == chen.user_id
        assert REASON.encode() not in (stored.lift_reason_sealed or b"")


@pytest.mark.parametrize("role", ["coordinator", "owner", "billing"])
def test_nobody_but_a_clinician_lifts_a_hold(house: House, role: str):
    person, patient = a_staff_member(role), a_patient()
    hold = a_hold(house, patient_id=patient.patient_id)
    with pytest.raises(NotAllowed):
        actions.lift_hold(hold_id=hold, reason=REASON, actor=acting(person, role), now=house.now)


def test_a_hold_is_not_lifted_without_a_reason(house: House):
    chen, patient = a_staff_member("clinician"), a_patient()
    hold = a_hold(house, patient_id=patient.patient_id)
    with pytest.raises(Rejected):
        actions.lift_hold(hold_id=hold, reason="  ok  ", actor=acting(chen, "clinician"), now=house.now)


def test_a_hold_placed_twice_is_one_while_it_stands(house: House):
    patient = a_patient()
    first = a_hold(house, patient_id=patient.patient_id, source_id=patient.user_id)
    assert a_hold(house, patient_id=patient.patient_id, source_id=patient.user_id) == first
