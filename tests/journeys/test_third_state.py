"""Adding a state is adding files: two of them open a third state, and somebody there walks the whole way in."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from config.brand import brand
from config.settings import HOUSE, Settings
from service.accounts.models import Patient, User
from service.billing import actions as billing
from service.billing.models import Checkout
from service.billing.queries.gate import charge_facts
from service.catalog.queries import catalog as catalog_of
from service.catalog.queries import place_of_zip
from service.catalog.rules.consents import render
from service.catalog.rules.places import AskCounty, Found, NotServed
from service.catalog.rules.reading import CatalogError
from service.consent import queries as consents
from service.consent.rules import blanks
from service.consent.rules.tasks import CARE_NEEDS
from service.enrollment.actions import complete, decide, hold, sign
from service.enrollment.actions.decide import NotSignable
from service.enrollment.models import Assessment, Enrollment
from service.enrollment.queries.assessments import rules_hit
from service.enrollment.rules.gate import may
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected
from service.visits import queries as visits
from service.visits.models import Encounter, LocationAttestation
from tests.billing.stand_in import running
from tests.client import Browser
from tests.conftest import House
from tests.factories.billing import terms_of
from tests.factories.care import looking_after
from tests.factories.enrollment import HEALTHY, the_worker_looks, walk
from tests.factories.visits import Clinician, a_clinician, a_record, reachable, staff_actor

# Far from the two states we ship: no daylight saving, hours behind the East, a county without an own ZIP, own words.
HAWAII = """
code = "HI"
name = "Hawaii"
time_zone = "Pacific/Honolulu"
zip_prefixes = ["967", "968"]

counties = [
  { fips = "15001", name = "Hawaii" },
  { fips = "15003", name = "Honolulu" },
  { fips = "15005", name = "Kalawao" },
  { fips = "15007", name = "Kauai" },
  { fips = "15009", name = "Maui" },
]
"""
RULES = {
    "open": "true",
    "program.depression": '"on"',
    "licenses": '["physician"]',
    "registrations": '["dea"]',
    "pdmp": '"HI-PDMP"',
    "pdmp_hours": "12",
    "retention_years": "7",
    "delivery": '["street"]',
    "disclosure.relay": '"You may ask for an interpreter before any visit, and it costs nothing."',
}
TELEHEALTH = """+++
title = "Care by video, in Hawaii"
in_short = "Your visits are by video, with somebody licensed in Hawaii."
statement = "I have read this and I agree to be treated by telehealth."
blocking = true
order = 20
effective_on = 2026-01-01
values = ["support_phone"]
when = "before_visit"
stops = "call"
taking_back = "Visits by video stop."
+++
## What telehealth is

You meet your clinician by live video. Call {{ support_phone }} with any question.
"""
ANA = {
    "given_name": "Ana",
    "family_name": "Rivera",
    "email": "ana@example.com",
    "password": "seven quiet herons",
    "notices": "y",
}


def rule(topic: str, value: str, since: str = "2026-01-01") -> str:
    lines = [f'topic = "{topic}"', f"effective_from = {since}", f"value = {value}", 'source = "a test, not a law"']
    return "\n".join(["", "[[rules]]", *lines, ""])


def opened(folder: Path) -> Path:
    """The shipped configuration and Hawaii's files beside it: nothing else is touched."""
    shutil.copytree(HOUSE / "config", folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = HAWAII + "".join(rule(topic, value) for topic, value in RULES.items())
    (folder / "states" / "hawaii.toml").write_text(text, encoding="utf-8")
    (folder / "consents" / "telehealth-hi-v1.md").write_text(TELEHEALTH, encoding="utf-8")
    return folder


@pytest.fixture
def here(house: House, settings: Settings, tmp_path: Path) -> House:
    """The house, with its configuration and two files more."""
    house.settings = settings.model_copy(update={"config_dir": opened(tmp_path / "config")})
    return house


@pytest.fixture
def client(here: House) -> Browser:
    from service.app import create_app

    app = create_app(here.settings, opened=True)
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


def read(client: Browser, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200, page.headers.get("Location", page.text)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def a_doctor(**changes: Any) -> Clinician:
    """A physician of Hawaii, by Hawaii's clock."""
    wanted = {"states": ("HI",), "registered": ("dea",), "zone": "Pacific/Honolulu", "hours": (time(8), time(12))}
    return a_clinician(**{**wanted, **changes})


def in_hawaii(now: datetime, **changes: Any) -> Any:
    where = {"patient_state": "HI", "patient_county": "15003", "practitioner_state": "HI"}
    return a_record(now, **{**where, "disclosed": frozenset({"relay"}), **changes})


def enrolled() -> Enrollment:
    with db.reading() as session:
        return session.scalars(select(Enrollment)).one()


def booked_visit(row: Enrollment) -> UUID:
    with db.reading() as session:
        visit = visits.booked_visit(session, row.patient_id)
    assert visit is not None
    return visit.id


def actor_of(row: Enrollment) -> Actor:
    with db.reading() as session:
        user_id = session.get_one(Patient, row.patient_id).user_id
    return Actor("patient", user_id, patient_id=row.patient_id, sign_in_id=user_id, address="203.0.113.9")


def joined(client: Browser, house: House, zip_code: str = "96813") -> Enrollment:
    """Through the assessment and the form, with the address confirmed by the link in the mail."""
    walk(client, {**HEALTHY, "zip": [zip_code]})
    client.submit("/assessment/check")
    assert client.get("/assessment/result").status_code == 200
    assert client.submit("/join", ANA).status_code == 303
    the_worker_looks(house)
    row = enrolled()
    with db.transaction() as session:
        patient = session.get_one(Patient, row.patient_id)
        session.get_one(User, patient.user_id).email_confirmed_at = house.now
    return row


def test_before_its_files_the_state_is_refused_and_after_them_it_is_served(here: House) -> None:
    shipped = catalog_of(HOUSE / "config")
    assert place_of_zip(shipped, "96813") == NotServed("96813", "HI")
    found = place_of_zip(here.catalog, "96813")
    assert isinstance(found, Found)
    assert (found.state, found.county.name, found.time_zone) == ("HI", "Honolulu", "Pacific/Honolulu")
    assert isinstance(place_of_zip(here.catalog, "96899"), AskCounty)
    assert set(here.catalog.states) == {"FL", "NJ", "HI"}


def test_the_public_pages_name_the_third_state_and_count_its_counties(client: Browser) -> None:
    assert "Florida, Hawaii, and New Jersey" in read(client, "/")
    assert "adults in Florida, Hawaii, and New Jersey" in client.get("/").text
    assert "Hawaii Open All 5 counties" in read(client, "/states")
    assert "Kalawao" in read(client, "/states")


def test_a_program_that_the_third_state_does_not_allow_is_closed_there(client: Browser) -> None:
    walk(client, {**HEALTHY, "zip": ["96813"], "condition": ["ocd"]})
    assert client.get("/assessment/result").status_code == 200
    with db.reading() as session:
        assert rules_hit(session.scalars(select(Assessment)).one()) == ("G-POLICY",)


def test_somebody_in_the_third_state_walks_the_whole_way_to_an_active_membership(
    client: Browser, here: House, tmp_path: Path
) -> None:
    row = joined(client, here)
    assert (row.state, row.program, row.status) == ("HI", "depression", "assessed")
    with db.reading() as session:
        assert session.get_one(Patient, row.patient_id).time_zone == "Pacific/Honolulu"
    ana = actor_of(row)
    client.sign_in(ana.user_id or row.patient_id)

    # A clinician of Florida is not offered; one of Hawaii is, on Hawaii's clock.
    a_clinician(name="Dr. Sam Doe", states=("FL", "NJ"))
    maya = a_doctor()
    assert "You may ask for an interpreter before any visit" in read(client, "/visits/book")
    with db.reading() as session:
        open_now = visits.open_times(session, state="HI", now=here.now)
    assert {one.practitioner.id for one in open_now} == {maya.practitioner_id}
    first = open_now[0]
    slot = f"{first.practitioner.id}_{int(first.starts_at.timestamp())}"
    answer = client.submit("/visits/book", {"slot": slot, "day": f"{first.starts_at:%Y-%m-%d}"})
    assert answer.status_code == 303, read(client, "/visits/book")
    assert client.submit(answer.headers["Location"]).status_code == 303
    assert enrolled().status == "booked"

    # Before a visit: whom to call, where help can be sent, and the two texts that come before it.
    reachable(row.patient_id)
    assert {key for key, _ in sign_everything(here, ana, ("before_visit",))} == {"esign", "telehealth"}

    # The visit begins with where they are. Its page says what Hawaii wants said, and offers Hawaii's counties alone.
    here.at(first.starts_at)
    room = f"/visits/{booked_visit(row)}/room"
    said = read(client, room)
    assert "You may ask for an interpreter" in said
    assert "In Hawaii" in said
    assert "Essex" not in said
    where = {"where": "here", "county": "15003", "help_to": "at", "address": "1 Ala Moana Blvd, Honolulu"}
    assert client.submit(room, {**where, "callback": "(808) 555-0123"}).status_code == 303
    with db.reading() as session:
        assert session.scalars(select(LocationAttestation.state)).all() == ["HI"]

    # What Hawaii asks of the clinician is asked; what Florida and New Jersey ask for is not.
    doctors = client.application.test_client()
    doctors.sign_in(maya.user_id)
    form = read(doctors, f"/staff/enrollments/{row.id}/encounter")
    assert "HI-PDMP" in form
    assert "You may ask for an interpreter" in form
    assert "NJPMP" not in form
    refused = reasons(here, maya, disclosed=frozenset())
    assert refused == ["disclosed"]
    assert reasons(here, maya, pdmp_checked_at=here.now - timedelta(hours=13)) == ["pdmp_checked_at"]
    assert reasons(here, maya, patient_state="FL", patient_county="12086") == ["patient_state"]
    decided(here, maya)
    with db.reading() as session:
        encounter = session.scalars(select(Encounter)).one()
    assert (encounter.patient_state, encounter.pdmp_system) == ("HI", "HI-PDMP")

    coordinator = looking_after(staff_actor("coordinator"), row.patient_id)
    complete.complete_approval(enrollment_id=row.id, catalog=here.catalog, actor=coordinator, now=here.now)
    signed = sign_everything(here, ana)
    assert ("telehealth", "HI") in signed
    assert {state for _, state in signed} <= {"", "HI"}
    assert enrolled().status == "consented"

    with running(tmp_path, here.now, here.catalog) as stripe:
        gateway = stripe.gateway()
        page = billing.start_checkout(
            patient_id=row.patient_id,
            plan_key="monthly",
            terms=terms_of(here.catalog.plans["monthly"]),
            gateway=gateway,
            catalog=here.catalog,
            actor=ana,
            now=here.now,
        )
        stripe.pay(page)
        with db.reading() as session:
            session_id = session.scalars(select(Checkout.stripe_session_id)).one() or ""
        done = billing.confirm_checkout(
            session_id=session_id, patient_id=row.patient_id, gateway=gateway, catalog=here.catalog, now=here.now
        )
    assert done == "paid"
    assert enrolled().status == "active"
    with db.reading() as session:
        facts = charge_facts(session, row.id, here.catalog, here.now)
    assert may("charge", facts, here.now).yes

    # Hawaii closes: nothing more is charged there, and the two others do not notice.
    shut = tuple(
        replace(one, effective_to=date(2026, 11, 22)) if (one.topic, one.jurisdiction) == ("open", "HI") else one
        for one in here.catalog.policies
    )
    assert may("charge", replace(facts, policies=shut), here.now).codes == ("state_closed",)


def reasons(house: House, clinician: Clinician, **changes: Any) -> list[str]:
    """At which fields of the record something stands in the way."""
    with pytest.raises(NotSignable) as no:
        decided(house, clinician, **changes)
    return sorted({why.field for why in no.value.whys})


def decided(house: House, clinician: Clinician, **changes: Any) -> UUID:
    return decide.record_decision(
        enrollment_id=enrolled().id,
        record=in_hawaii(house.now, **changes),
        catalog=house.catalog,
        actor=clinician.actor,
        now=house.now,
    )


def sign_everything(house: House, ana: Actor, when: tuple[str, ...] = CARE_NEEDS) -> set[tuple[str, str]]:
    """Every text that care waits for, in order. Returns key and state of each."""
    values, signed = blanks(brand(house.settings.config_dir), house.catalog.from_price_cents), set()
    with db.reading() as session:
        tasks = consents.tasks(session, ana.patient_id, "HI", house.catalog, house.now.date())  # type: ignore[arg-type]
    for task in tasks:
        if task.document.blocking and task.document.when in when:
            sign.sign_consent(
                key=task.document.key,
                sha256=render(task.document, values).sha256,
                typed_name="Ana Rivera",
                agreed=True,
                catalog=house.catalog,
                blanks=values,
                actor=ana,
                now=house.now,
            )
            signed.add((task.document.key, task.document.state))
    return signed


@pytest.mark.parametrize(
    "changes", [{"states": ("FL", "NJ")}, {"expires_on": date(2026, 11, 23)}, {"states": ()}], ids=str
)
def test_a_clinician_without_a_license_there_cannot_be_booked(client: Browser, here: House, changes: Any) -> None:
    row = joined(client, here)
    sam = a_doctor(**changes)
    with db.reading() as session:
        assert visits.open_times(session, state="HI", now=here.now) == []
    with pytest.raises(Rejected):
        hold.hold_time(
            practitioner_id=sam.practitioner_id,
            starts_at=datetime(2026, 11, 24, 18, 0, tzinfo=UTC),
            catalog=here.catalog,
            actor=actor_of(row),
            now=here.now,
        )


def test_a_state_whose_file_has_a_slip_stops_the_service_with_file_key_and_reason(tmp_path: Path) -> None:
    folder = opened(tmp_path / "config")
    file = folder / "states" / "hawaii.toml"
    file.write_text(file.read_text("utf-8").replace('"program.depression"', '"program.sadness"'), "utf-8")
    with pytest.raises(CatalogError, match=r'HI\.program\.sadness: "sadness" is not in programs/'):
        catalog_of(folder)
