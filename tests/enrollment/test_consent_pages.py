"""The pages of the texts: reading, signing, whom to call first, and files to keep."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.consent import queries as consents
from service.consent.models import ConsentAcceptance
from service.enrollment.models import Enrollment
from service.kit import db
from tests.client import Browser
from tests.conftest import House
from tests.enrollment.test_consents import second_version
from tests.factories.consents import NAME, sha, sign_all, sign_one, somebody, tasks
from tests.factories.visits import Applicant

EXTRA = {
    "sitter": {"name": "Jo Rivera", "relation": "My sister", "phone": "(305) 555-0123"},
    "release": {"name": "Dr. Kim Poe", "phone": "", "scope": ["part"], "months": "6"},
}


def come_in(client: Browser, applicant: Applicant) -> None:
    """Be this patient."""
    client.sign_in(applicant.person.user_id)


def form(house: House, applicant: Applicant, key: str, **changes: object) -> dict[str, object]:
    """What the page of a text sends."""
    (task,) = [task for task in tasks(house, applicant) if task.document.key == key]
    sent = {"shown": sha(house, applicant, key), "agreed": "y", "typed_name": NAME}
    return {**sent, **EXTRA.get(task.document.asks, {}), **changes}


def signed() -> list[ConsentAcceptance]:
    """What was kept."""
    with db.reading() as session:
        return list(session.scalars(select(ConsentAcceptance)))


def test_no_address_of_a_text_says_what_somebody_is_treated_with(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    sign_all(house, applicant)
    listed = client.get("/consents").text + client.get("/consents/signed").text
    addresses = re.findall(r'href="(/consents/[^"]+)"', listed)
    assert {"/consents/treatment", "/consents/treatment/withdraw", "/consents/medicine_rules"} <= set(addresses)
    telling = re.compile("|".join(("ketamine", "substance", *house.catalog.programs)))
    assert [one for one in addresses if telling.search(one)] == []
    assert "Treatment with ketamine at home" in client.get("/consents/treatment").text
    assert client.get("/consents/medicine_rules").status_code == 200


def test_a_patient_signs_every_text_through_the_pages(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    assert "Later" in client.get("/consents").text
    for task in tasks(house, applicant):
        key = task.document.key
        page = client.get(f"/consents/{key}")
        assert page.status_code == 200
        assert "In short:" in page.text
        assert " checked" not in page.text.replace("not checked", "")
        assert client.submit(f"/consents/{key}", form(house, applicant, key)).status_code == 303
    assert "Everything is signed" in client.get("/consents").text
    with db.reading() as session:
        assert session.get_one(Enrollment, applicant.enrollment_id).status == "consented"


def test_the_evidence_says_when_the_page_was_opened_as_we_signed_it_and_not_as_somebody_says(
    house: House, client: Browser
) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    page = client.get("/consents/esign").text
    opened = re.search(r'name="opened" value="([^"]+)"', page)
    assert opened
    client.submit("/consents/esign", form(house, applicant, "esign", opened=opened[1]))
    client.submit("/consents/telehealth", form(house, applicant, "telehealth", opened=opened[1]))
    client.submit("/consents/npp_ack", form(house, applicant, "npp_ack", opened="2020-01-01"))
    moments = {row.consent_key: row.opened_at for row in signed()}
    assert moments["esign"] is not None
    assert (moments["telehealth"], moments["npp_ack"]) == (None, None), "of another page, and made up"


def test_a_stale_page_gets_the_fresh_text_and_a_kind_sentence(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    page = client.submit("/consents/esign", form(house, applicant, "esign", shown="0" * 64))
    assert page.status_code == 409
    assert "This text has changed since you opened it" in page.text
    assert sha(house, applicant, "esign") in page.text
    assert signed() == []


def test_an_empty_form_says_what_is_missing(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    page = client.submit("/consents/esign", {"shown": sha(house, applicant, "esign")})
    assert page.status_code == 422
    assert "Tick the box" in page.text
    assert "Type your full name to sign" in page.text
    one_letter = client.submit("/consents/esign", form(house, applicant, "esign", typed_name="A"))
    assert (one_letter.status_code, "not only a letter" in one_letter.text) == (422, True)


def test_another_name_is_asked_about_gently_and_kept_when_it_is_meant(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    sent = form(house, applicant, "esign", typed_name="Ana <b>Nobody</b>")
    page = client.submit("/consents/esign", sent)
    assert page.status_code == 200
    assert "Is this how you sign?" in page.text
    assert "<b>Nobody" not in page.text
    assert signed() == []
    changed = client.submit("/consents/esign", {**sent, "change": "y"})
    assert 'value="Ana &lt;b&gt;Nobody' in changed.text
    assert signed() == []
    assert client.submit("/consents/esign", {**sent, "sure": "y"}).status_code == 303
    assert len(signed()) == 1


def test_the_price_is_told_in_general_terms_with_how_to_cancel(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    page = client.get("/consents/financial").text
    assert "from $250" in page
    assert "How to cancel" in page
    assert client.get("/consents/nothing").status_code == 404


def test_whom_to_call_and_where_help_can_be_sent_come_first_and_lead_back(house: House, client: Browser) -> None:
    applicant = somebody(house, "assessed", known=False)
    come_in(client, applicant)
    assert "/consents/emergency" in client.get("/consents").text
    assert 'name="typed_name"' not in client.get("/consents/esign").text
    refused = client.submit("/consents/esign", form(house, applicant, "esign"))
    assert refused.headers["Location"] == "/consents"
    assert signed() == []

    assert "Whom may we call" in client.get("/consents/emergency").text
    odd = {"name": "Jo Rivera", "relation": "", "phone": "1"}
    assert client.submit("/consents/emergency/contact", odd).status_code == 422
    there = client.submit("/consents/emergency/contact", {**odd, "phone": "(305) 555-0123"})
    assert there.headers["Location"] == "/consents/emergency"
    assert "Where can help be sent?" in client.get("/consents/emergency").text
    assert client.submit("/consents/emergency/home", {"line1": "", "city": "Miami"}).status_code == 422
    client.submit("/consents/emergency/home", {"line1": "1 Main Street", "line2": "", "city": "Miami"})
    assert client.get("/consents/emergency").headers["Location"] == "/consents"
    assert 'name="typed_name"' in client.get("/consents/esign").text


def test_what_we_know_already_is_changed_in_the_settings_and_not_here(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    client.submit("/consents/emergency/contact", {"name": "Mal", "relation": "", "phone": "(305) 555-0199"})
    client.submit("/consents/emergency/home", {"line1": "9 Elsewhere", "line2": "", "city": "Miami"})
    client.get("/settings")
    assert "Mal" not in client.get("/settings/emergency-contact").text


def test_who_would_rather_not_sign_the_notice_says_so_on_its_page(house: House, client: Browser) -> None:
    applicant = somebody(house)
    come_in(client, applicant)
    assert "I would rather not sign this" in client.get("/consents/npp_ack").text
    shown = {"shown": sha(house, applicant, "npp_ack")}
    assert client.submit("/consents/npp_ack/decline", shown).status_code == 303
    assert "you would rather not sign" in client.get("/consents").text
    client.submit("/consents/esign/decline", {"shown": sha(house, applicant, "esign")})
    assert [row.consent_key for row in signed()] == ["npp_ack"]


def test_a_new_version_says_what_it_changes_and_from_when(
    house: House, client: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant = somebody(house, "active")
    sign_all(house, applicant)
    soon = second_version(house.catalog, "telehealth", date(2026, 12, 1))
    monkeypatch.setitem(app.config, "CATALOG", soon)
    come_in(client, applicant)
    listed = client.get("/consents").text
    assert "New versions" in listed
    assert "Holds from December 1, 2026. One rule is new." in listed
    page = client.get("/consents/telehealth").text
    assert "What is new:" in page
    assert 'name="typed_name"' in page


def test_each_signed_text_can_be_kept_as_a_tagged_file_with_what_proves_it(house: House, client: Browser) -> None:
    applicant = somebody(house)
    sign_one(house, applicant, "esign")
    come_in(client, applicant)
    (kept,) = signed()
    listed = client.get("/consents/signed").text
    assert f"/consents/signed/{kept.id}.pdf" in listed
    answer = client.get(f"/consents/signed/{kept.id}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in answer.data
    assert b"/Lang" in answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ketamine" not in answer.headers["Content-Disposition"].lower()
    with db.reading() as session:
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "consent.download")).one()
    assert trail.patient_id == applicant.patient_id


def test_nobody_opens_what_somebody_else_signed(house: House, client: Browser) -> None:
    applicant, other = somebody(house), somebody(house)
    sign_one(house, applicant, "esign")
    come_in(client, other)
    assert client.get(f"/consents/signed/{signed()[0].id}.pdf").status_code == 404


def test_what_was_signed_in_an_older_version_stays_in_the_list(house: House, client: Browser) -> None:
    applicant = somebody(house)
    sign_one(house, applicant, "esign")
    v2 = second_version(house.catalog, "esign", house.now.date())
    (new,) = [document for document in v2.consents if document.version == 2]
    from service.catalog.rules.consents import render
    from tests.factories.consents import own_blanks

    sign_one(house, applicant, "esign", catalog=v2, sha256=render(new, own_blanks(house)).sha256)
    come_in(client, applicant)
    page = client.get("/consents/signed").text
    assert "Version 1" in page
    assert "Version 2" in page
    with db.reading() as session:
        newest, oldest = consents.evidences(session, applicant.patient_id)
    assert (newest.newer_at, oldest.newer_at) == (None, newest.accepted_at)
    assert replace(oldest, text="") != oldest
