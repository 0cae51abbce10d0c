"""Taking a consent back: what rests on it stops in that moment, and nothing that was signed is lost."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from service.audit.models import AuditEntry
from service.billing.queries.gate import charge_facts
from service.consent import queries as consents
from service.consent.models import ConsentAcceptance, ConsentWithdrawal
from service.enrollment.actions import sign, withdraw
from service.enrollment.rules.gate import may
from service.kit import db
from service.kit.errors import NotAllowed, Rejected
from service.mail.models import OutboxMessage
from service.safety.models import Alert, SafetyHold
from tests.client import Browser
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.consents import sign_all, sign_one, somebody
from tests.factories.visits import Applicant, staff_actor

CARE = ("ketamine_treatment", "controlled_substance_agreement")


def take_back(house: House, applicant: Applicant, key: str, why: str = "") -> bool:
    """As the button does."""
    return withdraw.withdraw_consent(key=key, why=why, catalog=house.catalog, actor=applicant.actor, now=house.now)


def member(house: House) -> Applicant:
    """Somebody in care with everything signed."""
    applicant = somebody(house, "active")
    sign_all(house, applicant)
    return applicant


def all_signed(house: House, applicant: Applicant) -> bool:
    """As the gate asks."""
    with db.reading() as session:
        return consents.all_blocking_signed(session, applicant.patient_id, "FL", house.catalog, house.now.date())


def kept(model: type) -> list:
    """Rows of one table."""
    with db.reading() as session:
        return list(session.scalars(select(model)))


@pytest.mark.parametrize("key", CARE)
def test_taking_back_what_treatment_rests_on_holds_and_calls_a_clinician_at_once(house: House, key: str) -> None:
    applicant = member(house)
    assert take_back(house, applicant, key)
    (hold,), (alert,) = kept(SafetyHold), kept(Alert)
    assert (hold.code, hold.patient_id, hold.lifted_at) == ("CONSENT-TREATMENT", applicant.patient_id, None)
    assert (alert.code, alert.patient_id, alert.raised_at) == ("CONSENT-TREATMENT", applicant.patient_id, house.now)
    assert house.catalog.alerts[alert.code].roles[0] == "clinician"
    with db.reading() as session:
        answer = may("charge", charge_facts(session, applicant.enrollment_id, house.catalog, house.now), house.now)
    assert {"consents", "hold"} <= set(answer.codes)


def test_hold_call_and_word_are_written_with_it_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    applicant = member(house)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the outbox is away")

    monkeypatch.setattr("service.mail.writes.put", breaks)
    with pytest.raises(RuntimeError):
        take_back(house, applicant, "ketamine_treatment")
    assert (kept(ConsentWithdrawal), kept(SafetyHold), kept(Alert)) == ([], [], [])
    assert all_signed(house, applicant)


@pytest.mark.parametrize("key", ["esign", "telehealth"])
def test_taking_back_what_the_service_needs_calls_somebody_and_counts_as_unsigned(house: House, key: str) -> None:
    applicant = member(house)
    take_back(house, applicant, key)
    assert [alert.code for alert in kept(Alert)] == ["CONSENT-CALL"]
    assert kept(SafetyHold) == []
    assert not all_signed(house, applicant)
    with db.reading() as session:
        assert not consents.ready_for_visit(session, applicant.patient_id, "FL", house.catalog, house.now.date())


@pytest.mark.parametrize("key", ["marketing", "roi_doctor"])
def test_what_was_only_offered_ends_at_once_and_stops_nothing(house: House, key: str) -> None:
    applicant = member(house)
    sign_one(house, applicant, key)
    take_back(house, applicant, key)
    with db.reading() as session:
        assert not consents.holds(session, applicant.patient_id, key, house.now.date())
    assert (kept(Alert), kept(SafetyHold)) == ([], [])
    assert all_signed(house, applicant)


def test_taking_back_twice_is_once(house: House) -> None:
    applicant = member(house)
    assert [take_back(house, applicant, "ketamine_treatment") for _ in range(2)] == [True, False]
    assert len(kept(ConsentWithdrawal)) == len(kept(SafetyHold)) == len(kept(Alert)) == 1


def test_two_tabs_that_take_back_at_the_same_moment_do_it_once(committed: House) -> None:
    applicant = member(committed)
    answers = at_once(*[lambda: take_back(committed, applicant, "ketamine_treatment")] * 3)
    assert sorted(answers) == [False, False, True]
    assert len(kept(ConsentWithdrawal)) == len(kept(SafetyHold)) == 1


def test_the_signature_stays_as_it_was_and_the_same_text_may_be_signed_again(house: House) -> None:
    applicant = member(house)
    take_back(house, applicant, "telehealth", why="I would like to be seen in person.")
    sign_one(house, applicant, "telehealth")
    signed = [row for row in kept(ConsentAcceptance) if row.consent_key == "telehealth"]
    assert sorted(row.round for row in signed) == [0, 1]
    assert len({row.document_sha256 for row in signed}) == 1
    assert all_signed(house, applicant)
    with db.reading() as session:
        of_text = [one for one in consents.evidences(session, applicant.patient_id) if one.key == "telehealth"]
    assert [(one.withdrawn_at, one.why) for one in of_text] == [
        (None, ""),
        (house.now, "I would like to be seen in person."),
    ]


def test_signing_again_lifts_no_hold(house: House) -> None:
    applicant = member(house)
    take_back(house, applicant, "ketamine_treatment")
    sign_one(house, applicant, "ketamine_treatment")
    assert [hold.lifted_at for hold in kept(SafetyHold)] == [None]


def test_a_replayed_page_signs_nothing_that_was_taken_back_under_an_older_text(house: House) -> None:
    applicant = member(house)
    take_back(house, applicant, "esign")
    with pytest.raises(sign.Superseded):
        sign_one(house, applicant, "esign", sha256="0" * 64)


def test_the_mail_and_the_trail_say_that_something_changed_and_the_mail_not_what(house: House) -> None:
    applicant = member(house)
    take_back(house, applicant, "ketamine_treatment")
    with db.reading() as session:
        mails = session.scalars(
            select(OutboxMessage.template).where(OutboxMessage.user_id == applicant.person.user_id)
        ).all()
        reasons = session.scalars(select(AuditEntry.reason).where(AuditEntry.action == "consent.withdraw")).all()
    assert list(mails) == ["consent_withdrawn"]
    assert list(reasons) == ["ketamine_treatment"]


def test_only_the_patient_takes_back_and_nobody_writes_a_book_about_it(house: House) -> None:
    applicant = member(house)
    with pytest.raises(NotAllowed):
        withdraw.withdraw_consent(key="esign", why="", catalog=house.catalog, actor=staff_actor("owner"), now=house.now)
    with pytest.raises(Rejected):
        take_back(house, applicant, "esign", why="x" * 2001)
    assert not take_back(house, applicant, "nothing_like_it")


@pytest.mark.parametrize("table", ["consent_withdrawals", "consent_acceptances", "good_faith_estimates"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET patient_id = patient_id", "TRUNCATE {}"])
def test_the_service_itself_cannot_change_or_remove_the_evidence(house: House, table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), db.transaction() as session:
        session.execute(text(statement.format(table)))


def test_the_page_says_what_it_means_before_the_button(house: House, client: Browser) -> None:
    applicant = member(house)
    client.sign_in(applicant.person.user_id)
    page = client.get("/consents/ketamine_treatment/withdraw").text
    assert page.index("Your treatment stops at once") < page.index("Take it back</span>")
    assert kept(ConsentWithdrawal) == [], "opening a page takes nothing back"
    answer = client.submit("/consents/ketamine_treatment/withdraw", {"why": ""})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/consents/signed")
    assert "Taken back" in client.get("/consents/signed").text
    again = client.submit("/consents/ketamine_treatment/withdraw", {"why": ""})
    assert again.status_code == 303
    assert len(kept(ConsentWithdrawal)) == 1
    assert client.get("/consents/ketamine_treatment/withdraw").status_code == 303
    assert client.get("/consents/roi_doctor/withdraw").status_code == 303


def test_on_the_evening_of_its_last_day_a_release_can_still_be_taken_back(house: House, client: Browser) -> None:
    applicant = somebody(house, "assessed")
    for key in ("esign", "roi_doctor"):
        sign_one(house, applicant, key)
    (release,) = (one for one in kept(ConsentAcceptance) if one.consent_key == "roi_doctor")
    assert release.ends_on is not None
    evening = datetime.combine(release.ends_on, time(21), tzinfo=ZoneInfo("America/New_York"))
    client.sign_in(applicant.person.user_id)
    for moment, there in ((evening, True), (evening + timedelta(hours=3), False)):
        house.at(moment.astimezone(UTC))
        assert ("/consents/roi_doctor/withdraw" in client.get("/consents/signed").text) is there
