"""The page of memberships that need a person: who may look, who may decide, and what each of them is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from service.accounts.models import SignIn
from service.audit.models import AuditEntry
from service.billing.models import StripeEvent
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.ids import new_id
from tests.billing.stand_in import StandIn
from tests.billing.test_renewals import row_of
from tests.billing.test_resume import a_stopped_member, lift
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.care import looking_after
from tests.factories.visits import Applicant

HOLD = "A safety hold stands"
BUTTON = "Go on with this membership"


@pytest.fixture
def stopped(app: Flask, house: House, moving_stripe: StandIn) -> Iterator[Applicant]:
    """A member whose charge was stopped by a hold; the application speaks to their Stripe."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = moving_stripe.gateway()
    yield a_stopped_member(house, moving_stripe)[0]
    app.config["GATEWAY"] = before


def set_aside(house: House) -> None:
    row_id = new_id()
    with db.transaction() as session:
        session.add(
            StripeEvent(
                id=row_id,
                stripe_event_id="evt_1",
                kind="customer.subscription.updated",
                object_id="sub_1",
                body_sealed=crypto.seal("{}", "stripe_events", "body", row_id),
                received_at=house.now,
                try_at=house.now,
                parked_at=house.now,
            )
        )


def test_a_coordinator_who_looks_after_them_sees_who_was_stopped_and_why(client: Browser, stopped: Applicant) -> None:
    client.sign_in(looking_after(a_staff_member("coordinator"), stopped.patient_id).user_id)
    page = client.get("/staff/memberships").text
    assert "Ana Rivera" in page
    assert "Stopped" in page
    page = client.get(f"/staff/memberships/{row_of(stopped).id}").text
    assert HOLD in page
    assert BUTTON in page


def test_others_see_that_it_stopped_and_go_on_only_by_break_glass(client: Browser, stopped: Applicant) -> None:
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get(f"/staff/memberships/{row_of(stopped).id}").text
    assert "Ana Rivera" in page
    assert HOLD not in page
    address = f"/staff/memberships/{row_of(stopped).id}/go-on"
    for answer in (client.get(address), client.submit(address)):
        assert answer.status_code == 303
        assert f"/staff/patients/{stopped.patient_id}/break-glass" in answer.headers["Location"]
    assert row_of(stopped).status == "stopped"


def test_billing_sees_that_it_stopped_but_neither_why_nor_a_button(client: Browser, stopped: Applicant) -> None:
    client.sign_in(a_staff_member("billing").user_id)
    page = client.get(f"/staff/memberships/{row_of(stopped).id}").text
    assert "Stopped" in page
    assert "A coordinator decides whether it goes on." in page
    assert "hold" not in page.split("<main")[1].lower().replace("household", "")
    assert BUTTON not in page
    address = f"/staff/memberships/{row_of(stopped).id}/go-on"
    assert (client.get(address).status_code, client.submit(address).status_code) == (403, 403)


def test_a_no_of_the_gate_is_shown_with_its_reasons(client: Browser, stopped: Applicant) -> None:
    client.sign_in(looking_after(a_staff_member("coordinator"), stopped.patient_id).user_id)
    address = f"/staff/memberships/{row_of(stopped).id}/go-on"
    assert "$250.00" in client.get(address).text
    answer = client.submit(address)
    assert answer.status_code == 422
    assert HOLD in answer.text
    assert "Nothing was charged." in answer.text


def test_letting_money_start_again_takes_a_fresh_proof(client: Browser, house: House, stopped: Applicant) -> None:
    lift(stopped, house)
    client.sign_in(looking_after(a_staff_member("owner"), stopped.patient_id).user_id)
    with db.transaction() as session:
        session.execute(update(SignIn).values(second_factor_at=wall_now() - timedelta(minutes=11)))
    address = f"/staff/memberships/{row_of(stopped).id}/go-on"
    for answer in (client.get(address), client.submit(address)):
        assert answer.headers.get("Location", "").startswith("/prove-it-is-you")
    assert row_of(stopped).status == "stopped"


def test_once_nothing_stands_in_the_way_one_button_lets_it_go_on(
    client: Browser, house: House, stopped: Applicant
) -> None:
    lift(stopped, house)
    client.sign_in(looking_after(a_staff_member("owner"), stopped.patient_id).user_id)
    address = f"/staff/memberships/{row_of(stopped).id}/go-on"
    for _ in range(2):
        assert client.submit(address).status_code == 303
    page = client.get("/staff/memberships").text
    assert "The membership goes on." in page
    assert "No membership needs a look" in page
    assert row_of(stopped).status == "active"


def test_messages_set_aside_are_counted_on_the_staff_home_and_above_the_list(client: Browser, house: House) -> None:
    set_aside(house)
    for role in ("billing", "coordinator", "owner"):
        client.sign_in(a_staff_member(role).user_id)
        home = client.get("/staff").text
        assert "Nobody could act upon them: money may need a look." in home
        assert 'href="/staff/memberships"' in home
        assert "1 message from Stripe could not be acted upon" in client.get("/staff/memberships").text


@pytest.mark.parametrize("role", ["clinician", "auditor"])
def test_others_have_no_business_with_money(client: Browser, role: str) -> None:
    client.sign_in(a_staff_member(role).user_id)
    assert client.get("/staff/memberships").status_code == 403


def test_whoever_looked_at_the_names_is_noted(client: Browser, stopped: Applicant) -> None:
    viewer = a_staff_member("billing").user_id
    client.sign_in(viewer)
    client.get("/staff/memberships")
    with db.reading() as session:
        seen = session.scalars(
            select(AuditEntry.patient_id).where(AuditEntry.actor_id == viewer, AuditEntry.action == "record.view")
        ).all()
    assert seen == [stopped.patient_id]
