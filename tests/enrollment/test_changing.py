"""A visit is changed in one step; follow-ups and transfers are booked; a calendar follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.audit.models import AuditEntry
from service.enrollment.actions import book, decide, hand, miss
from service.enrollment.forms.booking import slot_value
from service.enrollment.models import Enrollment
from service.kit import db
from service.kit.errors import Conflict, Rejected
from service.mail.models import OutboxMessage
from service.visits.queries import OpenTime
from tests.client import Browser
from tests.conftest import House
from tests.factories.booking import confirmed, held, rows, starts, states
from tests.factories.care import looking_after
from tests.factories.enrollment import enrollment_of
from tests.factories.visits import Applicant, a_clinician, a_record, an_applicant, booked, open_times, staff_actor


@pytest.fixture
def ana(house: House) -> Applicant:
    """Somebody with a visit booked."""
    a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    return who


def later(house: House, number: int = 6) -> OpenTime:
    return open_times("FL", house.now)[number]


def templates() -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(OutboxMessage.template)))


def test_the_new_time_is_held_beside_the_old_one_and_takes_its_place_in_one_step(house: House, ana: Applicant) -> None:
    old = rows(ana)[0]
    visit_id = held(house, ana, later(house))
    assert states(ana) == ["booked", "held"]
    assert confirmed(house, ana, visit_id) is True
    before, after = rows(ana)
    assert (before.id, before.status, before.ended_at) == (old.id, "cancelled", house.now)
    assert (after.status, after.changed_from_id) == ("booked", old.id)
    assert after.room != old.room
    assert enrollment_of(ana.patient_id).status == "booked"
    assert templates() == ["visit_booked", "visit_changed"]
    with db.reading() as session:
        trail = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("visit.%"))))
    assert "visit.change" in trail
    assert confirmed(house, ana, visit_id) is True
    assert states(ana) == ["cancelled", "booked"]


def test_a_change_that_is_not_confirmed_leaves_the_visit_as_it_was(house: House, ana: Applicant) -> None:
    visit_id = held(house, ana, later(house))
    house.at(house.now + timedelta(minutes=11))
    with pytest.raises(Conflict):
        confirmed(house, ana, visit_id)
    assert states(ana)[0] == "booked"


def test_the_care_team_follows_the_change(house: House) -> None:
    maya = a_clinician(name="Dr. Maya Lin")
    who = an_applicant(house.catalog)
    booked(who, house.now)
    noah = a_clinician(name="Dr. Noah Stein")
    theirs = next(time for time in open_times("FL", house.now) if time.practitioner.id == noah.practitioner_id)
    confirmed(house, who, held(house, who, theirs))
    with db.reading() as session:
        on_it = {
            one.user_id: accounts.on_care_team(session, patient_id=who.patient_id, user_id=one.user_id)
            for one in (maya, noah)
        }
    assert on_it == {maya.user_id: False, noah.user_id: True}


def test_within_the_last_hour_it_is_too_late_to_change_and_not_to_cancel(house: House, ana: Applicant) -> None:
    begins, visit_id = starts(rows(ana)[0]), held(house, ana, later(house))
    house.at(begins - timedelta(minutes=59))
    with pytest.raises(Conflict) as no:
        held(house, ana, later(house))
    assert no.value.code == "too_late_to_change"
    with pytest.raises(Conflict):
        confirmed(house, ana, visit_id)
    book.cancel_visit(appointment_id=rows(ana)[0].id, catalog=house.catalog, actor=ana.actor, now=house.now)
    assert states(ana)[0] == "cancelled"
    assert rows(ana)[0].ended_at == house.now


def test_a_hold_from_before_a_booking_in_another_tab_is_no_second_visit(house: House) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    first = held(house, who, later(house, 2))
    confirmed(house, who, first)
    with db.transaction() as session:  # as if it had been held before there was anything to change
        second = held_without_change(session, house, who)
    with pytest.raises(Conflict) as no:
        confirmed(house, who, second)
    assert no.value.code == "has_a_visit"


def held_without_change(session: object, house: House, who: Applicant) -> UUID:
    from service.visits import writes

    return writes.hold(
        session,  # type: ignore[arg-type]
        patient_id=who.patient_id,
        chosen=later(house, 5),
        kind="consultation",
        until=house.now + timedelta(minutes=10),
        now=house.now,
    )


def test_changing_to_the_very_same_time_is_said_and_changes_nothing(house: House, ana: Applicant) -> None:
    row = rows(ana)[0]
    with pytest.raises(Conflict) as no:
        held(house, ana, time_of(row.practitioner_id, starts(row), house))
    assert no.value.code == "same_time"


def time_of(practitioner_id: UUID, starts_at: datetime, house: House) -> OpenTime:
    shape = open_times("FL", house.now)[0]
    assert shape.practitioner.id == practitioner_id
    return OpenTime(shape.practitioner, starts_at, starts_at + timedelta(minutes=30))


def test_through_the_pages(house: House, client: Browser, ana: Applicant) -> None:
    client.sign_in(ana.person.user_id)
    page = client.get("/visits").text
    assert "Change to another time" in page
    assert "stays yours until you book another time" in client.get("/visits/book").text
    sent = {"slot": slot_value(later(house)), "day": "2026-11-23"}
    where = client.submit("/visits/book", sent).location
    assert where is not None
    check = client.get(where).text
    assert "Instead of" in check
    assert "Change my visit" in check
    assert client.submit(where).location == "/visits"
    page = client.get("/visits").text
    assert "Your visit is changed." in page
    assert ">Changed<" in "".join(page.split())
    house.at(starts(rows(ana)[1]) - timedelta(minutes=50))
    page = client.get("/visits").text
    assert "Change to another time" not in page
    assert "Cancel" in page
    assert client.get("/visits/book").location == "/visits"


def at_status(who: Applicant, status: str, **more: object) -> None:
    with db.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == who.enrollment_id).values(status=status, **more))


@pytest.mark.parametrize("status", ["decided", "approved", "consented", "active"])
def test_after_a_decision_a_follow_up_is_booked_and_moves_nothing(house: House, status: str) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    at_status(who, status)
    visit_id = booked(who, house.now)
    assert rows(who)[0].kind == "follow_up"
    assert enrollment_of(who.patient_id).status == status
    book.cancel_visit(appointment_id=visit_id, catalog=house.catalog, actor=who.actor, now=house.now)
    assert enrollment_of(who.patient_id).status == status


@pytest.mark.parametrize("status", ["declined", "ended"])
def test_where_it_is_over_nothing_is_booked(house: House, client: Browser, status: str) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    at_status(who, status)
    with pytest.raises(Conflict) as no:
        booked(who, house.now)
    assert no.value.code == "no_visit_next"
    client.sign_in(who.person.user_id)
    assert client.get("/visits/book").location == "/visits"


def test_whoever_moves_sees_a_clinician_of_the_new_state(house: House, client: Browser) -> None:
    florida = a_clinician(name="Dr. Only Florida", states=("FL",))
    jersey = a_clinician(name="Dr. Only Jersey", states=("NJ",))
    who = an_applicant(house.catalog)
    at_status(who, "active", moving_to="NJ", moving_since=house.now)
    with db.transaction() as session:
        session.execute(update(Patient).values(state="NJ"))
    client.sign_in(who.person.user_id)
    assert "a clinician of your new state" in client.get("/visits/book").text
    page = client.get("/visits/book/2026-11-24").text
    assert str(jersey.practitioner_id) in page
    assert str(florida.practitioner_id) not in page
    with pytest.raises(Rejected):
        held(house, who, open_times("FL", house.now)[0])
    confirmed(house, who, held(house, who, open_times("NJ", house.now)[0]))
    assert (rows(who)[0].kind, enrollment_of(who.patient_id).status) == ("transfer", "active")


def test_a_missed_follow_up_leaves_the_enrollment_and_says_when_it_ended(house: House) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    at_status(who, "active")
    booked(who, house.now)
    over = starts(rows(who)[0]) + timedelta(minutes=31)
    coordinator = looking_after(staff_actor("coordinator"), who.patient_id)
    miss.mark_missed(enrollment_id=who.enrollment_id, actor=coordinator, now=over)
    assert (rows(who)[0].status, rows(who)[0].ended_at) == ("missed", over)
    assert enrollment_of(who.patient_id).status == "active"


@pytest.mark.parametrize("how", ["cancelled", "called off", "missed"])
def test_a_second_visit_that_is_not_held_leaves_the_clinicians_question_standing(house: House, how: str) -> None:
    clinician, who = a_clinician(), an_applicant(house.catalog)
    booked(who, house.now)
    house.at(starts(rows(who)[0]))
    decide.record_decision(
        enrollment_id=who.enrollment_id,
        record=a_record(house.now, decision="more_info", reason="Bring the list."),
        catalog=house.catalog,
        actor=clinician.actor,
        now=house.now,
    )
    visit_id, second = booked(who, house.now), rows(who)[1]
    coordinator = looking_after(staff_actor("coordinator"), who.patient_id)
    if how == "cancelled":
        book.cancel_visit(appointment_id=visit_id, catalog=house.catalog, actor=who.actor, now=house.now)
    elif how == "called off":
        hand.place_visit(appointment_id=visit_id, to=None, actor=coordinator, now=house.now)
    else:
        over = starts(second) + timedelta(minutes=31)
        miss.mark_missed(enrollment_id=who.enrollment_id, actor=coordinator, now=over)
    assert enrollment_of(who.patient_id).status == "more_info"
    booked(who, starts(second) + timedelta(hours=1))
    assert enrollment_of(who.patient_id).status == "booked"


def the_entry(client: Browser, visit_id: UUID) -> tuple[Calendar, object]:
    answer = client.get(f"/visits/{visit_id}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    calendar = Calendar.from_ical(answer.data)
    return calendar, calendar.walk("VEVENT")[0]


def test_the_calendar_entry_is_neutral_and_moves_with_the_visit(house: House, client: Browser, ana: Applicant) -> None:
    client.sign_in(ana.person.user_id)
    first = rows(ana)[0]
    calendar, event = the_entry(client, first.id)
    text = calendar.to_ical().decode()
    for word in ("Lin", "Dr.", "video", "depress", "ketamine", "clinic", str(first.room)):
        assert word.lower() not in text.lower()
    assert (event["dtstart"].dt, event["dtend"].dt) == (first.during.lower, first.during.upper)  # type: ignore[index]
    uid, sequence = event["uid"], event["sequence"]  # type: ignore[index]
    confirmed(house, ana, held(house, ana, later(house)))
    for visit_id in (row.id for row in rows(ana)):  # the old file's address leads to where the visit went
        _, moved = the_entry(client, visit_id)
        assert moved["uid"] == uid  # type: ignore[index]
        assert moved["sequence"] == sequence + 1  # type: ignore[index]
        assert moved["dtstart"].dt == rows(ana)[1].during.lower  # type: ignore[index]
    book.cancel_visit(appointment_id=rows(ana)[1].id, catalog=house.catalog, actor=ana.actor, now=house.now)
    calendar, gone = the_entry(client, rows(ana)[1].id)
    assert (calendar["method"], gone["status"]) == ("CANCEL", "CANCELLED")  # type: ignore[index]
    assert (gone["uid"], gone["sequence"]) == (uid, sequence + 2)  # type: ignore[index]


def test_a_hold_has_no_calendar_entry_and_a_strangers_visit_neither(house: House, client: Browser) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    visit_id = held(house, who, later(house))
    client.sign_in(who.person.user_id)
    assert client.get(f"/visits/{visit_id}/calendar.ics").location == "/visits"
    client.sign_in(an_applicant(house.catalog).person.user_id)
    assert client.get(f"/visits/{visit_id}/calendar.ics").status_code == 404
