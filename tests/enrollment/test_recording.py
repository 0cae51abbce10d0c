"""A visit is recorded whole or not at all, whatever kind it is, and stays as it was signed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from service.accounts.models import Patient
from service.audit.models import AuditEntry
from service.catalog.rules.whole import Catalog
from service.enrollment.actions import decide, miss
from service.enrollment.actions.decide import NotSignable
from service.enrollment.models import EligibilityDecision, Enrollment, EnrollmentMove
from service.kit import crypto, db
from service.kit.errors import Conflict
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from service.visits import queries as visits
from service.visits.models import Appointment, Encounter, LicenseRecord, LocationAttestation
from service.visits.queries import SignedEncounter
from service.visits.rules.encounters import Identity, Reading, fingerprint
from tests.client import Browser
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.safety import a_hold
from tests.factories.visits import (
    IN_NEW_JERSEY,
    Applicant,
    Clinician,
    a_clinician,
    a_record,
    an_applicant,
    approved,
    booked,
    visit_at,
)

STORED = (Encounter, EligibilityDecision, EnrollmentMove, OutboxMessage)
# Each of these alone refuses an approval in Florida, and any of them together do.
BAD: tuple[dict[str, Any], ...] = (
    {"modality": "audio"},
    {"patient_state": "NJ"},
    {"patient_state": "elsewhere"},
    {"identity": Identity(method="none")},
    {"identity": Identity(method="questions")},
    {"pdmp_checked_at": None},
    {"pdmp_finding": ""},
    {"place_confirmed": False},
    {"agreed_to_telehealth": False},
    {"emergency_address": " "},
    {"callback": ""},
    {"readings": (Reading(120, 121),)},
    {"heart_rate": 0},
    {"diagnoses": ()},
    {"plan": "\n"},
    {"notes": " "},
    {"sitter": ""},
    {"history_reviewed": False},
    {"follow_up_on": date(2020, 1, 1)},
    {"decision": None},
)


def _at_the_visit(house: House, applicant: Applicant) -> None:
    house.at(max(house.now, visit_at(applicant) or house.now))


def _sign(
    house: House, clinician: Clinician, applicant: Applicant, *, appointment_id: UUID | None = None, **changes: Any
) -> UUID:
    return decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(house.now, **changes),
        catalog=house.catalog,
        actor=clinician.actor,
        now=house.now,
        appointment_id=appointment_id,
    )


def _counts() -> list[int]:
    with db.reading() as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in STORED]


def _enrollment(applicant: Applicant) -> Enrollment:
    with db.reading() as session:
        return session.scalars(select(Enrollment).where(Enrollment.id == applicant.enrollment_id)).one()


def _signed(applicant: Applicant) -> list[SignedEncounter]:
    with db.reading() as session:
        return visits.encounters_of(session, applicant.patient_id)


def test_whatever_refuses_nothing_at_all_is_stored(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    before, chance = _counts(), random.Random(4)
    for turn in range(60):
        chosen = [BAD[turn]] if turn < len(BAD) else chance.sample(BAD, chance.randint(2, 6))
        changes = {name: value for bad in chosen for name, value in bad.items()}
        with pytest.raises(NotSignable) as no:
            _sign(house, clinician, applicant, **changes)
        assert no.value.reasons
        assert _counts() == before, changes
    assert visit_at(applicant) is not None
    assert _enrollment(applicant).status == "booked"
    _sign(house, clinician, applicant)


def _lapse(clinician: Clinician, now: datetime) -> None:
    """The licence's last day was yesterday on the patient's own calendar: since an hour ago it counts no more."""
    with db.transaction() as session:
        session.execute(update(LicenseRecord).values(expires_on=date(2026, 11, 24)))


def _suspend(clinician: Clinician, now: datetime) -> None:
    with db.transaction() as session:
        session.execute(
            update(LicenseRecord).where(LicenseRecord.kind == "physician").values(ended_at=now - timedelta(hours=1))
        )


def _no_dea(clinician: Clinician, now: datetime) -> None:
    with db.transaction() as session:
        session.execute(update(LicenseRecord).where(LicenseRecord.kind == "dea").values(ended_at=now))


@pytest.mark.parametrize(
    ("trouble", "about"), [(_lapse, "no license"), (_suspend, "no license"), (_no_dea, "registration")]
)
def test_a_license_that_ended_an_hour_ago_cannot_sign(house: House, trouble: Any, about: str) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))  # one in the morning in Miami
    trouble(clinician, house.now)
    before = _counts()
    with pytest.raises(NotSignable) as no:
        _sign(house, clinician, applicant)
    assert about in " ".join(no.value.reasons)
    assert _counts() == before


def test_a_standing_hold_and_a_check_of_yesterday_refuse(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    a_hold(house, patient_id=applicant.patient_id)
    with pytest.raises(NotSignable) as no:
        _sign(house, clinician, applicant, pdmp_checked_at=house.now - timedelta(hours=25))
    assert [why.field for why in no.value.whys] == ["pdmp_checked_at", ""]
    assert _counts()[0] == 0


def test_what_the_house_knew_is_signed_with_the_record(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog, "NJ")
    appointment_id = booked(applicant, house.now, "NJ")
    _at_the_visit(house, applicant)
    with db.transaction() as session:
        session.add(
            LocationAttestation(
                id=(attested := new_id()),
                patient_id=applicant.patient_id,
                appointment_id=appointment_id,
                state="NJ",
                county_fips="34013",
                at_home_address=True,
                attested_at=house.now,
            )
        )
    _sign(house, clinician, applicant, **IN_NEW_JERSEY)
    (signed,) = _signed(applicant)
    assert signed.verified
    assert signed.around is not None
    assert signed.around["license"]["state"] == "NJ"
    assert sorted(one["kind"] for one in signed.around["registrations"]) == ["cds", "dea"]
    assert signed.around["attested"]["county_fips"] == "34013"
    assert signed.around["attestation_id"] == str(attested)
    assert signed.around["consents"]["telehealth"]["version"] >= 1
    assert signed.around["practitioner"] == "Dr. Maya Lin, MD"
    assert signed.pdmp_system == "NJPMP"
    assert visits.settled_by([signed]) == {"sitter", "monitor"}
    with db.reading() as session:
        row = session.scalars(select(Encounter)).one()
        said = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == signed.id)).all()
    assert (row.patient_county, row.identity_method) == ("34013", "photo_id")
    assert visits.codes_in(row.record_sealed, row.id).em_code == "99204"
    assert (row.pdmp_finding_clear, row.em_code_clear) == ("", "")
    assert b"Seen and heard well" not in row.notes_sealed + (row.record_sealed or b"")
    assert list(said) == ["encounter.sign"]


def test_after_a_decision_a_follow_up_is_recorded_alone(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    approved(applicant, clinician, house.catalog, house.now)
    house.at(datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    appointment_id = booked(applicant, house.now)
    _at_the_visit(house, applicant)
    before = _counts()
    changes = {"decision": None, "pdmp_checked_at": None, "pdmp_finding": "", "identity": Identity(method="recognised")}
    first = _sign(house, clinician, applicant, appointment_id=appointment_id, **changes)
    again = _sign(house, clinician, applicant, appointment_id=appointment_id, **changes)
    assert first == again
    after = _counts()
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 0, 0, 0]
    assert _enrollment(applicant).status == "approved"
    assert visit_at(applicant) is None
    latest, earlier = _signed(applicant)
    assert (latest.kind, latest.pdmp_checked_at, latest.pdmp_system) == ("follow_up", None, "")
    assert earlier.kind == "consultation"
    assert latest.verified


def test_the_page_of_a_follow_up_asks_for_no_decision(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    approved(applicant, clinician, house.catalog, house.now)
    house.at(datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    client.sign_in(clinician.user_id)
    page = client.get(f"/staff/enrollments/{applicant.enrollment_id}/encounter")
    assert page.status_code == 200
    assert "nothing is decided" in page.text
    assert 'name="decision"' not in page.text


def _moved(house: House, to: str = "NJ") -> tuple[Clinician, Applicant]:
    """Somebody approved in Florida lives in New Jersey now, and has met a clinician licensed there."""
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    approved(applicant, clinician, house.catalog, house.now)
    house.at(datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    with db.transaction() as session:
        session.execute(update(Patient).where(Patient.id == applicant.patient_id).values(state=to, county_fips="34013"))
        session.execute(
            update(Enrollment)
            .where(Enrollment.id == applicant.enrollment_id)
            .values(moving_to=to, moving_since=house.now)
        )
    booked(applicant, house.now, to)
    _at_the_visit(house, applicant)
    return clinician, applicant


def test_whoever_moved_goes_on_in_the_new_state_when_a_clinician_there_approves(house: House) -> None:
    clinician, applicant = _moved(house)
    with pytest.raises(NotSignable) as no:
        _sign(house, clinician, applicant)  # as if they were still in Florida
    assert "patient_state" in [why.field for why in no.value.whys]
    _sign(house, clinician, applicant, **IN_NEW_JERSEY)
    enrollment = _enrollment(applicant)
    assert (enrollment.state, enrollment.moving_to, enrollment.status) == ("NJ", None, "approved")
    latest = _signed(applicant)[0]
    assert latest.kind == "transfer"
    assert latest.around is not None
    assert latest.around["license"]["state"] == "NJ"


def test_a_no_after_a_move_leaves_everything_stopped_where_it_stands(house: House) -> None:
    clinician, applicant = _moved(house)
    _sign(house, clinician, applicant, **IN_NEW_JERSEY, decision="decline", reason="Not from here.")
    enrollment = _enrollment(applicant)
    assert (enrollment.state, enrollment.moving_to, enrollment.status) == ("FL", "NJ", "approved")


def test_a_page_of_a_visit_that_is_no_longer_booked_signs_nothing(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    with pytest.raises(Conflict) as no:
        _sign(house, clinician, applicant, appointment_id=new_id())
    assert no.value.code == "no_visit"
    assert _counts()[0] == 0


def test_what_was_typed_of_a_visit_that_is_gone_is_shown_once_more(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    appointment_id = booked(applicant, house.now)
    house.at((visit_at(applicant) or house.now) + timedelta(hours=1))
    client.sign_in(clinician.user_id)
    page = f"/staff/enrollments/{applicant.enrollment_id}/encounter"
    typed = {"appointment_id": str(appointment_id), "notes": "A long talk.\r\n<b>Zqsecond</b> line.", "plan": "Rest."}
    assert client.submit(page, typed).status_code == 422
    miss.mark_missed(enrollment_id=applicant.enrollment_id, actor=clinician.actor, now=house.now)
    answer = client.submit(page, typed)
    assert answer.status_code == 409
    for words in ("This was not signed", "A long talk.", "&lt;b&gt;Zqsecond&lt;/b&gt; line.", "Rest."):
        assert words in answer.text
    assert client.submit(page, {"appointment_id": str(appointment_id)}).status_code == 303, "nothing to take along"
    assert _counts()[0] == 0


def test_who_sends_what_a_colleague_signed_is_led_to_add_to_it(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    appointment_id = booked(applicant, house.now)
    _at_the_visit(house, applicant)
    encounter_id = _sign(house, clinician, applicant, appointment_id=appointment_id)
    client.sign_in(clinician.user_id)
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    same = {"appointment_id": str(appointment_id), "notes": a_record(house.now).notes}
    assert client.submit(f"{record}/encounter", same).location.endswith(record)
    other = client.submit(f"{record}/encounter", {**same, "notes": "Something else."})
    assert f"{record}/encounters/{encounter_id}/addendum" in other.text


def test_another_decision_from_an_old_page_changes_nothing(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    appointment_id = booked(applicant, house.now)
    _at_the_visit(house, applicant)
    _sign(house, clinician, applicant, appointment_id=appointment_id)
    with pytest.raises(Conflict) as no:
        _sign(house, clinician, applicant, appointment_id=appointment_id, decision="decline", reason="No.")
    assert no.value.code == "visit_recorded"
    assert _counts()[:2] == [1, 1]


def test_two_windows_that_sign_at_once_sign_one_record(committed: House, catalog: Catalog) -> None:
    house = committed
    clinician, applicant = a_clinician(), an_applicant(catalog)
    appointment_id = booked(applicant, house.now)
    _at_the_visit(house, applicant)
    answers = at_once(*[lambda: _sign(house, clinician, applicant, appointment_id=appointment_id)] * 2)
    assert answers[0] == answers[1]
    assert _counts()[:2] == [1, 1]


def _an_old_row(applicant: Applicant, clinician: Clinician, now: datetime, **changed: Any) -> None:
    """As rows were signed before there was a whole record."""
    with db.transaction() as session:
        appointment_id = session.scalars(select(Appointment.id)).one()
        encounter_id = new_id()
        content = {
            "modality": "video",
            "patient_state": "FL",
            "identity_checked": True,
            "physician_option_disclosed": False,
            "pdmp_checked_at": now - timedelta(hours=1),
            "in_person_exam_on": None,
            "notes": "As it was.",
            "encounter_id": encounter_id,
            "appointment_id": appointment_id,
            "patient_id": applicant.patient_id,
            "practitioner_id": clinician.practitioner_id,
            "license_id": clinician.license_ids["FL"],
            "pdmp_system": "E-FORCSE",
            "signed_by": clinician.user_id,
            "signed_at": now,
        }
        columns = {name: value for name, value in content.items() if name not in ("encounter_id", "notes")}
        session.add(
            Encounter(
                id=encounter_id,
                notes_sealed=crypto.seal("As it was.", "encounters", "notes", encounter_id),
                sha256=fingerprint(content),
                **{**columns, **changed},
            )
        )


@pytest.mark.parametrize(("changed", "verified"), [({}, True), ({"modality": "in_person"}, False)])
def test_a_row_from_before_shows_and_verifies(house: House, changed: dict[str, Any], verified: bool) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _an_old_row(applicant, clinician, house.now, **changed)
    (old,) = _signed(applicant)
    assert (old.notes, old.record, old.verified) == ("As it was.", None, verified)


def test_a_column_that_says_something_else_than_what_was_signed_is_found(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    _sign(house, clinician, applicant)
    with db.reading() as session:
        row = session.scalars(select(Encounter)).one()
        assert visits.encounters_of(session, applicant.patient_id)[0].verified
        later = house.now + timedelta(minutes=1)
        moments = dict.fromkeys(("started_at", "ended_at", "pdmp_checked_at"), later)
        ids = {"signed_by": new_id(), "attestation_id": new_id()}
        words = {"identity_method": "recognised", "patient_county": "12011", "kind": "x", "pdmp_system": "NJPMP"}
        for name, value in {**words, **ids, **moments}.items():
            was = getattr(row, name)
            with session.no_autoflush:
                setattr(row, name, value)
                assert not visits.is_as_signed(row), name
                setattr(row, name, was)
        session.rollback()


def test_both_tables_of_signed_words_can_only_be_added_to(house: House) -> None:
    with db.reading() as session:
        for table in ("encounters", "encounter_addenda"):
            rights = [
                session.scalar(select(func.has_table_privilege(table, right)))
                for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
            ]
            assert rights == [True, False, False, False], table


def test_the_record_page_shows_the_whole_record_to_clinicians_alone(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    _sign(house, clinician, applicant, referral="Dr. Zqreferral")
    client.sign_in(clinician.user_id)
    page = client.get(f"/staff/enrollments/{applicant.enrollment_id}").text
    assert "(305) 555-0123" in page, "a number as people say it"
    for words in ("Florida", "F33.1", "Dr. Zqreferral", "ends in 1234", "122/78 mmHg", "as it was signed", "E-FORCSE"):
        assert words in page, words
