"""What stands between a clinician and a signature, and what the fingerprint covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.rules.whole import Catalog
from service.visits.rules.encounters import (
    Circumstances,
    Credential,
    Identity,
    Reading,
    VisitRecord,
    addendum_content,
    fingerprint,
    from_json,
    signed_content,
    to_json,
    why_not,
    why_not_added,
)
from service.visits.rules.encounters.codes import diagnoses, em_code, plausible, plausible_rate
from tests.factories.visits import AN_ID, IN_NEW_JERSEY, a_record

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
TODAY = date(2026, 12, 1)
RECORD = replace(a_record(NOW), **IN_NEW_JERSEY)


def credential(kind: str, **changes: Any) -> Credential:
    return replace(
        Credential(
            id="0" * 32,
            state="NJ",
            kind=kind,
            number="1",
            expires_on=date(2027, 6, 30),
            verified_at=NOW,
            source="",
            ended=False,
        ),
        **changes,
    )


HELD = tuple(credential(kind) for kind in ("physician", "dea", "cds"))


@pytest.fixture(scope="module")
def known(catalog: Catalog) -> Circumstances:
    """A consultation in New Jersey that began twenty minutes ago, with nothing in the way."""
    return Circumstances(
        now=NOW,
        day=TODAY,
        kind="consultation",
        starts_at=NOW - timedelta(minutes=20),
        state="NJ",
        program="depression",
        residence="NJ",
        policies=catalog.policies,
        counties=frozenset(county.fips for county in catalog.states["NJ"].counties),
        pdmp_system="NJPMP",
        credentials=HELD,
        earlier_exam_on=None,
        document_until=None,
        on_hold=False,
    )


def test_a_complete_record_may_be_signed(known: Circumstances) -> None:
    assert why_not(RECORD, known) == ()


BY_PHONE = {"modality": "audio", "identity": Identity(method="recognised")}
LAPSED_AN_HOUR_AGO = tuple(credential(one.kind, expires_on=TODAY) for one in HELD)


@pytest.mark.parametrize(
    ("record", "facts", "field", "about"),
    [
        ({}, {"credentials": HELD[1:]}, "", "no license"),
        ({}, {"credentials": (HELD[0], HELD[1])}, "", "registration"),
        ({}, {"credentials": (HELD[0], HELD[2])}, "", "registration"),
        ({}, {"credentials": (replace(HELD[0], ended=True), *HELD[1:])}, "", "no license"),
        ({}, {"credentials": (replace(HELD[0], expires_on=TODAY), *HELD[1:])}, "", "no license"),
        ({}, {"residence": "FL"}, "", "address on file"),
        ({}, {"program": "unknown"}, "", "program is not allowed"),
        ({"patient_state": "FL"}, {}, "patient_state", "state of your license"),
        ({"patient_state": "elsewhere"}, {}, "patient_state", "state of your license"),
        ({}, {"starts_at": NOW + timedelta(minutes=1)}, "", "still ahead"),
        ({"started_at": NOW - timedelta(hours=2)}, {}, "started_at", "before its booked time"),
        ({"ended_at": NOW + timedelta(minutes=1)}, {}, "ended_at", "in the future"),
        ({"ended_at": NOW - timedelta(minutes=30)}, {}, "ended_at", "after it began"),
        ({"platform": " "}, {}, "platform", "video service"),
        ({"practitioner_state": ""}, {}, "practitioner_state", "where you were"),
        ({"place_confirmed": False}, {}, "place_confirmed", "where they are"),
        ({"patient_county": ""}, {}, "patient_county", "Choose the county"),
        ({"patient_county": "12086"}, {}, "patient_county", "Choose the county"),
        ({"patient_county": "<b>"}, {}, "patient_county", "Choose the county"),
        ({"emergency_address": ""}, {}, "emergency_address", "help would be sent"),
        ({"callback": ""}, {}, "callback", "call back"),
        ({"agreed_to_telehealth": False}, {}, "agreed_to_telehealth", "telehealth"),
        ({"identity": Identity(method="none")}, {}, "identity_method", "photo ID"),
        ({"identity": Identity(method="questions")}, {}, "identity_method", "photo ID"),
        ({"identity": Identity(method="recognised")}, {}, "identity_method", "earlier visit"),
        ({"identity": replace(AN_ID, last4="12")}, {}, "document", "last four"),
        ({"identity": replace(AN_ID, document="library_card")}, {}, "document", "which ID"),
        ({"identity": replace(AN_ID, expires_on=TODAY - timedelta(days=1))}, {}, "document_expires_on", "expired"),
        ({"identity": replace(AN_ID, matches=("name", "address"))}, {}, "id_matches", "date of birth"),
        ({"disclosed": frozenset()}, {}, "disclosed", "this state wants said"),
        ({"pdmp_checked_at": NOW - timedelta(hours=25)}, {}, "pdmp_checked_at", "older than"),
        ({"pdmp_checked_at": None, "pdmp_finding": ""}, {}, "pdmp_checked_at", "missing"),
        ({"pdmp_checked_at": NOW + timedelta(minutes=1)}, {}, "pdmp_checked_at", "future"),
        ({}, {"pdmp_system": "E-FORCSE"}, "pdmp_checked_at", "missing"),
        ({"pdmp_finding": ""}, {}, "pdmp_finding", "showed"),
        ({"pdmp_finding": "concern"}, {}, "pdmp_note", "concerns you"),
        ({"in_person_exam_on": date(2026, 12, 2)}, {}, "in_person_exam_on", "future"),
        ({"readings": (Reading(120, 121),)}, {}, "systolic_1", "cannot be right"),
        ({"heart_rate": 221}, {}, "heart_rate", "cannot be right"),
        ({"follow_up_on": date(2026, 11, 30)}, {}, "follow_up_on", "past"),
        ({"payment_source": "barter"}, {}, "payment_source", "who pays"),
        ({"notes": "  "}, {}, "notes", "notes"),
        (BY_PHONE, {"document_until": TODAY}, "modality", "audio"),
        ({}, {"on_hold": True}, "", "safety hold"),
        ({}, {"on_hold": None}, "", "safety hold"),
        ({"history_reviewed": False}, {}, "history_reviewed", "history"),
        ({"medicines_reconciled": False}, {}, "medicines_reconciled", "medicines"),
        ({"diagnoses": ()}, {}, "diagnoses", "diagnosis"),
        ({"plan": ""}, {}, "plan", "plan"),
        ({"sitter": ""}, {}, "sitter", "stays with"),
        ({"monitor": ""}, {}, "monitor", "monitor"),
        ({"decision": "decline"}, {}, "reason", "reason"),
        ({"decision": None}, {}, "decision", "decision"),
        ({}, {"kind": "follow_up"}, "decision", "decides nothing"),
        ({"decision": None}, {"kind": "transfer"}, "decision", "decision"),
    ],
)  # fmt: skip
def test_each_missing_piece_is_named_at_its_field(
    known: Circumstances, record: dict[str, Any], facts: dict[str, Any], field: str, about: str
) -> None:
    whys = why_not(replace(RECORD, **record), replace(known, **facts))
    assert [(why.field, about in why.message) for why in whys] == [(field, True)]


def test_every_license_lapsed_an_hour_ago_stops_a_no_as_well(known: Circumstances) -> None:
    lapsed = replace(known, credentials=LAPSED_AN_HOUR_AGO)
    declined = replace(RECORD, decision="decline", reason="Not now.")
    assert [why.message for why in why_not(declined, lapsed)] == [
        "You have no license for this patient's state that is valid today."
    ]


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2027, 5, 1)])
def test_from_2027_an_approval_needs_an_exam_in_person(known: Circumstances, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 15, 0, tzinfo=UTC)
    record = replace(a_record(now), **IN_NEW_JERSEY)
    later = replace(known, now=now, day=day, starts_at=now - timedelta(minutes=20))
    (why,) = why_not(record, later)
    assert why.field == "in_person_exam_on"
    assert "federal telemedicine authority" in why.message
    assert why_not(replace(record, in_person_exam_on=day), later) == ()
    assert why_not(record, replace(later, earlier_exam_on=date(2026, 3, 1))) == ()
    assert why_not(replace(record, decision="more_info", reason="Come and see us."), later) == ()


def test_a_check_23_hours_old_is_fresh_enough(known: Circumstances) -> None:
    assert why_not(replace(RECORD, pdmp_checked_at=NOW - timedelta(hours=23)), known) == ()


def test_a_no_needs_neither_authority_nor_a_lifted_hold_nor_an_id_that_holds(known: Circumstances) -> None:
    declined = replace(
        RECORD,
        decision="decline",
        reason="Not now.",
        identity=replace(AN_ID, expires_on=date(2020, 1, 1), matches=()),
        pdmp_checked_at=None,
        pdmp_finding="",
        diagnoses=(),
        plan="",
        sitter="",
        monitor="",
    )
    assert why_not(declined, replace(known, on_hold=True, credentials=(HELD[0],))) == ()


def test_a_follow_up_is_signed_without_a_decision_a_check_or_a_plan(known: Circumstances) -> None:
    follow_up = replace(RECORD, decision=None, pdmp_checked_at=None, pdmp_finding="", plan="", diagnoses=())
    assert why_not(follow_up, replace(known, kind="follow_up", on_hold=True)) == ()


def test_whoever_was_identified_before_is_known_again_while_that_id_is_valid(known: Circumstances) -> None:
    known_again = replace(RECORD, identity=Identity(method="recognised"))
    assert why_not(known_again, replace(known, document_until=TODAY)) == ()
    assert why_not(known_again, replace(known, document_until=TODAY - timedelta(days=1))) != ()


def test_in_person_nobody_asks_for_a_video_service_or_an_address_for_help(known: Circumstances) -> None:
    there = replace(
        RECORD, modality="in_person", platform="", emergency_address="", callback="", agreed_to_telehealth=False
    )
    assert why_not(there, known) == ()


@pytest.mark.parametrize(
    ("reading", "good"),
    [
        (Reading(60, 30), True),
        (Reading(59, 40), False),
        (Reading(260, 160), True),
        (Reading(261, 100), False),
        (Reading(170, 161), False),
        (Reading(120, 29), False),
        (Reading(120, 120), False),
        (Reading(120, 121), False),
        (Reading(170, 95), True),
    ],
)
def test_a_blood_pressure_that_cannot_be_is_not_one(reading: Reading, good: bool) -> None:
    assert plausible(reading) is good


def test_a_heart_rate_lies_between_30_and_220() -> None:
    assert [plausible_rate(rate) for rate in (29, 30, 220, 221)] == [False, True, True, False]


def test_diagnoses_are_codes_by_their_shape() -> None:
    assert diagnoses("f331, F43.10;\n U07.1 F33.1 i10 M1A.0110") == ("F33.1", "F43.10", "U07.1", "I10", "M1A.0110")
    assert diagnoses("  ") == ()
    for odd in ("depression", "33.1", "F3", "F33.12345", "F33.é"):
        with pytest.raises(ValueError, match=odd.upper()):
            diagnoses(f"F33.1 {odd}")


def test_an_evaluation_code_has_five_characters() -> None:
    assert [em_code(text) for text in ("", " 99214 ", "g2211", "1234A")] == ["", "99214", "G2211", "1234A"]
    for odd in ("9921", "992145", "ABCDE", "9921-"):
        with pytest.raises(ValueError, match=odd):
            em_code(odd)


def test_the_fingerprint_changes_with_any_word_and_not_with_how_it_was_typed() -> None:
    content = signed_content(replace(RECORD, notes="caf\u00e9"), encounter_id="1")
    assert fingerprint(content) == fingerprint(signed_content(replace(RECORD, notes="cafe\u0301"), encounter_id="1"))
    assert fingerprint(content) != fingerprint(signed_content(replace(RECORD, notes="cafe"), encounter_id="1"))
    assert fingerprint(content) != fingerprint(signed_content(replace(RECORD, notes="caf\u00e9"), encounter_id="2"))


@pytest.mark.parametrize("name", [name for name in to_json(RECORD) if name != "notes"])
def test_the_fingerprint_covers_every_field_and_the_decision(name: str) -> None:
    content = signed_content(RECORD)
    changed = {**content, "record": {**content["record"], name: "something else"}}
    assert fingerprint(changed) != fingerprint(content)


records = st.builds(
    VisitRecord,
    modality=st.sampled_from(["video", "audio", "in_person"]),
    platform=st.text(max_size=20),
    started_at=st.datetimes(timezones=st.just(UTC)),
    ended_at=st.datetimes(timezones=st.just(UTC)),
    patient_state=st.sampled_from(["FL", "NJ", "elsewhere"]),
    place_confirmed=st.booleans(),
    emergency_address=st.text(max_size=20),
    callback=st.text(max_size=20),
    practitioner_state=st.text(max_size=2),
    identity=st.builds(
        Identity,
        method=st.sampled_from(["photo_id", "none"]),
        expires_on=st.none() | st.dates(),
        matches=st.lists(st.sampled_from(["name", "address"]), unique=True).map(tuple),
    ),
    disclosed=st.frozensets(st.text(max_size=5), max_size=3),
    pdmp_checked_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    in_person_exam_on=st.none() | st.dates(),
    readings=st.lists(st.builds(Reading, st.integers(), st.integers()), max_size=2).map(tuple),
    heart_rate=st.none() | st.integers(),
    diagnoses=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    follow_up_on=st.none() | st.dates(),
    notes=st.text(max_size=50),
    decision=st.sampled_from([None, "approve", "decline", "more_info"]),
    reason=st.text(max_size=20),
)


@given(records)
def test_a_record_comes_back_from_its_json_as_it_went(record: VisitRecord) -> None:
    assert from_json(to_json(record)) == record


def test_a_record_from_a_later_version_still_opens() -> None:
    assert from_json({**to_json(RECORD), "something_new": 1}) == RECORD


def test_an_empty_addendum_says_nothing_and_one_that_settles_something_does() -> None:
    assert [why.field for why in why_not_added("  ", ())] == ["text"]
    assert why_not_added("", ("sitter",)) == ()
    one = addendum_content(text="A word.", settles=(), encounter_sha256="a")
    assert fingerprint(one) != fingerprint({**one, "encounter_sha256": "b"})
