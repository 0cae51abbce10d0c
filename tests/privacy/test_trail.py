"""The page of the trail: for owners and auditors, narrowed, paged, taken out with a reason, and itself noted."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from service.accounts.models import SignIn
from service.audit import actions as audit_actions
from service.audit import writes
from service.audit.models import AuditEntry
from service.audit.rules.whys import say_why
from service.kit import db
from service.kit.actor import SYSTEM, Actor
from service.kit.clock import wall_now
from service.kit.ids import new_id
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member


@pytest.fixture
def auditor(house: House) -> Person:
    return a_staff_member("auditor", name=("Ines", "Wolf"))


@pytest.fixture
def browser(client: Browser, auditor: Person) -> Browser:
    client.sign_in(auditor.user_id)
    return client


def noted(actor: Actor, action: str = "record.view", kind: str = "membership", **values: object) -> None:
    with db.transaction() as session:
        writes.record(session, actor, action, kind, new_id(), **values)  # type: ignore[arg-type]


def staff(person: Person, role: str = "clinician") -> Actor:
    return Actor("staff", person.user_id, role=role, address="192.0.2.9")


def actions_noted() -> list[tuple[str, UUID | None]]:
    with db.reading() as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.patient_id).order_by(AuditEntry.id))
        return [(row.action, row.patient_id) for row in rows]


def test_a_look_says_who_did_what_and_whose_it_was_without_a_patients_name(house: House, browser: Browser) -> None:
    doc, ana = a_staff_member("clinician", name=("Mia", "Stone")), a_patient(given_name="Annabel", family_name="Quist")
    noted(staff(doc), patient_id=ana.patient_id, reason="care")
    page = browser.get("/staff/audit").text
    assert "Mia Stone" in page
    assert "Looked at the membership and its payments" in page
    assert str(ana.patient_id)[-8:] in page
    assert "192.0.2.9" in page
    assert "Annabel" not in page
    assert "Quist" not in page


def test_looking_at_the_trail_is_noted_with_whom_it_was_narrowed_to(house: House, browser: Browser) -> None:
    ana = a_patient()
    browser.get("/staff/audit")
    browser.get(f"/staff/audit?patient={ana.patient_id}")
    assert actions_noted() == [("trail.view", None), ("trail.view", ana.patient_id)]


@pytest.mark.parametrize("role", ["clinician", "coordinator", "billing"])
def test_nobody_else_may_look(house: House, client: Browser, role: str) -> None:
    client.sign_in(a_staff_member(role).user_id)
    assert client.get("/staff/audit").status_code == 403
    assert client.get("/staff/audit/export").status_code == 403
    assert client.submit("/staff/audit/export", {"reason": "because I would like to"}).status_code == 403
    assert "Audit trail" not in client.get("/staff").text


def test_the_menu_leads_there(house: House, browser: Browser) -> None:
    assert 'href="/staff/audit"' in browser.get("/staff").text


def rows_of(page: str) -> list[str]:
    return re.findall(r'<th scope="row".*?</tr>', page, re.DOTALL)


def test_it_can_be_narrowed_in_every_way(house: House, browser: Browser) -> None:
    doc, ana = a_staff_member("clinician", name=("Mia", "Stone")), a_patient()
    noted(staff(doc), patient_id=ana.patient_id)
    noted(SYSTEM, "alert.raise", "alert", patient_id=ana.patient_id)
    noted(Actor("patient", ana.user_id, patient_id=ana.patient_id), "checkin.submit", "checkin")
    noted(Actor("visitor"), "account.sign_in", "user", outcome="refused")

    def shown(query: str) -> int:
        return len(
            [
                row
                for row in rows_of(browser.get(f"/staff/audit?{query}").text)
                if "Looked at the audit trail" not in row
            ]
        )

    assert shown("") == 4
    assert shown("who=system") == 1
    assert shown("who=patient") == 1
    assert shown("who=visitor") == 1
    assert shown(f"who={doc.user_id}") == 1
    assert shown("act=looks") == 1
    assert shown("act=care") == 2
    assert shown("outcome=refused") == 1
    assert shown(f"patient={ana.patient_id}") == 3
    assert shown(f"patient={ana.patient_id}&who=staff&act=looks&outcome=done") == 1
    today = wall_now().date()
    assert shown(f"from_on={today - timedelta(days=1)}&until_on={today + timedelta(days=1)}") == 4
    assert shown(f"from_on={today + timedelta(days=2)}") == 0
    assert shown(f"until_on={today - timedelta(days=2)}") == 0


@pytest.mark.parametrize(
    "query",
    [
        "who=nobody&act=everything&outcome=perhaps&patient=him",
        "before=1.2.3",
        "before=9999999999999999999.1",
        "before=%D9%A3.1",
        "before=99999999999999999.999999999999999999",
        "act=%25",
        "until_on=9999-12-31",
    ],
)
def test_whatever_else_is_asked_is_taken_as_no_limit(house: House, browser: Browser, query: str) -> None:
    noted(SYSTEM)
    page = browser.get(f"/staff/audit?{query}")
    assert page.status_code == 200
    assert "Looked at the membership" in page.text


@pytest.mark.parametrize("query", ["from_on=yesterday", "until_on=2026-02-30", "from_on=21/11/2026"])
def test_a_day_that_is_none_is_told(house: House, browser: Browser, query: str) -> None:
    page = browser.get(f"/staff/audit?{query}")
    assert page.status_code == 422
    assert "Write the day as month, day and year" in page.text
    assert "<title>Error:" in page.text


def test_pages_follow_one_another_without_a_gap_also_within_one_moment(house: House, browser: Browser) -> None:
    same = wall_now() - timedelta(minutes=5)
    with db.transaction() as session:
        for number in range(120):
            session.add(
                AuditEntry(
                    at=same,
                    actor_kind="system",
                    action="alert.raise",
                    subject_kind="alert",
                    reason=f"no-{number}",
                    outcome="done",
                )
            )
    seen: list[str] = []
    where = "/staff/audit?who=system"
    for _ in range(4):
        page = browser.get(where).text
        seen += re.findall(r"no-\d+", page)
        older = re.search(r'href="([^"]*before=[^"]+)"', page)
        if older is None:
            break
        where = older[1].replace("&amp;", "&")
        noted(Actor("staff", new_id()))  # the list grows meanwhile
    assert len(seen) == len(set(seen)) == 120


def test_the_page_says_how_the_chain_stands(house: House, browser: Browser) -> None:
    assert "Nothing is sealed yet" in browser.get("/staff/audit").text
    audit_actions.seal(wall_now=wall_now())
    page = browser.get("/staff/audit").text
    assert "is sealed (entry 1)" in page
    noted(SYSTEM, "trail.anchor", "trail")
    assert "No copy of the seal" not in browser.get("/staff/audit").text


def test_an_unsealed_trail_is_told_on_the_page(house: House, browser: Browser) -> None:
    with db.transaction() as session:
        session.add(
            AuditEntry(
                at=wall_now() - timedelta(minutes=3),
                actor_kind="system",
                action="x.y",
                subject_kind="x",
                outcome="done",
            )
        )
    assert "The trail is not being sealed" in browser.get("/staff/audit").text


def test_a_file_needs_a_reason_and_both_are_noted(house: House, browser: Browser) -> None:
    ana = a_patient()
    noted(SYSTEM, "alert.raise", "alert", patient_id=ana.patient_id)
    path = f"/staff/audit/export?patient={ana.patient_id}"
    assert str(ana.patient_id) in browser.get(path).text
    sent = {"patient": str(ana.patient_id), "reason": "regular_review"}
    for reason in ("", "Ana asked about her visit"):
        assert browser.submit("/staff/audit/export", sent | {"reason": reason}).status_code == 422
    assert "trail.export" not in [action for action, _ in actions_noted()]
    answer = browser.submit("/staff/audit/export", sent)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["action"] for line in lines] == ["alert.raise"]
    assert lines[0]["patient_id"] == str(ana.patient_id)
    with db.reading() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "trail.export")).one()
    assert (row.reason, row.patient_id) == ("regular_review", ana.patient_id)


def test_a_file_holds_no_formula(house: House, browser: Browser) -> None:
    noted(SYSTEM, reason='=HYPERLINK("https://evil.example")')
    answer = browser.submit("/staff/audit/export", {"reason": "regular_review"})
    (line,) = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["reason"]]
    assert line["reason"].startswith("'=")


def test_a_file_needs_a_fresh_proof(house: House, client: Browser, auditor: Person) -> None:
    sign_in = client.sign_in(auditor.user_id)
    with db.transaction() as session:
        long_ago = wall_now() - timedelta(minutes=11)
        session.get_one(SignIn, sign_in).second_factor_at = long_ago
        session.get_one(SignIn, sign_in).proved_at = long_ago
    for answer in (
        client.get("/staff/audit/export"),
        client.submit("/staff/audit/export", {"reason": "regular_review"}),
    ):
        assert answer.status_code == 303
    assert "trail.export" not in [action for action, _ in actions_noted()]
    assert client.get("/staff/audit").status_code == 200


def test_the_page_speaks_in_words_and_not_in_codes(house: House, browser: Browser) -> None:
    doc = a_staff_member("clinician")
    noted(staff(doc), "account.second_factor", "user", reason="app")
    noted(staff(doc), "account.sign_in", "user", outcome="refused", reason="password_wrong")
    noted(staff(doc), "record.view", "enrollment", reason="break_glass")
    noted(staff(doc), "refused:billing_staff.memberships", "page", outcome="refused", reason="door")
    page = browser.get("/staff/audit").text.partition("<table")[2]
    for words in (
        "Gave a second step",
        "With a code from an app",
        "Tried to sign in",
        "The password was wrong",
        "By an emergency look",
        "The page is not for this role",
        "billing_staff.memberships",
    ):
        assert words in page, words
    for code in ("account.second_factor", "Signed in", "password_wrong", "break_glass", ">app<"):
        assert code not in page, code


@pytest.mark.parametrize("day", ["11/21/2026", "2026-11-21"])
def test_a_day_may_be_typed_as_people_write_it_or_come_with_a_link(house: House, browser: Browser, day: str) -> None:
    assert browser.get(f"/staff/audit?from_on={day}").status_code == 200


def test_a_sentence_that_somebody_wrote_stands_as_it_is() -> None:
    assert say_why("Covers for Bo.") == "Covers for Bo."
    assert say_why(None) == ""
