"""A copy of one's own data: asked for once, made by a job, complete, one's own alone, and gone after a week."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.accounts.actions.demographics import change_demographics
from service.audit.models import AuditEntry
from service.enrollment.actions import decide
from service.enrollment.actions.addendum import add_addendum
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.errors import NotAllowed, NotFound, Rejected
from service.kit.ids import new_id
from service.privacy import actions, gateway
from service.privacy.models import DataExport
from service.privacy.rules import LEASE, PAUSE
from service.visits.models import LocationAttestation
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient
from tests.factories.privacy import actor_of, ask, copies, mail_of, make, somebody_long_with_us, sweep
from tests.factories.visits import a_clinician, a_record, an_applicant, approved, booked, staff_actor, visit_at


def files(person: Person) -> tuple[dict[str, Any], bytes]:
    row = copies(person)[-1]
    assert row.json_sealed is not None
    assert row.pdf_sealed is not None
    text = crypto.unseal_bytes(row.json_sealed, "data_exports", "json", row.id)
    return json.loads(text), crypto.unseal_bytes(row.pdf_sealed, "data_exports", "pdf", row.id)


def trail(action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_asking_twice_is_one_copy_and_one_job(house: House) -> None:
    person = a_patient()
    assert ask(person) == ask(person)
    assert [job.name for job in house.jobs if job.name == "privacy.make_copy"] == ["privacy.make_copy"]
    assert len(trail("copy.ask")) == 1


def test_the_job_makes_both_files_seals_them_and_writes_a_mail(house: House) -> None:
    person = somebody_long_with_us(house)
    copy_id = ask(person)
    assert make(house, copy_id)
    row = copies(person)[0]
    assert (row.status, row.attempts) == ("ready", 1)
    assert b"Rivera" not in (row.json_sealed or b"")
    assert b"%PDF" not in (row.pdf_sealed or b"")
    found, pages = files(person)
    assert (found["format"], found["version"]) == ("homeward-your-data", 1)
    assert found["profile"][0]["first_name"] == "Ana"
    assert [one["score"] for one in found["check_ins"] if one["score"]] == ["20", "14"]
    assert found["check_ins"][0]["answers"][0]["question"].startswith("Little interest")
    assert {one["kind"] for one in found["safety"]} == {"somebody was called", "charges and deliveries were stopped"}
    assert found["memberships"][0]["each_month_cents"] == 25000
    assert pages.startswith(b"%PDF-")
    assert len(mail_of(person, "copy_ready")) == 1


def test_the_job_run_again_makes_nothing_new(house: House) -> None:
    person = a_patient()
    copy_id = ask(person)
    assert make(house, copy_id)
    assert not make(house, copy_id)
    assert len(mail_of(person, "copy_ready")) == 1


def test_what_a_clinician_recorded_is_in_it_and_what_staff_wrote_to_each_other_is_not(house: House) -> None:
    applicant = an_applicant(house.catalog)
    approved(applicant, a_clinician(), house.catalog, house.now)
    make(house, ask(applicant.person))
    found, _ = files(applicant.person)
    assert found["visit_notes"][0]["notes"] == "Seen and heard well."
    assert found["decisions"][0]["decision"] == "approve"
    assert "reason" not in found["decisions"][0]
    assert found["assessments"][0]["answers"] == [
        {"question": found["assessments"][0]["answers"][0]["question"], "answer": "33101"}
    ]
    assert found["left_out"]


def test_nothing_of_another_patient_is_in_it(house: House) -> None:
    somebody = somebody_long_with_us(house)
    other = a_patient(given_name="Marker-Zebra", family_name="Marker-Quagga", email="marker@zebra.example")
    make(house, ask(other))
    make(house, ask(somebody))
    text = json.dumps(files(somebody)[0]) + json.dumps(copies(somebody)[0].id.hex)
    for mark in ("Marker", "zebra.example", str(other.patient_id), str(other.user_id)):
        assert mark not in text
    assert "Marker-Zebra" in json.dumps(files(other)[0])


def test_a_worker_that_dies_half_way_leaves_it_to_the_sweeper(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    person, now = a_patient(), wall_now()
    copy_id = ask(person, at=now)

    def dies(*_: object, **__: object) -> bytes:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "pdf", dies)
        with pytest.raises(SystemExit):
            make(house, copy_id, at=now)
    assert sweep(house, at=now + LEASE - timedelta(seconds=1)) == 0, "the lease still stands"
    assert sweep(house, at=now + LEASE) == 1
    assert copies(person)[0].attempts == 2


def test_a_lost_job_is_found_by_the_sweeper(house: House) -> None:
    person = a_patient()
    ask(person)
    assert sweep(house, at=wall_now()) == 1


def test_three_broken_tries_are_a_failure_that_staff_see_and_the_patient_may_ask_again(
    house: House, monkeypatch: pytest.MonkeyPatch, client: Browser
) -> None:
    person, now = a_patient(), wall_now()
    copy_id = ask(person, at=now)

    def breaks(*_: object, **__: object) -> bytes:
        raise ValueError("no paper")

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "pdf", breaks)
        for again in range(5):
            sweep(house, at=now + again * PAUSE)
    assert (copies(person)[0].status, copies(person)[0].attempts) == ("failed", 3)
    client.sign_in(person.user_id)
    assert "Did not work" in client.get("/settings/your-data").text
    assert ask(person, at=now + timedelta(minutes=9)) != copy_id
    assert make(house, copies(person)[-1].id)


def test_three_workers_that_died_are_a_failure_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    person, now = a_patient(), wall_now()
    copy_id = ask(person, at=now)

    def dies(*_: object, **__: object) -> bytes:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "pdf", dies)
        for again in range(3):
            with pytest.raises(SystemExit):
                make(house, copy_id, at=now + again * LEASE)
    sweep(house, at=now + 3 * LEASE)
    assert copies(person)[0].status == "failed"


def test_a_fourth_copy_on_one_day_has_to_wait(house: House) -> None:
    person, now = a_patient(), wall_now()
    for _ in range(3):
        make(house, ask(person, at=now), at=now)
    with pytest.raises(Rejected):
        ask(person, at=now + timedelta(hours=23))
    ask(person, at=now + timedelta(hours=25))


def test_only_patients_have_copies(house: House) -> None:
    with pytest.raises(NotAllowed):
        actions.ask_copy(actor=staff_actor("owner"), wall_now=wall_now())


def expired(person: Person, at: datetime) -> None:
    with db.transaction() as session:
        session.get_one(DataExport, copies(person)[-1].id).expires_at = at


def test_after_a_week_the_bytes_are_removed(house: House) -> None:
    person, now = a_patient(), wall_now()
    copy_id = ask(person, at=now)
    make(house, copy_id, at=now)
    week = timedelta(days=7)
    actions.expire_copies(wall_now=now + week - timedelta(seconds=1))
    assert copies(person)[0].status == "ready"
    with pytest.raises(NotFound):  # not a second longer, even before the sweeper came
        actions.open_copy(copy_id=copy_id, kind="pdf", actor=actor_of(person), wall_now=now + week)
    sweep(house, at=now + week)
    row = copies(person)[0]
    assert (row.status, row.json_sealed, row.pdf_sealed) == ("expired", None, None)


def test_a_download_is_a_file_with_a_neutral_name_and_is_written_down(house: House, client: Browser) -> None:
    person = a_patient()
    copy_id = ask(person)
    make(house, copy_id)
    client.sign_in(person.user_id)
    page = client.get("/settings/your-data").text
    for kind, begins in (("json", b"{"), ("pdf", b"%PDF-")):
        assert f"/settings/your-data/{copy_id}/{kind}" in page
        answer = client.get(f"/settings/your-data/{copy_id}/{kind}")
        assert answer.status_code == 200
        assert answer.data.startswith(begins)
        assert answer.headers["Cache-Control"] == "no-store"
        name = answer.headers["Content-Disposition"]
        assert name == f'attachment; filename="your-data-{wall_now():%Y-%m-%d}.{kind}"'
    assert [entry.reason for entry in trail("copy.download")] == ["json", "pdf"]


def test_another_patients_copy_does_not_exist(house: House, client: Browser) -> None:
    person, stranger = a_patient(), a_patient()
    copy_id = ask(person)
    make(house, copy_id)
    client.sign_in(stranger.user_id)
    assert client.get(f"/settings/your-data/{copy_id}/json").status_code == 404
    assert trail("copy.download") == []


def test_an_expired_copy_says_so(house: House, client: Browser) -> None:
    person = a_patient()
    copy_id = ask(person)
    make(house, copy_id)
    expired(person, wall_now())
    client.sign_in(person.user_id)
    answer = client.get(f"/settings/your-data/{copy_id}/pdf")
    assert answer.status_code == 404
    assert "no longer here" in answer.text
    assert "Gone" in client.get("/settings/your-data").text


def test_without_a_fresh_proof_there_is_no_copy(house: House, client: Browser) -> None:
    person = a_patient()
    copy_id = ask(person)
    make(house, copy_id)
    client.sign_in(person.user_id, second_factor=False)
    for answer in (
        client.get("/settings/your-data"),
        client.submit("/settings/your-data"),
        client.get(f"/settings/your-data/{copy_id}/json"),
    ):
        assert answer.status_code == 303
        assert "/settings/your-data" not in answer.headers["Location"].partition("?")[0]


def test_the_button_asks_and_the_page_says_so(house: House, client: Browser) -> None:
    person = a_patient()
    client.sign_in(person.user_id)
    for _ in range(2):
        assert client.submit("/settings/your-data").status_code == 303
    assert "We are making your copy" in client.get("/settings/your-data").text
    assert len(copies(person)) == 1


def test_the_copy_has_the_whole_record_what_was_added_and_where_they_said_they_were(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    encounter_id = approved(applicant, clinician, house.catalog, house.now)
    add_addendum(
        enrollment_id=applicant.enrollment_id,
        encounter_id=encounter_id,
        text="Zqadded later",
        settles=("monitor",),
        actor=clinician.actor,
        now=house.now,
    )
    change_demographics(
        user_id=applicant.person.user_id, sex="female", race=("asian",), ethnicity="declined", actor=applicant.actor
    )
    place_id = new_id()
    with db.transaction() as session:
        session.add(
            LocationAttestation(
                id=place_id,
                patient_id=applicant.patient_id,
                state="FL",
                county_fips="12086",
                at_home_address=False,
                emergency_address_sealed=crypto.seal(
                    "77 Zqelsewhere", "location_attestations", "emergency_address", place_id
                ),
                attested_at=house.now,
            )
        )
    assert make(house, ask(applicant.person))
    found, _ = files(applicant.person)
    (visit,) = found["visit_notes"]
    assert (visit["diagnoses"], visit["id_ends_in"], visit["blood_pressure"]) == ("F33.1", "1234", "122/78, 118/76")
    assert visit["licenses"][0] == {"kind": "physician", "state": "FL", "number": "FL-1234"}
    (added,) = visit["added_later"]
    assert (added["text"], added["settled"], added["by"]) == ("Zqadded later", "monitor", "Maya Lin")
    assert found["places"][0]["emergency_address"] == "77 Zqelsewhere"
    assert found["profile"][0]["told_for_counts"] == [
        {"sex": "Female", "race": "Asian", "ethnicity": "I prefer not to say"}
    ]


def test_the_copy_leaves_the_reason_beside_a_decision_out(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    seen = visit_at(applicant) or house.now
    decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(seen, decision="decline", reason="Zqreason among colleagues"),
        catalog=house.catalog,
        actor=clinician.actor,
        now=seen,
    )
    assert make(house, ask(applicant.person))
    assert "Zqreason" not in json.dumps(files(applicant.person)[0])
