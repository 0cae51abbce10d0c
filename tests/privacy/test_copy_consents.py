"""A copy has what was signed, what was filled in, what was taken back and why, and every estimate."""

from __future__ import annotations

from typing import Any

from service.enrollment.actions import estimate, withdraw
from service.kit import db
from service.kit.ids import new_id
from service.privacy.queries.copy import copy_of
from service.privacy.rules.words import paragraphs
from tests.conftest import House
from tests.factories.consents import sign_one, somebody


def parts(house: House, patient_id: Any) -> dict[str, list[dict[str, Any]]]:
    """The copy's parts by their names."""
    with db.reading() as session:
        return {part.key: part.entries for part in copy_of(session, patient_id, house.catalog)}


def test_what_was_signed_filled_in_and_taken_back_is_in_it(house: House) -> None:
    applicant = somebody(house, "active")
    for key in ("esign", "sitter_ack", "roi_doctor"):
        sign_one(house, applicant, key)
    withdraw.withdraw_consent(
        key="roi_doctor", why="We changed doctors.", catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    esign, sitter, release = parts(house, applicant.patient_id)["consents"]
    assert (esign["document"], esign["taken_back_at"], esign["filled_in"]) == ("esign", None, [])
    assert {"what": "Name", "answer": "Jo Rivera"} in sitter["filled_in"]
    assert {"what": "Telephone", "answer": "(305) 555-0123"} in sitter["filled_in"]
    assert (release["taken_back_at"], release["taken_back_because"]) == (house.now, "We changed doctors.")
    assert release["counts_until"].isoformat() == "2027-05-23"
    assert release["wording"].startswith("# Speaking with your own doctor")


def test_every_estimate_is_in_it_and_reads_as_sentences_on_its_pages(house: House) -> None:
    applicant = somebody(house)
    estimate.ask_estimate(
        request_id=new_id(), plan_key="monthly", catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    (kept,) = parts(house, applicant.patient_id)["estimates"]
    assert (kept["occasion"], kept["total_cents"]) == ("asked", 300000)
    said = paragraphs(kept["wording"])
    assert "What · Service code · Times · Each · Expected" in said
    assert any(one.startswith("Monthly membership: care by the practice") for one in said)
    assert not any("|" in one or "\\" in one or "**" in one for one in said)


def test_nobody_elses_is_in_it(house: House) -> None:
    applicant, other = somebody(house), somebody(house)
    sign_one(house, applicant, "esign")
    estimate.ask_estimate(
        request_id=new_id(), plan_key="monthly", catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    found = parts(house, other.patient_id)
    assert (found["consents"], found["estimates"]) == ([], [])
