"""A clinician decides, staff complete; neither can do the other's part."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from service.accounts import writes as people
from service.enrollment import writes
from service.enrollment.actions import complete, decide
from service.enrollment.actions.decide import NotSignable
from service.enrollment.models import EligibilityDecision, Enrollment
from service.enrollment.rules.status import TABLE
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Conflict, NotAllowed
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from service.safety.models import SafetyHold
from service.sandbox import walks
from service.visits import queries as visits
from service.visits.models import Appointment, Encounter, Practitioner
from tests.client import Browser
from tests.conftest import House
from tests.factories.care import looking_after
from tests.factories.visits import (
    Applicant,
    Clinician,
    a_clinician,
    a_record,
    an_applicant,
    booked,
    reachable,
    staff_actor,
    visit_at,
)


def _at_the_visit(house: House, applicant: Applicant) -> None:
    """Business time moves to the booked visit, where it lies ahead."""
    house.at(max(house.now, visit_at(applicant) or house.now))


def _decide(house: House, clinician: Clinician, applicant: Applicant, **changes: Any) -> Any:
    _at_the_visit(house, applicant)
    return decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=a_record(house.now, **changes),
        catalog=house.catalog,
        actor=clinician.actor,
        now=house.now,
    )


def _coordinator(applicant: Applicant) -> Actor:
    """A coordinator who looks after the patient."""
    return looking_after(staff_actor("coordinator"), applicant.patient_id)


def _status(applicant: Applicant) -> str:
    with db.reading() as session:
        return session.scalars(select(Enrollment.status).where(Enrollment.id == applicant.enrollment_id)).one()


def _mails() -> list[str]:
    with db.reading() as session:
        return sorted(set(session.scalars(select(OutboxMessage.template))) - {"visit_booked"})


def _count(model: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_an_approval_signs_the_encounter_and_waits_for_staff(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    encounter_id = _decide(house, clinician, applicant)
    with db.reading() as session:
        (encounter,) = visits.encounters_of(session, applicant.patient_id)
        assert session.scalars(select(Appointment.status)).one() == "finished"
        assert session.scalars(select(EligibilityDecision.encounter_id)).one() == encounter_id
    assert encounter.pdmp_system == "E-FORCSE"
    assert encounter.verified
    assert encounter.record == a_record(house.now)
    assert encounter.around is not None
    assert encounter.around["license"]["number"] == "FL-1234"
    assert _status(applicant) == "decided"
    assert _mails() == ["enrollment_decided"]


def test_staff_complete_an_approval_once_and_the_patient_hears_of_it(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _decide(house, clinician, applicant)
    reachable(applicant.patient_id)
    for _ in range(2):
        complete.complete_approval(
            enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=_coordinator(applicant), now=house.now
        )
    assert _status(applicant) == "approved"
    assert _mails() == ["enrollment_approved", "enrollment_decided"]


@pytest.mark.parametrize("role", ["clinician", "billing", "auditor"])
def test_completing_is_for_coordinators(house: House, role: str) -> None:
    with pytest.raises(NotAllowed):
        complete.complete_approval(
            enrollment_id=an_applicant(house.catalog).enrollment_id,
            catalog=house.catalog,
            actor=staff_actor(role),
            now=house.now,
        )


def test_a_coordinator_can_never_approve_what_no_clinician_decided(house: House) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    for expected in ("assessed", "booked"):
        assert _status(applicant) == expected
        with pytest.raises(Conflict):
            complete.complete_approval(
                enrollment_id=applicant.enrollment_id,
                catalog=house.catalog,
                actor=_coordinator(applicant),
                now=house.now,
            )
        if expected == "assessed":
            booked(applicant, house.now)
    # Who moves after a decision stays where they are, or has more to sign: that is no way in.
    ways_in = {start for start, end in TABLE.items() if end == "approved" and start[1] != "transfer"}
    assert ways_in == {("decided", "complete")}
    assert {start for start, end in TABLE.items() if end == "decided"} == {
        ("booked", "decide_approve"),
        ("decided", "transfer"),
    }


def test_even_a_row_forced_to_decided_needs_a_decision_behind_it(house: House) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    with db.transaction() as session:
        writes.move(session, applicant.enrollment_id, "decide_approve", staff_actor_of(house), house.now)
    with pytest.raises(Conflict) as no:
        complete.complete_approval(
            enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=_coordinator(applicant), now=house.now
        )
    assert no.value.code == "not_decided"


def staff_actor_of(house: House) -> Any:
    """An actor that needs no account."""
    from service.kit.actor import SYSTEM

    return SYSTEM


def test_a_decision_always_rests_on_a_visit(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    looking_after(clinician.actor, applicant.patient_id)
    with pytest.raises(Conflict) as no:
        _decide(house, clinician, applicant)
    assert no.value.code == "no_visit"
    assert _count(Encounter) == _count(EligibilityDecision) == 0


@pytest.mark.parametrize("role", ["coordinator", "owner", "billing"])
def test_nobody_but_a_clinician_decides(house: House, role: str) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    with pytest.raises(NotAllowed):
        decide.record_decision(
            enrollment_id=applicant.enrollment_id,
            record=a_record(house.now),
            catalog=house.catalog,
            actor=staff_actor(role),
            now=house.now,
        )
    assert _status(applicant) == "booked"


def test_a_visit_cannot_be_signed_before_it_takes_place(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    with pytest.raises(NotSignable) as no:
        decide.record_decision(
            enrollment_id=applicant.enrollment_id,
            record=a_record(house.now),
            catalog=house.catalog,
            actor=clinician.actor,
            now=house.now,
        )
    assert "still ahead" in no.value.reasons[0]
    assert _count(Encounter) == _count(EligibilityDecision) == 0
    assert _status(applicant) == "booked"


def test_a_license_that_expires_today_cannot_sign_and_one_that_expires_tomorrow_can(house: House) -> None:
    clinician, applicant = a_clinician(expires_on=date(2026, 11, 25)), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    with pytest.raises(NotSignable) as no:
        _decide(house, clinician, applicant)
    assert no.value.reasons[0] == "You have no license for this patient's state that is valid today."
    house.at(datetime(2026, 11, 25, 4, 30, tzinfo=UTC))  # still the evening before in New York
    _decide(house, clinician, applicant)
    assert _status(applicant) == "decided"


def test_from_january_2027_an_approval_needs_an_exam_in_person(house: House) -> None:
    house.at(datetime(2026, 12, 30, 15, 0, tzinfo=UTC))
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(datetime(2027, 1, 2, 15, 0, tzinfo=UTC))
    with pytest.raises(NotSignable) as no:
        _decide(house, clinician, applicant)
    assert "federal telemedicine authority does not cover today" in no.value.reasons[0]
    assert _count(Encounter) == 0
    _decide(house, clinician, applicant, in_person_exam_on=date(2026, 12, 20))
    assert _status(applicant) == "decided"
    with db.reading() as session:
        assert visits.in_person_exam_on(session, applicant.patient_id) == date(2026, 12, 20)


def test_on_the_last_day_of_2026_the_authority_still_holds(house: House) -> None:
    house.at(datetime(2026, 12, 30, 15, 0, tzinfo=UTC))
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(datetime(2027, 1, 1, 4, 59, tzinfo=UTC))  # 23:59 of 31 December in New York
    _decide(house, clinician, applicant)
    assert _status(applicant) == "decided"


def test_a_safety_hold_blocks_approving_and_completing_but_not_declining(house: House) -> None:
    clinician = a_clinician()
    held, decided = an_applicant(house.catalog), an_applicant(house.catalog)
    booked(held, house.now)
    booked(decided, house.now)
    _decide(house, clinician, decided)
    for applicant in (held, decided):
        _hold(applicant, house.now)
    with pytest.raises(NotSignable) as no:
        _decide(house, clinician, held)
    assert "safety hold" in no.value.reasons[0]
    with pytest.raises(Conflict) as refused:
        complete.complete_approval(
            enrollment_id=decided.enrollment_id, catalog=house.catalog, actor=_coordinator(decided), now=house.now
        )
    assert refused.value.code == "on_hold"
    _decide(house, clinician, held, decision="decline", reason="Not now.")
    assert _status(held) == "declined"


def _hold(applicant: Applicant, now: datetime) -> None:
    with db.transaction() as session:
        session.add(
            SafetyHold(
                id=new_id(),
                code="X",
                patient_id=applicant.patient_id,
                source_kind="checkin",
                source_id=new_id(),
                placed_at=now,
            )
        )


@pytest.mark.parametrize(
    ("decision", "status", "mail"),
    [("decline", "declined", "enrollment_declined"), ("more_info", "more_info", "enrollment_more_info")],
)
def test_a_no_and_a_question_are_told_by_a_neutral_mail(house: House, decision: str, status: str, mail: str) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _decide(house, clinician, applicant, decision=decision, reason="A reason only clinicians read.")
    assert _status(applicant) == status
    assert _mails() == [mail]


def test_after_a_question_the_patient_books_again_and_the_second_visit_decides(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _decide(house, clinician, applicant, decision="more_info", reason="Bring the list.")
    booked(applicant, house.now + timedelta(days=1))
    house.at(house.now + timedelta(days=3))
    _decide(house, clinician, applicant)
    assert _status(applicant) == "decided"
    assert _count(Encounter) == 2


def test_sending_the_same_decision_twice_signs_once(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    assert _decide(house, clinician, applicant) == _decide(house, clinician, applicant)
    assert _count(Encounter) == _count(EligibilityDecision) == 1
    with pytest.raises(Conflict):
        _decide(house, clinician, applicant, decision="decline", reason="Changed my mind.")


FORM: dict[str, Any] = {
    **walks.a_visit(state="FL", seen_at="11/23/2026 12:00 PM"),
    "started_at": "11/23/2026 11:55 AM",
    "patient_county": "12086",
    "pdmp_checked_at": "11/23/2026 09:30 AM",
    "notes": "Seen and heard well.",
}


def test_what_stands_in_the_way_is_listed_on_the_form(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    client.sign_in(clinician.user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}/encounter"
    early = client.submit(path, FORM)
    assert early.status_code == 422
    assert "still ahead" in early.text
    _at_the_visit(house, applicant)
    assert "E-FORCSE" in client.get(path).text
    refused = client.submit(path, {**FORM, "patient_state": "elsewhere", "pdmp_checked_at": "11/22/2026 08:00 AM"})
    assert refused.status_code == 422
    assert "state of your license" in refused.text
    assert "older than this state" in refused.text
    assert refused.text.count("#patient_state") == 1, "each reason leads to its field"
    assert "Begin with the first parcel" in refused.text, "what was typed stays"
    empty = client.submit(path, {"pdmp_checked_at": "yesterday"})
    assert empty.status_code == 422
    assert "like 11/23/2026 10:15 AM" in empty.text
    assert client.submit(path, FORM).status_code == 303
    assert _status(applicant) == "decided"
    assert client.submit(path, FORM).status_code == 303  # a second press
    assert client.get(path).status_code == 303


def test_new_jersey_asks_whether_the_physician_was_offered(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog, "NJ")
    booked(applicant, house.now, "NJ")
    _at_the_visit(house, applicant)
    client.sign_in(clinician.user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}/encounter"
    form = {**FORM, "patient_state": "NJ", "patient_county": "34013", "practitioner_state": "NJ", "disclosed": []}
    refused = client.submit(path, form)
    assert refused.status_code == 422
    assert "You may ask for a physician at any time" in refused.text
    assert "Tell the patient what this state wants said" in refused.text
    assert client.submit(path, {**form, "disclosed": ["physician"]}).status_code == 303


def test_a_coordinator_completes_from_the_record(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    coordinator = _coordinator(applicant)
    assert coordinator.user_id is not None
    client.sign_in(coordinator.user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}"
    assert client.submit(f"{path}/complete").status_code == 303
    assert _status(applicant) == "booked"
    assert client.get(f"{path}/encounter").status_code == 403
    _decide(house, clinician, applicant)
    reachable(applicant.patient_id)
    assert "Go through the checklist" in client.get(path).text
    assert "Complete the approval" in client.get(f"{path}/complete").text
    client.submit(f"{path}/complete")
    assert _status(applicant) == "approved"


def test_a_missed_visit_lets_the_patient_book_again(house: House, client: Browser) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    coordinator = _coordinator(applicant)
    assert coordinator.user_id is not None
    client.sign_in(coordinator.user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}"
    assert "The visit was missed" not in client.get(path).text
    client.submit(f"{path}/missed")
    assert _status(applicant) == "booked"
    house.at(house.now + timedelta(hours=4))
    assert "The visit was missed" in client.get(path).text
    for _ in range(2):
        assert client.submit(f"{path}/missed").status_code == 303
    assert _status(applicant) == "assessed"
    assert _mails() == ["visit_missed"]
    booked(applicant, house.now)
    assert _status(applicant) == "booked"


def test_no_field_of_the_record_hides_what_a_form_can_do_from_scripts() -> None:
    from service.enrollment.forms.encounter_parts import FindingsPart, IdentityPart, MeetingPart, PlacePart

    own = {"matches", "closest", "submit", "reset", "action", "method", "elements", "contains", "remove", "attributes"}
    for part in (MeetingPart, PlacePart, IdentityPart, FindingsPart):
        assert not own & set(vars(part)), part


def test_an_emergency_look_reads_and_decides_nothing(house: House, client: Browser) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    stranger = a_clinician(name="Dr. Noor Aziz")
    with db.transaction() as session:
        people.break_glass(
            session,
            patient_id=applicant.patient_id,
            user_id=stranger.user_id,
            why="covering",
            reason="A colleague fell ill.",
            at=wall_now(),
        )
    with pytest.raises(NotAllowed) as refused:
        _decide(house, stranger, applicant)
    assert refused.value.code == "only_reading"
    assert (_status(applicant), _count(Encounter)) == ("booked", 0)
    client.sign_in(stranger.user_id)
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    assert f"{record}/encounter" not in client.get(record).text
    answer = client.get(f"{record}/encounter")
    assert answer.status_code == 403
    assert "An emergency look lets you read, not sign." in answer.text
    looking_after(stranger.actor, applicant.patient_id)
    _decide(house, stranger, applicant)
    assert _status(applicant) == "decided"


def test_who_had_left_by_the_day_of_a_visit_signs_nothing_of_it(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    _at_the_visit(house, applicant)
    with db.transaction() as session:
        session.get_one(Practitioner, clinician.practitioner_id).left_on = house.now.date()
    with pytest.raises(NotAllowed) as refused:
        _decide(house, clinician, applicant)
    assert refused.value.code == "has_left"
    with db.transaction() as session:  # who leaves the day after finishes their notes
        session.get_one(Practitioner, clinician.practitioner_id).left_on = house.now.date() + timedelta(days=1)
    house.at(house.now + timedelta(hours=20))
    _decide(house, clinician, applicant)
    assert _status(applicant) == "decided"
