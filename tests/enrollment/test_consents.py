"""Signing, exactly what was shown, once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from config.brand import brand
from service.audit.models import AuditEntry
from service.catalog.rules.consents import render
from service.consent import queries as consents
from service.consent.models import ConsentAcceptance, ConsentText
from service.consent.rules import blanks
from service.enrollment.actions import sign
from service.enrollment.models import Enrollment
from service.kit import crypto, db
from service.kit.errors import Conflict, NotFound, Rejected
from tests.client import Browser
from tests.conftest import House
from tests.factories.visits import Applicant, a_clinician, an_applicant, approved

NAME = "Ana Rivera"


def _approved(house: House) -> Applicant:
    applicant = an_applicant(house.catalog)
    approved(applicant, a_clinician(), house.catalog, house.now)
    return applicant


def _blanks(house: House) -> dict[str, str]:
    return blanks(brand(house.settings.config_dir), house.catalog.from_price_cents)


def _keys(house: House, applicant: Applicant) -> list[str]:
    with db.reading() as session:
        tasks = consents.tasks(session, applicant.patient_id, "FL", house.catalog, house.now.date())
    return [task.document.key for task in tasks]


def _sha(house: House, applicant: Applicant, key: str) -> str:
    with db.reading() as session:
        tasks = consents.tasks(session, applicant.patient_id, "FL", house.catalog, house.now.date())
    (document,) = [task.document for task in tasks if task.document.key == key]
    return render(document, _blanks(house)).sha256


def _sign(house: House, applicant: Applicant, key: str, **changes: Any) -> bool:
    values = {"sha256": _sha(house, applicant, key), "typed_name": NAME, "agreed": True, **changes}
    return sign.sign_consent(
        key=key,
        catalog=house.catalog,
        blanks=_blanks(house),
        actor=applicant.actor,
        now=house.now,
        **values,
    )


def _status(applicant: Applicant) -> str:
    with db.reading() as session:
        return session.scalars(select(Enrollment.status).where(Enrollment.id == applicant.enrollment_id)).one()


def _all_signed(house: House, applicant: Applicant, state: str = "FL") -> bool:
    with db.reading() as session:
        return consents.all_blocking_signed(session, applicant.patient_id, state, house.catalog, house.now.date())


def test_the_last_needed_signature_opens_the_way(house: House) -> None:
    applicant = _approved(house)
    keys = _keys(house, applicant)
    assert keys[0] == "esign"
    with db.reading() as session:
        tasks = consents.tasks(session, applicant.patient_id, "FL", house.catalog, house.now.date())
    needed = [task.document.key for task in tasks if task.document.blocking]
    for key in needed:
        assert not _all_signed(house, applicant)
        assert _status(applicant) == "approved"
        _sign(house, applicant, key)
    assert _all_signed(house, applicant)
    assert _status(applicant) == "consented"


def test_a_signature_keeps_the_text_the_words_the_name_and_where_it_came_from(house: House) -> None:
    applicant = _approved(house)
    _sign(house, applicant, "esign", typed_name="  Ana   Rivera ")
    with db.reading() as session:
        kept = session.scalars(select(ConsentAcceptance)).one()
        text = session.get_one(ConsentText, kept.document_sha256)
        trail = session.scalars(select(AuditEntry.reason).where(AuditEntry.action == "consent.sign")).all()
    assert crypto.unseal(kept.typed_name_sealed, "consent_acceptances", "typed_name", kept.id) == NAME
    assert (kept.address, kept.time_zone, kept.language) == ("203.0.113.9", "America/New_York", "en")
    assert kept.accepted_at == house.now
    assert kept.statement in text.body
    assert "{{" not in text.body
    assert list(trail) == ["esign"]


def test_signing_the_same_text_twice_is_one_signature(house: House) -> None:
    applicant = _approved(house)
    for _ in range(2):
        _sign(house, applicant, "esign")
    with db.reading() as session:
        assert len(session.scalars(select(ConsentAcceptance)).all()) == 1


def test_a_text_that_is_no_longer_current_cannot_be_signed(house: House) -> None:
    applicant = _approved(house)
    for stale in ("", "0" * 64, _sha(house, applicant, "telehealth")):
        with pytest.raises(sign.Superseded):
            _sign(house, applicant, "esign", sha256=stale)


def test_electronic_signing_is_agreed_to_first(house: House) -> None:
    applicant = _approved(house)
    with pytest.raises(Conflict) as no:
        _sign(house, applicant, "telehealth")
    assert no.value.code == "out_of_order"


@pytest.mark.parametrize("missing", [{"agreed": False}, {"typed_name": "   "}])
def test_a_tick_and_a_name_are_both_needed(house: House, missing: dict[str, Any]) -> None:
    applicant = _approved(house)
    with pytest.raises(Rejected):
        _sign(house, applicant, "esign", **missing)


def test_nothing_is_signed_before_the_approval(house: House) -> None:
    applicant = an_applicant(house.catalog)
    with pytest.raises(Conflict) as no:
        _sign(house, applicant, "esign")
    assert no.value.code == "nothing_to_sign"


def test_a_text_nobody_wrote_cannot_be_signed(house: House) -> None:
    applicant = _approved(house)
    with pytest.raises(NotFound):
        sign.sign_consent(
            key="anything",
            sha256="",
            typed_name=NAME,
            agreed=True,
            catalog=house.catalog,
            blanks=_blanks(house),
            actor=applicant.actor,
            now=house.now,
        )


def test_another_states_text_must_be_signed_anew_after_a_move(house: House) -> None:
    applicant = _approved(house)
    for key in _keys(house, applicant):
        _sign(house, applicant, key)
    assert _all_signed(house, applicant, "FL")
    assert not _all_signed(house, applicant, "NJ")


def test_a_patient_signs_every_text_through_the_pages(house: House, client: Browser) -> None:
    applicant = _approved(house)
    client.sign_in(applicant.person.user_id)
    assert "Later" in client.get("/consents").text
    for key in _keys(house, applicant):
        page = client.get(f"/consents/{key}")
        assert page.status_code == 200
        assert "In short:" in page.text
        assert " checked" not in page.text.replace("not checked", "")
        answer = client.submit(
            f"/consents/{key}", {"shown": _sha(house, applicant, key), "agreed": "y", "typed_name": NAME}
        )
        assert answer.status_code == 303
    assert "Everything is signed" in client.get("/consents").text
    assert _status(applicant) == "consented"


def test_a_stale_page_gets_the_fresh_text_and_a_kind_sentence(house: House, client: Browser) -> None:
    applicant = _approved(house)
    client.sign_in(applicant.person.user_id)
    page = client.submit("/consents/esign", {"shown": "0" * 64, "agreed": "y", "typed_name": NAME})
    assert page.status_code == 409
    assert "This text has changed since you opened it" in page.text
    assert _sha(house, applicant, "esign") in page.text


def test_an_empty_form_says_what_is_missing(house: House, client: Browser) -> None:
    applicant = _approved(house)
    client.sign_in(applicant.person.user_id)
    page = client.submit("/consents/esign", {"shown": _sha(house, applicant, "esign")})
    assert page.status_code == 422
    assert "Tick the box" in page.text
    assert "Type your full name to sign" in page.text


def test_the_price_is_told_in_general_terms_with_how_to_cancel(house: House, client: Browser) -> None:
    applicant = _approved(house)
    client.sign_in(applicant.person.user_id)
    page = client.get("/consents/financial").text
    assert "from $250" in page
    assert "How to cancel" in page
    assert client.get("/consents/nothing").status_code == 404
