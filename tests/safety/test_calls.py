"""Calls that do not drown each other: a reminder a day when nobody looks, visitors below patients, a quiet trail."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine, func, select

from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from service.mail.models import OutboxMessage
from service.safety import actions
from service.safety.models import Alert
from tests.factories.accounts import a_patient, a_staff_member
from tests.factories.safety import a_hold, alert, an_alert, called
from tests.factories.statements import counted

if TYPE_CHECKING:
    from tests.client import Browser
    from tests.conftest import House

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def sixty_days_unanswered(house: House) -> None:
    start = house.now
    for hours in range(0, 24 * 60, 6):
        house.at(start + timedelta(hours=hours))
        actions.escalate_due(catalog=house.catalog, now=house.now)


def mails_a_day() -> Counter[tuple[object, object]]:
    with db.reading() as session:
        rows = session.execute(select(OutboxMessage.user_id, OutboxMessage.created_at)).all()
    return Counter((user_id, at.date()) for user_id, at in rows)


def test_after_the_last_step_everybody_hears_once_a_day_that_alerts_wait_however_many_do(house: House):
    staff = [a_staff_member(role) for role in ("clinician", "coordinator", "owner")]
    for minutes in (0, 50, 400):
        house.at(house.now + minutes * MINUTE)
        an_alert(house, patient_id=a_patient().patient_id)
    last_raised = house.now
    sixty_days_unanswered(house)
    later = {key: count for key, count in mails_a_day().items() if key[1] > (last_raised + DAY).date()}
    assert set(later.values()) == {1}
    assert {user_id for user_id, _ in later} == {person.user_id for person in staff}
    assert len(later) >= 3 * 55, "it does not fall silent by itself"


def quarter_past(house: House) -> datetime:
    return house.now.replace(hour=15, minute=15)


def test_many_visitors_in_a_quarter_of_an_hour_call_each_person_once(house: House):
    clinician, coordinator = a_staff_member("clinician"), a_staff_member("coordinator")
    for _ in range(10):
        an_alert(house)
    house.at(house.now + 8 * MINUTE)
    actions.escalate_due(catalog=house.catalog, now=house.now)
    assert called("alert_raised") == [clinician.user_id]
    assert called("alert_escalated") == [coordinator.user_id]
    house.at(quarter_past(house))
    an_alert(house)
    assert called("alert_raised") == [clinician.user_id, clinician.user_id]


def test_a_patients_alert_calls_at_once_whoever_else_called_before(house: House):
    clinician = a_staff_member("clinician")
    an_alert(house)
    an_alert(house, patient_id=a_patient().patient_id)
    assert called("alert_raised") == [clinician.user_id, clinician.user_id]


def test_patients_come_first_and_visitors_stand_below_as_one_group(client: Browser, house: House):
    chen = a_staff_member("clinician")
    for _ in range(3):
        an_alert(house)
    house.at(house.now + 5 * MINUTE)
    an_alert(house, code="RF-SI", patient_id=a_patient(given_name="Ana", family_name="Rivera").patient_id)
    client.sign_in(chen.user_id)
    page = " ".join(client.get("/staff/alerts").text.split())
    assert page.index("Ana Rivera") < page.index("Visitors without an account")
    assert page.count("Take this alert") == 1
    assert "3 alerts" in page
    assert "May not be able to stay safe now" in page


def test_visitors_alerts_are_taken_together_and_a_patients_stays_open(client: Browser, house: House):
    sam = a_staff_member("coordinator")
    visitors = [an_alert(house) for _ in range(3)]
    patients = an_alert(house, patient_id=a_patient().patient_id)
    seen_until = house.now
    house.at(house.now + MINUTE)
    later = an_alert(house)
    client.sign_in(sam.user_id)
    path = "/staff/alerts/visitors/acknowledge"
    response = client.submit(path, {"until": seen_until.isoformat()}, follow_redirects=True)
    assert "You have taken 3 alerts" in response.text
    assert {alert(one).acknowledged_by for one in visitors} == {sam.user_id}
    assert alert(visitors[0]).escalate_at is None
    assert alert(patients).acknowledged_at is None
    assert alert(later).acknowledged_at is None, "nobody takes what they have not seen"
    with db.reading() as session:
        traced = select(func.count()).where(AuditEntry.action == "alert.acknowledge")
        assert session.scalar(traced) == 3
    assert client.submit(path, {"until": "soon"}).status_code == 303
    assert alert(later).acknowledged_at is None


def test_billing_staff_cannot_take_visitors_alerts(client: Browser, house: House):
    raised = an_alert(house)
    client.sign_in(a_staff_member("billing").user_id)
    assert client.submit("/staff/alerts/visitors/acknowledge", {"until": house.now.isoformat()}).status_code == 403
    assert alert(raised).acknowledged_at is None


def test_the_trail_never_says_what_somebody_answered(house: House):
    patient = a_patient()
    an_alert(house, code="RF-SI", patient_id=patient.patient_id)
    a_hold(house, code="RF-SI", patient_id=patient.patient_id)
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.patient_id == patient.patient_id)).all()
    assert {entry.action for entry in entries} == {"alert.raise", "hold.place"}
    assert [entry.reason for entry in entries] == [None, None]
    assert all(entry.subject_id is not None for entry in entries), "the alert itself says it to those who may read it"


def test_the_list_asks_the_database_as_often_for_many_alerts_as_for_one(client: Browser, house: House, engine: Engine):
    people = [a_staff_member(role) for role in ("clinician", "coordinator", "owner")]
    client.sign_in(people[0].user_id)

    def one_more(number: int) -> None:
        patient, taker = a_patient(), people[number % 3]
        an_alert(house, patient_id=patient.patient_id)
        an_alert(house)
        taken = an_alert(house, code="RF-SI", patient_id=patient.patient_id)
        actions.acknowledge(alert_id=taken, actor=Actor("staff", taker.user_id, "clinician"), now=house.now)

    def asked() -> int:
        with counted(engine) as seen:
            assert client.get("/staff/alerts").status_code == 200
        return len(seen)

    one_more(0)
    few = asked()
    for number in range(1, 6):
        one_more(number)
    assert asked() == few
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 18
