"""Receipts, a year's statement and superbills: right to the cent, for their owner alone, with nothing made up."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from config.brand import Brand
from service.audit.models import AuditEntry
from service.billing.actions.papers import practice_of
from service.billing.models import Membership
from service.billing.rules import superbill as bills
from service.billing.rules.papers import Practice, known_tax_id
from service.kit import db
from service.visits.models import Encounter
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person
from tests.factories.checkins import a_member
from tests.factories.payments import a_charge, a_refund
from tests.factories.visits import Applicant, a_clinician, an_applicant, approved

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
WELL = Practice("Homeward", ("1 Way",), "(305) 555-0142", "12-3456789", "1234567893", ("99204",))
SEEN = bills.Visit(
    held_at=AT,
    modality="video",
    at_home=True,
    code="99204",
    diagnoses=("F33.1",),
    clinician="Dr. Maya Lin",
    credentials="MD",
    npi="1234567893",
    signed_by="Maya Lin",
    signed_at=AT,
    sha256="ab" * 32,
)
ANA = bills.Person("Ana Rivera", date(1988, 5, 17), ("1 Main Street", "Miami, FL 33101"))


def of(person: Person) -> tuple[UUID, UUID]:
    """Their id and their membership's."""
    assert person.patient_id is not None
    with db.reading() as session:
        row = session.scalars(select(Membership.id).where(Membership.patient_id == person.patient_id)).one()
    return person.patient_id, row


def acts(patient_id: UUID) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).where(AuditEntry.patient_id == patient_id)))


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    person = a_member(began=house.now - timedelta(days=40))
    client.sign_in(person.user_id)
    return person


def test_a_receipt_shows_every_cent_and_who_provided_the_care_to_whom(
    client: Browser, house: House, ana: Person
) -> None:
    patient_id, membership_id = of(ana)
    receipt = a_charge(
        membership_id,
        AT,
        lines=(("unused", -12000), ("remaining", 17000), ("month", 25000)),
        subtotal_cents=30000,
        discount_cents=3000,
        credit_used_cents=2000,
        amount_due_cents=25000,
        amount_paid_cents=25000,
    )
    a_refund(receipt, membership_id, patient_id, 5000, AT + timedelta(days=2))
    page = client.get(f"/billing/receipts/{receipt}").text
    for words in ("-$120.00", "$170.00", "$300.00", "-$30.00", "-$20.00", "$250.00", "-$50.00", "$200.00"):
        assert words in page
    for words in ("Homeward Medical Practice", "Ana Rivera", "November 23, 2026 to December 23, 2026", "213(d)"):
        assert words in page
    assert "Visa ending 4242" in page
    assert "00-0000000" not in page, "a placeholder is no tax number"
    assert "Ask us for it" in page
    answer = client.get(f"/billing/receipts/{receipt}.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    assert "receipt.download" in acts(patient_id)


def test_somebody_elses_receipt_and_one_that_is_not_paid_do_not_exist(
    client: Browser, house: House, ana: Person
) -> None:
    _, membership_id = of(ana)
    _, other = of(a_member())
    theirs = a_charge(other, AT)
    unpaid = a_charge(membership_id, AT, status="open", paid_at=None, amount_paid_cents=0)
    for receipt in (theirs, unpaid, uuid4()):
        assert client.get(f"/billing/receipts/{receipt}").status_code == 404
        assert client.get(f"/billing/receipts/{receipt}.pdf").status_code == 404
    assert client.get("/billing/receipts/nothing.pdf").status_code == 404


def test_ten_years_of_charges_come_by_pages_each_once(client: Browser, house: House, ana: Person) -> None:
    _, membership_id = of(ana)
    for month in range(30):
        a_charge(membership_id, AT - timedelta(days=30 * (month // 2)), number=f"HW-{month:04d}")
    theirs = a_charge(of(a_member())[1], AT, number="HW-OTHER")
    seen: list[str] = []
    page = client.get("/billing/receipts").text
    for _ in range(3):
        seen += [f"HW-{month:04d}" for month in range(30) if f"HW-{month:04d}" in page]
        assert "HW-OTHER" not in page
        if "Earlier payments" not in page:
            break
        following = re.search(r'href="(/billing/receipts\?after=[^"]+)"', page)
        assert following is not None
        page = client.get(following[1]).text
    assert sorted(seen) == [f"HW-{month:04d}" for month in range(30)]
    assert "HW-" in client.get("/billing/receipts?after=golden").text
    assert "HW-0000" not in client.get(f"/billing/receipts?after={theirs}").text


def test_a_years_statement_is_of_that_year_where_the_patient_lives(client: Browser, house: House, ana: Person) -> None:
    patient_id, membership_id = of(ana)
    new_year_in_miami = datetime(2026, 1, 1, 5, tzinfo=UTC)
    a_charge(membership_id, new_year_in_miami - timedelta(minutes=1), amount_paid_cents=11100)
    a_charge(membership_id, new_year_in_miami, amount_paid_cents=22200)
    answer = client.get("/billing/statements/2026.pdf")
    assert answer.status_code == 200
    assert b"/StructTreeRoot" in answer.data
    assert client.get("/billing/statements/2025.pdf").status_code == 200
    for year in (2024, 1, 9999, 99999999999):
        assert client.get(f"/billing/statements/{year}.pdf").status_code == 404
    page = client.get("/billing/receipts").text
    assert "Statement for 2026" in page
    assert "Statement for 2025" in page
    assert "Statement for 2024" not in page
    assert acts(patient_id).count("statement.download") == 2


def test_only_a_year_in_which_something_was_paid_has_a_statement(client: Browser, house: House, ana: Person) -> None:
    _, membership_id = of(ana)
    for year in (2024, 2026):
        a_charge(membership_id, datetime(year, 5, 1, 15, tzinfo=UTC))
    house.at(datetime(2027, 1, 9, 15, tzinfo=UTC))
    client.sign_in(ana.user_id)
    page = client.get("/billing/receipts").text
    offered = [year for year in range(2023, 2028) if f"/billing/statements/{year}.pdf" in page]
    assert offered == [2024, 2026]
    assert all(client.get(f"/billing/statements/{year}.pdf").status_code == 200 for year in offered)


def seen(house: House) -> tuple[Applicant, UUID]:
    applicant = an_applicant(house.catalog)
    return applicant, approved(applicant, a_clinician(), house.catalog, house.now)


def test_a_superbill_of_a_signed_visit_says_what_it_knows_and_what_to_ask_for(client: Browser, house: House) -> None:
    applicant, encounter = seen(house)
    client.sign_in(applicant.person.user_id)
    assert str(encounter) in client.get("/billing/superbills").text
    page = client.get(f"/billing/superbills/{encounter}").text
    for words in ("F33.1", "Dr. Maya Lin, MD", "1 Main Street", "$0.00", "95", "electronically on"):
        assert words in page
    assert "99204" not in page, "no code is printed that the practice's own set does not hold"
    for words in ("the procedure code", "clinician&#39;s NPI", "tax number"):
        assert words in page
    assert "As the questions said." not in page
    answer = client.get(f"/billing/superbills/{encounter}.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert acts(applicant.patient_id).count("superbill.view") == 1
    assert acts(applicant.patient_id).count("superbill.download") == 1


def test_a_superbill_asks_for_a_fresh_proof_and_is_nobody_elses(client: Browser, house: House) -> None:
    applicant, encounter = seen(house)
    client.sign_in(applicant.person.user_id, second_factor=False)
    assert client.get(f"/billing/superbills/{encounter}").status_code == 303
    assert client.get(f"/billing/superbills/{encounter}.pdf").status_code == 303
    assert "superbill.view" not in acts(applicant.patient_id)
    client.sign_in(a_member().user_id)
    assert client.get(f"/billing/superbills/{encounter}").status_code == 404
    assert client.get(f"/billing/superbills/{uuid4()}.pdf").status_code == 404


def test_a_record_that_is_not_as_it_was_signed_makes_no_paper(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant, encounter = seen(house)
    client.sign_in(applicant.person.user_id)
    monkeypatch.setattr("service.billing.queries.superbills.is_as_signed", lambda _: False)
    answer = client.get(f"/billing/superbills/{encounter}")
    assert answer.status_code == 409
    assert "Call us" in answer.text
    with db.reading() as session:
        assert session.get_one(Encounter, encounter).sha256


@pytest.mark.parametrize(
    ("changes", "shown", "missing"),
    [
        ({}, "10, telehealth at the patient's home", ()),
        ({"at_home": False}, "02, telehealth elsewhere than at home", ()),
        ({"at_home": None}, "On request", ("the place of service code",)),
        ({"modality": "in_person"}, "On request", ("the place of service code",)),
        ({"npi": ""}, "On request", ("the clinician's NPI",)),
        ({"diagnoses": ()}, "On request", ("the diagnosis codes",)),
        ({"code": "99215"}, "", ("the procedure code of the visit",)),
    ],
)
def test_what_a_superbill_does_not_know_it_asks_for(
    changes: dict[str, object], shown: str, missing: tuple[str, ...]
) -> None:
    made = bills.superbill(replace(SEEN, **changes), ANA, WELL, zone="America/New_York")  # type: ignore[arg-type]
    assert made.missing == missing
    if shown:
        assert shown in dict(made.facts).values()
    assert made.rows[0][-1] == "$0.00", "a membership fee is no visit"


@pytest.mark.parametrize(("modality", "modifier"), [("video", "95"), ("audio", "None"), ("in_person", "None")])
def test_only_a_visit_by_video_carries_the_modifier(modality: str, modifier: str) -> None:
    made = bills.superbill(replace(SEEN, modality=modality), ANA, WELL, zone="America/New_York")
    assert made.rows[0][:3] == ("99204", modifier, "1")


def test_a_placeholder_is_no_number(house: House) -> None:
    assert [known_tax_id(text) for text in ("00-0000000", "12-3456789", " 123456789", "", "12-34")] == [
        "",
        "12-3456789",
        "123456789",
        "",
        "",
    ]
    shipped: Brand = house.catalog.practice
    found = practice_of(shipped)
    assert (found.tax_id, found.npi, found.procedure_codes) == ("", "", ())
    assert practice_of(shipped.model_copy(update={"npi": "1234567893", "tax_id": "12-3456789"})).npi == "1234567893"
