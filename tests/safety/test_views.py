"""The alert list as staff see it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.audit.models import AuditEntry
from service.kit import db
from tests.factories.accounts import a_patient, a_staff_member
from tests.factories.care import looking_after
from tests.factories.safety import a_hold, alert, an_alert

if TYPE_CHECKING:
    from tests.client import Browser
    from tests.conftest import House


def test_the_list_names_a_patient_and_says_where_there_is_no_name(client: Browser, house: House):
    chen, patient = a_staff_member("clinician"), a_patient(given_name="Ana", family_name="Rivera")
    an_alert(house, code="RF-SI", patient_id=patient.patient_id)
    an_alert(house, patient_id=a_patient(given_name="Bo", family_name="Chen").patient_id)
    an_alert(house)
    client.sign_in(chen.user_id)
    page = client.get("/staff/alerts").text
    assert page.index("Bo Chen") < page.index("Ana Rivera"), "the nearest deadline comes first"
    assert "Visitors without an account" in page


def test_looking_at_the_list_leaves_a_trace(client: Browser, house: House):
    chen, patient = a_staff_member("clinician"), a_patient()
    an_alert(house, patient_id=patient.patient_id)
    client.sign_in(chen.user_id)
    client.get("/staff/alerts")
    with db.reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.action == "record.view")).one()
    assert (seen.actor_id, seen.patient_id) == (chen.user_id, patient.patient_id)


def test_taking_an_alert_moves_it_out_of_the_open_ones(client: Browser, house: House):
    sam = a_staff_member("coordinator")
    raised = an_alert(house)
    client.sign_in(sam.user_id)
    response = client.submit(f"/staff/alerts/{raised}/acknowledge", follow_redirects=True)
    assert "You have taken this alert" in response.text
    assert "No alert is open" in response.text
    assert alert(raised).acknowledged_by == sam.user_id


def test_an_overdue_alert_says_so(client: Browser, house: House):
    chen = a_staff_member("clinician")
    an_alert(house)
    house.at(house.now + timedelta(minutes=16))
    client.sign_in(chen.user_id)
    assert "overdue" in client.get("/staff/alerts").text


def test_a_hold_without_a_reason_is_asked_for_one(client: Browser, house: House):
    chen, patient = a_staff_member("clinician"), a_patient()
    hold = a_hold(house, patient_id=patient.patient_id)
    client.sign_in(looking_after(chen, patient.patient_id).user_id)
    response = client.submit(f"/staff/holds/{hold}/lift", {"reason": ""})
    assert response.status_code == 422
    assert "Write in a sentence why it is safe to go on." in response.text


def test_a_clinician_lifts_a_hold_on_a_page_that_says_what_follows(client: Browser, house: House):
    chen, patient = a_staff_member("clinician"), a_patient()
    hold = a_hold(house, patient_id=patient.patient_id)
    client.sign_in(looking_after(chen, patient.patient_id).user_id)
    assert "lets charges, parcels and sessions go on again" in client.get(f"/staff/holds/{hold}/lift").text
    response = client.submit(
        f"/staff/holds/{hold}/lift", {"reason": "Spoke with the patient; plan renewed."}, follow_redirects=True
    )
    assert "The hold is lifted." in response.text


def test_a_coordinator_cannot_open_the_page_that_lifts_a_hold(client: Browser, house: House):
    sam, patient = a_staff_member("coordinator"), a_patient()
    hold = a_hold(house, patient_id=patient.patient_id)
    client.sign_in(sam.user_id)
    assert client.get(f"/staff/holds/{hold}/lift").status_code == 403
