"""From the result to an account: all of it or nothing, once, without telling who has an account already."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, func, select

from service.accounts import queries as accounts
from service.accounts.models import Patient, User
from service.audit.models import AuditEntry
from service.consent import queries as consents
from service.enrollment import writes
from service.enrollment.actions import join as actions
from service.enrollment.models import Assessment, Enrollment, EnrollmentMove
from service.kit import db
from service.kit.actor import Actor
from service.mail.models import OutboxMessage
from service.safety.actions import alerts, holds
from service.safety.models import Alert, SafetyHold
from service.safety.queries import standing_hold
from tests.factories.accounts import a_patient, a_staff_member
from tests.factories.enrollment import HEALTHY, an_assessment, fields, join, the_worker_looks, walk
from tests.factories.opening import closed, without_program
from tests.factories.statements import counted

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.client import Browser
    from tests.conftest import House

ANA: dict[str, Any] = {
    "given_name": "Ana",
    "family_name": "Rivera",
    "email": "Ana@Example.com",
    "password": "seven quiet herons",
    "notices": "y",
}


def make_account(client: Browser, house: House, **changes: str) -> TestResponse:
    """Send the form; then the worker looks."""
    answer = client.submit("/join", {**ANA, **changes})
    the_worker_looks(house)
    return answer


def ready(client: Browser, **changes: list[str]) -> None:
    walk(client, {**HEALTHY, **changes})
    client.submit("/assessment/check")


def count(table: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def mails() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.id)))


def test_an_account_a_patient_and_an_enrollment_come_from_one_form(client: Browser, house: House):
    ready(client, zip=["32501"])
    response = make_account(client, house)
    assert response.headers["Location"] == "/check-your-email"
    with db.reading() as session:
        enrollment = session.scalars(select(Enrollment)).one()
        person = accounts.patient(session, enrollment.patient_id)
        assessment = session.scalars(select(Assessment)).one()
        step = session.scalars(select(EnrollmentMove)).one()
        user = session.get_one(User, person.user_id)
    assert (enrollment.status, enrollment.program, enrollment.state) == ("assessed", "depression", "FL")
    assert (person.given_name, person.county_fips, person.time_zone) == ("Ana", "12033", "America/Chicago")
    assert person.date_of_birth.isoformat() == "1990-05-17"
    assert assessment.patient_id == person.id
    assert step.to_status == "assessed"
    assert user.email_confirmed_at is None
    assert mails() == ["confirm_address"]


def test_joining_leaves_a_trace_of_the_agreement_to_email(client: Browser, house: House):
    ready(client)
    client.submit("/join", ANA)
    with db.reading() as session:
        done = set(session.scalars(select(AuditEntry.action)))
    assert {"account.join", "account.agree_to_email_notices", "enrollment.join"} <= done


def test_agreeing_to_mail_is_kept_as_evidence_in_the_words_that_stood_on_the_form(client: Browser, house: House):
    ready(client)
    page = client.get("/join").text
    client.submit("/join", ANA)
    with db.reading() as session:
        patient_id = session.scalars(select(Patient.id)).one()
        (kept,) = consents.evidences(session, patient_id)
    assert (kept.key, kept.version, kept.typed_name, kept.auth_level) == ("comm_email", 1, "Ana Rivera", "joining")
    assert kept.statement in page
    assert "How we write to you" in page
    assert kept.accepted_at == house.now


@pytest.mark.parametrize("what", ["state", "program"])
def test_nobody_begins_where_it_has_closed_since_the_answers(client: Browser, house: House, what: str):
    ready(client)
    open_still = client.application.config["CATALOG"]
    shut = closed(open_still, "FL") if what == "state" else without_program(open_still, "FL", "depression")
    client.application.config["CATALOG"] = shut
    try:
        response = client.submit("/join", ANA)
    finally:
        client.application.config["CATALOG"] = open_still
    assert response.status_code == 422
    assert "closed where you live" in response.text
    assert (count(User), count(Patient), count(Enrollment)) == (0, 0, 0)
    assert make_account(client, house).headers["Location"] == "/check-your-email", "it opened again"


def test_pressing_the_button_twice_makes_one_account(client: Browser, house: House):
    ready(client)
    answers = [make_account(client, house) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == ["/check-your-email"] * 2
    assert (count(User), count(Patient), count(Enrollment)) == (1, 1, 1)
    assert mails() == ["confirm_address"]


def test_a_known_address_leads_to_the_same_page_and_another_mail(client: Browser, house: House):
    a_patient(email="ana@example.com")
    ready(client)
    response = make_account(client, house)
    assert response.headers["Location"] == "/check-your-email"
    assert mails() == ["already_registered"]
    with db.reading() as session:
        made = session.scalars(select(User).where(User.email_confirmed_at.is_(None))).one()
        assert made.deactivated_at == house.now, "what was made waits for nothing"
        assert session.scalars(select(Enrollment.status)).all() == ["ended"]
        refused = session.scalars(select(AuditEntry).where(AuditEntry.reason == "known_address")).one()
    assert (refused.action, refused.outcome, refused.subject_id) == ("account.join", "refused", made.id)


def test_known_and_unknown_addresses_make_the_same_statements(client: Browser, house: House, engine: Engine):
    """Owned, closed, joined with before, and never seen: the page notes, a worker looks."""
    a_patient(email="known@example.com")
    a_patient(email="claimed@example.com", confirmed=False)
    closed = a_patient(email="closed@example.com")
    with db.transaction() as session:
        session.get_one(User, closed.user_id).deactivated_at = house.now
    ready(client)
    client.submit("/join", {**ANA, "email": "first@example.com"})
    seen, pages = [], []
    for name in ("known", "claimed", "closed", "nobody"):
        ready(client)
        with counted(engine) as statements:
            answer = client.submit("/join", {**ANA, "email": f"{name}@example.com"})
        seen.append([re.sub(r"\s+", " ", one) for one in statements])
        pages.append((answer.status_code, answer.headers["Location"]))
    assert seen[0]
    assert seen == [seen[0]] * 4
    assert pages == [(303, "/check-your-email")] * 4
    assert mails() == []
    the_worker_looks(house)
    assert sorted(mails()) == ["already_registered"] + ["confirm_address"] * 3


def test_one_joins_once_with_the_same_answers(client: Browser, house: House):
    ready(client)
    client.submit("/join", ANA)
    response = client.submit("/join", {**ANA, "email": "somebody@example.com"})
    assert response.headers["Location"] == "/check-your-email"
    assert count(User) == 1


@pytest.mark.parametrize("known", [True, False])
def test_nothing_afterwards_tells_whether_the_address_was_known(client: Browser, house: House, known: bool):
    if known:
        a_patient(email="ana@example.com")
    ready(client)
    old_cookie = client.get_cookie("__Host-homeward", domain="localhost")
    assert old_cookie is not None
    client.submit("/join", ANA)
    client.set_cookie("__Host-homeward", old_cookie.value, domain="localhost", secure=True)  # replayed
    seen = {path: client.get(path).headers.get("Location") for path in ("/join", "/assessment/result")}
    assert seen == {"/join": "/check-your-email", "/assessment/result": "/assessment"}
    assert client.submit("/join", {**ANA, "email": "b@example.com"}).headers["Location"] == "/check-your-email"


def test_joining_again_before_confirming_makes_a_claim_of_its_own_and_no_second_mail_at_once(
    client: Browser, house: House
):
    for given_name in ("Stranger", "Ana"):
        ready(client)
        make_account(client, house, given_name=given_name)
    with db.reading() as session:
        people = [accounts.patient(session, row.patient_id) for row in session.scalars(select(Enrollment))]
    assert sorted(person.given_name for person in people) == ["Ana", "Stranger"], "neither has the other's answers"
    assert mails() == ["confirm_address"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("given_name", " ", "Enter your first name"),
        ("family_name", "", "Enter your last name"),
        ("email", "ana at example", "Enter an email address in the correct format"),
        ("email", "", "Enter your email address"),
        ("password", "short", "Use 8 characters or more"),
        ("password", "x" * 129, "Use 128 characters or fewer"),
        ("password", "Password123", "one of the first that strangers try"),
        ("notices", "", "Tick the box to go on"),
    ],
)
def test_each_thing_that_is_missing_is_named_beside_its_field(
    client: Browser, house: House, field: str, value: str, words: str
):
    ready(client)
    sent = {key: text for key, text in {**ANA, field: value}.items() if key != "notices" or text}
    response = client.submit("/join", sent)
    assert response.status_code == 422
    assert response.text.count(words) >= 2, "in the summary and beside the field"
    assert count(User) == 0
    assert ANA["password"] not in response.text, "a password never comes back in a page"


@pytest.mark.parametrize("changes", [{"zip": ["10001"]}, {"born_on": ["1", "1", "2015"]}, {"body": ["allergy"]}])
def test_no_account_comes_from_a_no(client: Browser, house: House, changes: dict[str, list[str]]):
    ready(client, **changes)
    assert client.get("/join").headers["Location"].endswith("/assessment/result")
    assert client.submit("/join", ANA).headers["Location"].endswith("/assessment/result")
    assert count(User) == 0


def test_no_account_comes_from_unfinished_answers(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    assert client.submit("/join", ANA).headers["Location"].endswith("/assessment/heart")
    assert count(User) == 0


def test_the_action_itself_refuses_an_assessment_that_says_no(house: House):
    with pytest.raises(actions.Rejected):
        join(house, an_assessment(house, safety=["overdose"]))
    assert count(User) == 0


def test_nothing_is_kept_when_the_last_step_fails(house: House, monkeypatch: pytest.MonkeyPatch):
    token = an_assessment(house)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no enrollment today")

    monkeypatch.setattr(writes, "begin", broken)
    with pytest.raises(RuntimeError):
        join(house, token)
    assert (count(User), count(Patient), mails()) == (0, 0, [])
    monkeypatch.undo()
    join(house, token)
    assert count(Enrollment) == 1


def test_somebody_signed_in_needs_no_second_account(client: Browser, house: House):
    person = a_patient()
    client.sign_in(person.user_id)
    assert client.get("/join").headers["Location"].endswith("/home")


def test_an_emergency_told_after_joining_is_heard_and_belongs_to_the_patient(client: Browser, house: House):
    ready(client)
    client.submit("/join", ANA)
    page = client.submit("/assessment/safety", fields("safety", ["cannot_stay_safe"], 12))
    assert "Our care team has been told" in page.text
    with db.reading() as session:
        assert session.scalars(select(Alert.patient_id)).one() is not None


def test_whoever_told_of_passive_thoughts_is_called_about_and_held_the_moment_they_have_an_account(
    client: Browser, house: House
):
    """domain.md 2.3, H1: the same day, and nothing is approved before a clinician has lifted the hold."""
    clinician = a_staff_member("clinician")
    ready(client, safety=["passive_thoughts"])
    assert count(Alert) == 0
    for _ in range(2):
        client.submit("/join", ANA)
    with db.reading() as session:
        patient_id = session.scalars(select(Patient.id)).one()
        alert, hold = session.scalars(select(Alert)).one(), session.scalars(select(SafetyHold)).one()
    assert (alert.code, alert.patient_id, hold.code, hold.patient_id) == ("RF-SI", patient_id, "RF-SI", patient_id)
    assert alert.acknowledge_by - house.now == timedelta(hours=4)
    assert mails() == ["alert_raised"]
    actor = Actor("staff", clinician.user_id, role="clinician")
    alerts.acknowledge(alert_id=alert.id, actor=actor, now=house.now)
    holds.lift_hold(hold_id=hold.id, reason="We spoke, and there is a plan.", actor=actor, now=house.now)
    with db.reading() as session:
        assert not standing_hold(session, patient_id)


def test_an_account_that_cannot_be_made_calls_nobody(client: Browser, house: House, monkeypatch: pytest.MonkeyPatch):
    """One transaction: no alert about a patient who is not there."""
    ready(client, safety=["passive_thoughts"])

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no mail today")

    monkeypatch.setattr("service.accounts.writes.ask_for_confirmation", broken)
    assert client.submit("/join", ANA).status_code == 500
    assert (count(Patient), count(Alert), count(SafetyHold)) == (0, 0, 0)


def test_whoever_is_to_be_called_the_same_day_may_say_at_which_number(client: Browser, house: House):
    """Asked of nobody else; left empty it stands in nobody's way; what is no number is said at its field."""
    ready(client)
    assert "Your phone number" not in client.get("/join").text
    ready(client, safety=["passive_thoughts"])
    assert "Your phone number" in client.get("/join").text
    refused = client.submit("/join", {**ANA, "phone": "later"})
    assert refused.status_code == 422
    assert "phone number with area code" in refused.text
    assert (count(User), count(Alert)) == (0, 0)
    assert client.submit("/join", {**ANA, "phone": "(305) 555-0123"}).status_code == 303
    with db.reading() as session:
        patient_id = session.scalars(select(Patient.id)).one()
        assert accounts.callers(session, [patient_id])[patient_id].phone == "(305) 555-0123"
