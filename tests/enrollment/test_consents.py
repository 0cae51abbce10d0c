"""Signing, exactly what was shown, once, in its time and under a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.catalog.rules.consents import ConsentDocument, read_consent
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent.models import ConsentAcceptance, ConsentText
from service.enrollment.actions import sign
from service.enrollment.models import Enrollment
from service.enrollment.rules.signing import Filled
from service.kit import crypto, db
from service.kit.errors import Conflict, NotFound, Rejected
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.consents import NAME, RELEASE, SITTER, own_blanks, sha, sign_all, sign_one, somebody, tasks
from tests.factories.visits import Applicant

LATER = date(2026, 12, 1)


def _status(applicant: Applicant) -> str:
    with db.reading() as session:
        return session.scalars(select(Enrollment.status).where(Enrollment.id == applicant.enrollment_id)).one()


def _all_signed(house: House, applicant: Applicant, state: str = "FL", catalog: Catalog | None = None) -> bool:
    with db.reading() as session:
        day = house.now.date()
        return consents.all_blocking_signed(session, applicant.patient_id, state, catalog or house.catalog, day)


def _kept() -> list[ConsentAcceptance]:
    with db.reading() as session:
        return list(session.scalars(select(ConsentAcceptance).order_by(ConsentAcceptance.id)))


def second_version(catalog: Catalog, key: str, effective_on: date) -> Catalog:
    """The catalog with a version 2 of `key`."""
    (old,) = [document for document in catalog.consents if (document.key, document.state) == (key, "")]
    new = replace(old, version=2, effective_on=effective_on, changes="One rule is new.", body=f"{old.body}\nMore.\n")
    return replace(catalog, consents=(*catalog.consents, new))


def test_the_last_needed_signature_opens_the_way(house: House) -> None:
    applicant = somebody(house)
    needed = [task.document for task in tasks(house, applicant) if task.document.blocking]
    assert needed[0].key == "esign"
    for document in needed:
        if document.when != "before_session":
            assert not _all_signed(house, applicant)
            assert _status(applicant) == "approved"
            sign_one(house, applicant, document.key)
    assert _all_signed(house, applicant)
    assert _status(applicant) == "consented"


def test_a_signature_keeps_the_text_the_words_the_name_and_where_it_came_from(house: House) -> None:
    applicant = somebody(house)
    opened = house.now - timedelta(minutes=4)
    sign_one(house, applicant, "esign", typed_name="  Ana   Rivera ", opened_at=opened)
    (kept,) = _kept()
    with db.reading() as session:
        text = session.get_one(ConsentText, kept.document_sha256)
        trail = session.scalars(select(AuditEntry.reason).where(AuditEntry.action == "consent.sign")).all()
    assert crypto.unseal(kept.typed_name_sealed, "consent_acceptances", "typed_name", kept.id) == NAME
    assert (kept.address, kept.time_zone, kept.language) == ("203.0.113.9", "America/New_York", "en")
    assert (kept.accepted_at, kept.opened_at, kept.signer) == (house.now, opened, "self")
    assert kept.auth_level == "password"
    assert kept.statement in text.body
    assert "{{" not in text.body
    assert list(trail) == ["esign"]


def test_signing_the_same_text_twice_is_one_signature(house: House) -> None:
    applicant = somebody(house)
    for _ in range(2):
        sign_one(house, applicant, "esign")
    assert len(_kept()) == 1


def test_two_tabs_that_sign_at_the_same_moment_make_one_signature(committed: House) -> None:
    applicant = somebody(committed)
    answers = at_once(*[lambda: sign_one(committed, applicant, "esign")] * 3)
    assert answers == [False, False, False]
    assert len(_kept()) == 1


def test_a_text_that_is_no_longer_current_cannot_be_signed(house: House) -> None:
    applicant = somebody(house)
    for stale in ("", "0" * 64, sha(house, applicant, "telehealth")):
        with pytest.raises(sign.Superseded):
            sign_one(house, applicant, "esign", sha256=stale)
    assert _kept() == []


def test_the_page_of_an_old_version_cannot_sign_the_new_one(house: House) -> None:
    applicant = somebody(house)
    old = sha(house, applicant, "esign")
    with pytest.raises(sign.Superseded):
        sign_one(
            house, applicant, "esign", sha256=old, catalog=second_version(house.catalog, "esign", house.now.date())
        )


def test_electronic_signing_is_agreed_to_first(house: House) -> None:
    applicant = somebody(house)
    with pytest.raises(Conflict) as no:
        sign_one(house, applicant, "telehealth")
    assert no.value.code == "out_of_order"


@pytest.mark.parametrize("missing", [{"agreed": False}, {"typed_name": "   "}, {"typed_name": "A."}])
def test_a_tick_and_a_name_are_both_needed(house: House, missing: dict[str, Any]) -> None:
    applicant = somebody(house)
    with pytest.raises(Rejected):
        sign_one(house, applicant, "esign", **missing)


def test_another_name_is_asked_about_once_and_then_kept_as_it_was_typed(house: House) -> None:
    applicant = somebody(house)
    with pytest.raises(sign.NameDiffers):
        sign_one(house, applicant, "esign", typed_name="Somebody Else")
    sign_one(house, applicant, "esign", typed_name="Somebody Else", sure=True)
    (kept,) = _kept()
    assert crypto.unseal(kept.typed_name_sealed, "consent_acceptances", "typed_name", kept.id) == "Somebody Else"


def test_what_comes_before_a_visit_may_be_signed_from_the_first_day_and_treatment_only_once_approved(
    house: House,
) -> None:
    applicant = somebody(house, "assessed")
    with db.reading() as session:
        assert not consents.ready_for_visit(session, applicant.patient_id, "FL", house.catalog, house.now.date())
    sign_one(house, applicant, "esign")
    sign_one(house, applicant, "telehealth")
    with db.reading() as session:
        assert consents.ready_for_visit(session, applicant.patient_id, "FL", house.catalog, house.now.date())
        assert consents.signed_version(session, applicant.patient_id, "telehealth") == "telehealth 1"
    for key in ("ketamine_treatment", "controlled_substance_agreement", "financial", "sitter_ack"):
        with pytest.raises(Conflict) as no:
            sign_one(house, applicant, key)
        assert no.value.code == "not_yet"


@pytest.mark.parametrize("over", ["declined", "ended"])
def test_nothing_is_signed_once_it_is_over(house: House, over: str) -> None:
    applicant = somebody(house, over)
    with pytest.raises(Conflict) as no:
        sign_one(house, applicant, "esign")
    assert no.value.code == "nothing_to_sign"


def test_nothing_is_signed_before_we_know_whom_to_call_and_where_help_can_be_sent(house: House) -> None:
    applicant = somebody(house, known=False)
    with pytest.raises(Conflict) as no:
        sign_one(house, applicant, "esign")
    assert no.value.code == "reachable_first"


def test_a_text_nobody_wrote_cannot_be_signed(house: House) -> None:
    applicant = somebody(house)
    with pytest.raises(NotFound):
        sign.sign_consent(
            key="anything",
            sha256="",
            typed_name=NAME,
            agreed=True,
            catalog=house.catalog,
            blanks=own_blanks(house),
            actor=applicant.actor,
            now=house.now,
        )


def test_another_states_text_must_be_signed_anew_after_a_move(house: House) -> None:
    applicant = somebody(house)
    sign_all(house, applicant)
    assert _all_signed(house, applicant, "FL")
    assert not _all_signed(house, applicant, "NJ")


def test_a_new_version_stops_the_way_from_its_day_and_not_before(house: House) -> None:
    applicant = somebody(house)
    sign_all(house, applicant)
    soon = second_version(house.catalog, "ketamine_treatment", LATER)
    assert _all_signed(house, applicant, catalog=soon)
    house.at(house.now.replace(month=12, day=1))
    assert not _all_signed(house, applicant, catalog=soon)


def test_a_new_version_can_be_signed_before_its_day_and_then_nothing_waits(house: House) -> None:
    applicant = somebody(house)
    sign_all(house, applicant)
    soon = second_version(house.catalog, "ketamine_treatment", LATER)
    (new,) = [document for document in soon.consents if document.version == 2]
    with db.reading() as session:
        due = consents.tasks(session, applicant.patient_id, "FL", soon, house.now.date())
        (task,) = consents.coming(soon, "FL", due, house.now.date())
    assert (task.document, task.signed_before, task.signed_at) == (new, True, None)
    from service.catalog.rules.consents import render

    sign_one(house, applicant, new.key, catalog=soon, sha256=render(new, own_blanks(house)).sha256)
    house.at(house.now.replace(month=12, day=1))
    assert _all_signed(house, applicant, catalog=soon)


def test_a_new_version_needs_a_sentence_about_what_it_changes() -> None:
    from service.catalog.rules.reading import CatalogError

    head = 'title = "T"\nin_short = "S"\nstatement = "Yes."\nblocking = true\norder = 1\neffective_on = 2026-01-01\n'
    head += 'when = "after_approval"\ntaking_back = "Nothing."\n'
    with pytest.raises(CatalogError, match="changes"):
        read_consent("consents/a-v2.md", f"+++\n{head}+++\nWords.\n")
    found: ConsentDocument = read_consent("consents/a-v2.md", f'+++\n{head}changes = "A word."\n+++\nWords.\n')
    assert found.changes == "A word."


def test_who_stays_with_the_patient_is_kept_sealed_beside_the_signature(house: House) -> None:
    applicant = somebody(house, "active")
    sign_one(house, applicant, "esign")
    sign_one(house, applicant, "sitter_ack")
    kept = _kept()[-1]
    assert b"Jo Rivera" not in (kept.details_sealed or b"")
    with db.reading() as session:
        (found,) = [one for one in consents.evidences(session, applicant.patient_id) if one.key == "sitter_ack"]
    assert found.details == {"name": "Jo Rivera", "relation": "My sister", "phone": "+13055550123"}


@pytest.mark.parametrize(
    ("key", "filled", "field"),
    [
        ("sitter_ack", None, "name"),
        ("sitter_ack", replace(SITTER, relation=" "), "relation"),
        ("sitter_ack", replace(SITTER, phone="12"), "phone"),
        ("roi_doctor", replace(RELEASE, scope=()), "scope"),
        ("roi_doctor", replace(RELEASE, scope=("everything",)), "scope"),
        ("roi_doctor", replace(RELEASE, months="1200"), "months"),
        ("roi_doctor", Filled(name="X"), "name"),
        ("roi_doctor", replace(RELEASE, name="y" * 101), "name"),
    ],
)
def test_what_is_missing_below_a_text_is_named_by_its_field(
    house: House, key: str, filled: Filled | None, field: str
) -> None:
    applicant = somebody(house, "active")
    sign_one(house, applicant, "esign")
    with pytest.raises(Rejected) as no:
        sign_one(house, applicant, key, filled=filled)
    assert no.value.code == field


def test_a_release_counts_until_its_day_and_may_then_be_given_again(house: House) -> None:
    applicant = somebody(house, "assessed")
    sign_one(house, applicant, "esign")
    sign_one(house, applicant, "roi_doctor")
    until = date(2027, 5, 23)
    assert _kept()[-1].ends_on == until

    def holds(day: date) -> bool:
        with db.reading() as session:
            return consents.holds(session, applicant.patient_id, "roi_doctor", day)

    assert (holds(until), holds(until + timedelta(days=1))) == (True, False)
    house.at(house.now.replace(year=2027, month=6))
    sign_one(house, applicant, "roi_doctor", now=house.now)
    assert holds(house.now.date())
    assert [one.round for one in _kept() if one.consent_key == "roi_doctor"] == [0, 1]


def test_a_notice_that_somebody_would_rather_not_sign_is_noted_once_and_stops_nothing(house: House) -> None:
    applicant = somebody(house)
    values: dict[str, Any] = {"catalog": house.catalog, "blanks": own_blanks(house), "actor": applicant.actor}
    for _ in range(2):
        sign.decline_consent(key="npp_ack", sha256=sha(house, applicant, "npp_ack"), now=house.now, **values)
    (kept,) = _kept()
    assert kept.declined
    (task,) = [task for task in tasks(house, applicant) if task.document.key == "npp_ack"]
    assert (task.signed_at, task.declined_at) == (None, house.now)
    sign_all(house, applicant)
    assert _all_signed(house, applicant)
    sign_one(house, applicant, "npp_ack")  # whoever changes their mind signs all the same
    assert {one.round for one in _kept() if one.consent_key == "npp_ack"} == {0, 1}
    with pytest.raises(Conflict) as no:
        sign.decline_consent(key="esign", sha256=sha(house, applicant, "esign"), now=house.now, **values)
    assert no.value.code == "needed"


def test_evidence_of_somebody_else_is_not_there(house: House) -> None:
    applicant, other = somebody(house), somebody(house)
    sign_one(house, applicant, "esign")
    mine: UUID = _kept()[0].id
    with db.reading() as session:
        assert consents.evidence(session, applicant.patient_id, mine) is not None
        assert consents.evidence(session, other.patient_id, mine) is None
