"""A new version: who is told, when, how often; and who sees who has not signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.catalog.rules.consents import render
from service.catalog.rules.whole import Catalog
from service.enrollment.actions import reconsent, sign, withdraw
from service.kit import crypto, db
from service.kit.errors import NotAllowed
from service.mail.models import OutboxMessage
from tests.client import Browser
from tests.conftest import House
from tests.enrollment.test_consents import second_version
from tests.factories.care import looking_after
from tests.factories.consents import own_blanks, sha, sign_all, sign_one, somebody
from tests.factories.visits import Applicant, staff_actor

DAY = date(2026, 12, 1)
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@pytest.fixture
def soon(house: House) -> Catalog:
    """A catalog whose treatment text has a second version from December 1."""
    return second_version(house.catalog, "ketamine_treatment", DAY)


def member(house: House, **place: str) -> Applicant:
    """Somebody in care with everything signed."""
    applicant = somebody(house, "active", **place)
    sign_all(house, applicant, place.get("place", "FL"))
    return applicant


def tell(catalog: Catalog, now: datetime) -> int:
    """The sweep."""
    return reconsent.tell_of_new_texts(catalog=catalog, now=now)


def mails(applicant: Applicant) -> list[str]:
    """Mails about texts to one patient."""
    with db.reading() as session:
        query = select(OutboxMessage.template).where(
            OutboxMessage.user_id == applicant.person.user_id, OutboxMessage.template.startswith("consent_")
        )
        return list(session.scalars(query.order_by(OutboxMessage.created_at, OutboxMessage.id)))


def sign_new(house: House, applicant: Applicant, catalog: Catalog) -> None:
    """The new version is signed."""
    (new,) = [document for document in catalog.consents if document.version == 2]
    sign_one(house, applicant, new.key, catalog=catalog, sha256=render(new, own_blanks(house)).sha256)


def test_word_goes_out_two_weeks_before_and_on_the_day_once_each(house: House, soon: Catalog) -> None:
    applicant = member(house)
    assert tell(soon, NOON - timedelta(days=7)) == 0, "more than two weeks ahead"
    assert [tell(soon, NOON), tell(soon, NOON), tell(soon, NOON + timedelta(days=3))] == [1, 0, 0]
    assert mails(applicant) == ["consent_soon"]
    on_the_day = NOON.replace(month=12, day=1)
    assert [tell(soon, on_the_day), tell(soon, on_the_day), tell(soon, on_the_day + timedelta(days=5))] == [1, 0, 0]
    assert mails(applicant) == ["consent_soon", "consent_now"]


def test_the_mail_names_the_day_and_not_the_text(house: House, soon: Catalog) -> None:
    member(house)
    tell(soon, NOON)
    with db.reading() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.template == "consent_soon")).one()
    facts = crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)
    assert facts == {"path": "/consents", "day": "December 1, 2026"}


def test_whoever_signs_ahead_hears_nothing_on_the_day(house: House, soon: Catalog) -> None:
    applicant = member(house)
    tell(soon, NOON)
    sign_new(house, applicant, soon)
    assert tell(soon, NOON.replace(month=12, day=1)) == 0
    assert mails(applicant) == ["consent_soon"]


def test_nobody_is_told_who_never_signed_the_earlier_one_took_it_back_or_is_out(house: House, soon: Catalog) -> None:
    somebody(house, "active")
    over = somebody(house, "ended")
    back = member(house)
    withdraw.withdraw_consent(key="ketamine_treatment", why="", catalog=house.catalog, actor=back.actor, now=house.now)
    assert tell(soon, NOON) == 0
    assert (mails(over), mails(back)) == ([], ["consent_withdrawn"])


def test_nobody_is_written_to_at_night_on_their_own_clock_and_everybody_the_next_morning(
    house: House, soon: Catalog
) -> None:
    east, central = member(house), member(house, place="FL-central")
    early = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)  # 8:30 Eastern, 7:30 Central
    assert tell(soon, early) == 1
    assert (mails(east), mails(central)) == (["consent_soon"], [])
    assert tell(soon, early + timedelta(hours=1)) == 1


def test_a_new_states_text_reaches_those_who_signed_another_states(house: House) -> None:
    applicant = member(house)
    with db.transaction() as session:
        from service.enrollment.models import Enrollment

        session.get_one(Enrollment, applicant.enrollment_id).state = "NJ"
    assert tell(house.catalog, NOON) == 1
    assert mails(applicant) == ["consent_now"]


def test_a_notice_that_was_declined_is_offered_again_when_it_changes(house: House) -> None:
    applicant = somebody(house)
    sign.decline_consent(
        key="npp_ack",
        sha256=sha(house, applicant, "npp_ack"),
        catalog=house.catalog,
        blanks=own_blanks(house),
        actor=applicant.actor,
        now=house.now,
    )
    assert tell(second_version(house.catalog, "npp_ack", DAY), NOON) == 1


def test_what_is_only_offered_is_never_asked_for_again_by_mail(house: House) -> None:
    applicant = member(house)
    sign_one(house, applicant, "marketing")
    assert tell(second_version(house.catalog, "marketing", DAY), NOON) == 0


def test_one_that_breaks_stops_nobody_elses(house: House, soon: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = member(house), member(house)
    put = reconsent.mail.put

    def breaks_once(session, email, **values):
        if values["user_id"] == first.person.user_id:
            raise RuntimeError("this one")
        return put(session, email, **values)

    monkeypatch.setattr(reconsent.mail, "put", breaks_once)
    assert tell(soon, NOON) == 1
    assert (mails(first), mails(second)) == ([], ["consent_soon"])


def test_the_care_team_sees_who_has_not_signed_and_only_its_own(
    house: House, client: Browser, app: Flask, soon: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant = member(house)
    coordinator = looking_after(staff_actor("coordinator"), applicant.patient_id)
    stranger = staff_actor("coordinator")
    found = reconsent.who_has_not_signed(catalog=soon, actor=coordinator, now=NOON)
    assert [(one.patient_id, one.document.version, name) for one, name in found] == [
        (applicant.patient_id, 2, "Ana Rivera")
    ]
    assert reconsent.who_has_not_signed(catalog=soon, actor=stranger, now=NOON) == ()
    assert len(reconsent.who_has_not_signed(catalog=soon, actor=staff_actor("owner"), now=NOON)) == 1
    with pytest.raises(NotAllowed):
        reconsent.who_has_not_signed(catalog=soon, actor=applicant.actor, now=NOON)
    with db.reading() as session:
        noted = session.scalars(select(AuditEntry.patient_id).where(AuditEntry.action == "queue.view")).all()
    assert list(noted) == [applicant.patient_id] * 2

    monkeypatch.setitem(app.config, "CATALOG", soon)
    assert coordinator.user_id
    client.sign_in(coordinator.user_id)
    assert "Ana Rivera" in client.get("/staff/new-versions").text
    sign_new(house, applicant, soon)
    assert "Everybody has signed" in client.get("/staff/new-versions").text


def test_the_care_team_reads_the_evidence_and_takes_the_file_along(house: House, client: Browser) -> None:
    applicant = somebody(house)
    sign_one(house, applicant, "esign")
    sign_one(house, applicant, "telehealth")
    withdraw.withdraw_consent(
        key="telehealth", why="I want to be seen.", catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    clinician = looking_after(staff_actor("clinician"), applicant.patient_id)
    assert clinician.user_id
    client.sign_in(clinician.user_id)
    page = client.get(f"/staff/enrollments/{applicant.enrollment_id}/documents")
    for said in ("Taken back", "I want to be seen.", "SHA-256", "Ana Rivera", sha(house, applicant, "esign")):
        assert said in page.text
    path = page.text.split('.pdf"')[0].rpartition('href="')[2] + ".pdf"
    assert client.get(path).data.startswith(b"%PDF-")
    with db.reading() as session:
        acts = session.scalars(
            select(AuditEntry.action).where(
                AuditEntry.actor_id == clinician.user_id, AuditEntry.patient_id == applicant.patient_id
            )
        ).all()
    assert {"record.view", "consent.download"} <= set(acts)
    other = somebody(house)
    looking_after(clinician, other.patient_id)
    foreign = path.replace(str(applicant.enrollment_id), str(other.enrollment_id))
    assert client.get(foreign).status_code == 404


def test_whoever_is_not_on_the_care_team_gives_a_reason_first(house: House, client: Browser) -> None:
    applicant = somebody(house)
    stranger = staff_actor("clinician")
    assert stranger.user_id
    client.sign_in(stranger.user_id)
    answer = client.get(f"/staff/enrollments/{applicant.enrollment_id}/documents")
    assert "SHA-256" not in answer.text
    assert answer.status_code in (303, 403)


def test_the_page_of_new_versions_is_the_same_day_for_all_who_have_one(house: House, soon: Catalog) -> None:
    later = replace(soon, consents=tuple(one for one in soon.consents if one.version == 1))
    member(house)
    assert tell(later, NOON) == 0
