"""Staff complete an approval once everything is in place; what is missing has a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from service.accounts.models import Patient
from service.catalog.rules.engine import Delivery
from service.enrollment.actions import complete, decide
from service.enrollment.actions.addendum import add_addendum
from service.enrollment.models import Enrollment
from service.enrollment.rules.completion import Logistics, checklist, missing
from service.kit import crypto, db
from service.kit.errors import Conflict
from service.mail.models import OutboxMessage
from service.visits.models import LicenseRecord
from service.visits.rules.encounters import Identity
from tests.client import Browser
from tests.conftest import House
from tests.factories.care import looking_after
from tests.factories.opening import closed, without_program
from tests.factories.visits import (
    AN_ID,
    Applicant,
    Clinician,
    a_clinician,
    a_record,
    an_applicant,
    booked,
    reachable,
    staff_actor,
    visit_at,
)

ALL = ["identity", "address", "emergency_contact", "phone", "sitter", "monitor"]
READY = Logistics(
    day=date(2026, 11, 24),
    identity_checked=True,
    document_until=date(2026, 11, 24),
    old=False,
    delivery=Delivery(state="FL", kind="street"),
    cared_for_in="FL",
    emergency_contact=True,
    phone=True,
    settled=frozenset({"sitter", "monitor"}),
)


def test_with_everything_in_place_nothing_is_missing() -> None:
    assert missing(checklist(READY)) == ()
    assert missing(checklist(replace(READY, old=True, document_until=None))) == ()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"identity_checked": False}, "identity"),
        ({"identity_checked": None, "old": True}, "identity"),
        ({"document_until": date(2026, 11, 23)}, "identity"),
        ({"document_until": None}, "identity"),
        ({"delivery": None}, "address"),
        ({"delivery": Delivery(state="FL", kind="post_box")}, "address"),
        ({"delivery": Delivery(state="NJ", kind="street")}, "address"),
        ({"emergency_contact": None}, "emergency_contact"),
        ({"phone": False}, "phone"),
        ({"settled": frozenset({"monitor"})}, "sitter"),
        ({"settled": frozenset({"sitter"})}, "monitor"),
    ],
)
def test_each_thing_that_is_missing_is_named_alone(change: dict[str, Any], key: str) -> None:
    assert [item.key for item in missing(checklist(replace(READY, **change)))] == [key]


def _decided(house: House, **changes: Any) -> tuple[Clinician, Applicant]:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(visit_at(applicant) or house.now)
    decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(house.now, **changes),
        catalog=house.catalog,
        actor=clinician.actor,
        now=house.now,
    )
    return clinician, applicant


def _seen_again(house: House, clinician: Clinician, applicant: Applicant, **changes: Any) -> None:
    """A second visit, the day after."""
    house.at(datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    booked(applicant, house.now)
    house.at(visit_at(applicant) or house.now)
    decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(house.now, **changes),
        catalog=house.catalog,
        actor=clinician.actor,
        now=house.now,
    )


def _complete(house: House, applicant: Applicant) -> list[str]:
    """The keys of what was missing; nothing where it was completed."""
    coordinator = looking_after(staff_actor("coordinator"), applicant.patient_id)
    try:
        complete.complete_approval(
            enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=coordinator, now=house.now
        )
    except complete.NotReady as no:
        return [item.key for item in no.items]
    return []


def _status(applicant: Applicant) -> str:
    with db.reading() as session:
        return session.scalars(select(Enrollment.status).where(Enrollment.id == applicant.enrollment_id)).one()


def _live_at(applicant: Applicant, line1: str, state: str = "FL") -> None:
    with db.transaction() as session:
        sealed = crypto.seal_json(
            {"line1": line1, "line2": "", "city": "Miami"}, "patients", "address", applicant.patient_id
        )
        values = {"address_sealed": sealed, "state": state}
        session.execute(update(Patient).where(Patient.id == applicant.patient_id).values(values))


def test_nothing_moves_and_nothing_is_mailed_while_something_is_missing(house: House) -> None:
    _, applicant = _decided(house)
    assert _complete(house, applicant) == ["address", "emergency_contact", "phone"]
    reachable(applicant.patient_id)
    _live_at(applicant, "P.O. Box 12")
    assert _complete(house, applicant) == ["address"]
    _live_at(applicant, "1 Main Street", "NJ")
    assert _complete(house, applicant) == ["address"]
    assert _status(applicant) == "decided"
    with db.reading() as session:
        assert "enrollment_approved" not in session.scalars(select(OutboxMessage.template)).all()
    _live_at(applicant, "1 Main Street")
    assert _complete(house, applicant) == []
    assert _status(applicant) == "approved"


def test_what_the_clinician_left_open_is_settled_by_an_addendum(house: House) -> None:
    clinician, applicant = _decided(house, sitter="open", monitor="open")
    reachable(applicant.patient_id)
    assert _complete(house, applicant) == ["sitter", "monitor"]
    with db.reading() as session:
        encounter_id = decide.records.latest_decision(session, applicant.enrollment_id)
    assert encounter_id is not None
    add_addendum(
        enrollment_id=applicant.enrollment_id,
        encounter_id=encounter_id.encounter_id,
        text="",
        settles=("sitter", "monitor"),
        actor=clinician.actor,
        now=house.now,
    )
    assert _complete(house, applicant) == []


def test_an_id_that_ran_out_since_the_visit_is_seen_again(house: House) -> None:
    _, applicant = _decided(house, identity=replace(AN_ID, expires_on=date(2026, 11, 23)))
    reachable(applicant.patient_id)
    house.at(datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    assert _complete(house, applicant) == ["identity"]


def test_whoever_was_known_again_rests_on_the_id_of_the_visit_before(house: House) -> None:
    clinician, applicant = _decided(house, decision="more_info", reason="Once more.")
    _seen_again(house, clinician, applicant, identity=Identity(method="recognised"))
    reachable(applicant.patient_id)
    assert _complete(house, applicant) == []


def test_an_id_with_another_name_on_it_proves_nobody_at_the_next_visit_either(house: House) -> None:
    another = replace(AN_ID, matches=("birth_date", "address"))
    clinician, applicant = _decided(house, decision="more_info", reason="Bring your own ID.", identity=another)
    with pytest.raises(decide.NotSignable) as no:
        _seen_again(house, clinician, applicant, identity=Identity(method="recognised"))
    assert [why.field for why in no.value.whys] == ["identity_method"]


def test_what_is_open_again_at_the_last_visit_is_open(house: House) -> None:
    clinician, applicant = _decided(house, decision="more_info", reason="Once more.")
    _seen_again(house, clinician, applicant, sitter="open")
    reachable(applicant.patient_id)
    assert _complete(house, applicant) == ["sitter"], "the adult of the first visit comes no more"


def test_the_page_names_what_is_missing_and_offers_the_button_only_without(house: House, client: Browser) -> None:
    _, applicant = _decided(house)
    coordinator = looking_after(staff_actor("coordinator"), applicant.patient_id)
    assert coordinator.user_id is not None
    client.sign_in(coordinator.user_id)
    page = f"/staff/enrollments/{applicant.enrollment_id}/complete"
    first = client.get(page)
    assert first.status_code == 200
    assert "A post office box is not enough" in first.text
    assert f'action="{page}"' not in first.text
    refused = client.submit(page)
    assert refused.status_code == 422
    assert "something is missing" in refused.text
    assert "F33.1" not in refused.text, "a checklist is no place for anything clinical"
    reachable(applicant.patient_id)
    assert f'action="{page}"' in client.get(page).text
    assert client.submit(page).status_code == 303
    assert client.get(page).status_code == 303, "nothing is left to complete"


@pytest.mark.parametrize("ended", ["state", "program", "license", "authority"])
def test_nothing_is_completed_under_a_rule_that_has_ended_since_the_decision(house: House, ended: str) -> None:
    clinician, applicant = _decided(house)
    reachable(applicant.patient_id)
    catalog, now = house.catalog, house.now
    with db.reading() as session:
        program = session.get_one(Enrollment, applicant.enrollment_id).program
    if ended == "state":
        catalog = closed(catalog, "FL")
    elif ended == "program":
        catalog = without_program(catalog, "FL", program)
    elif ended == "license":
        with db.transaction() as session:
            session.get_one(LicenseRecord, clinician.license_ids["FL"]).ended_at = now
    else:
        now = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
    who = looking_after(staff_actor("coordinator"), applicant.patient_id)
    with pytest.raises(Conflict) as no:
        complete.complete_approval(enrollment_id=applicant.enrollment_id, catalog=catalog, actor=who, now=now)
    codes = {"state": "state_closed", "program": "program_closed", "license": "license", "authority": "telemedicine"}
    assert no.value.code == codes[ended]
    assert _status(applicant) == "decided"
