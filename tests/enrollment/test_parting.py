"""A clinician leaves: nobody who has a visit booked is left behind."""

from __future__ import annotations

from datetime import date, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from service.accounts.queries.care import on_care_team
from service.audit.models import AuditEntry
from service.enrollment.actions import part
from service.enrollment.models import Enrollment
from service.kit import db
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected
from service.mail.models import OutboxMessage
from service.visits import queries
from service.visits.models import Appointment, Practitioner
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.booking import confirmed, held
from tests.factories.visits import Applicant, Clinician, a_clinician, an_applicant, booked, open_times, staff_actor

ON = date(2026, 11, 23)


def a_visit(house: House, place: str = "FL") -> Applicant:
    applicant = an_applicant(house.catalog, place)
    booked(applicant, house.now, place)
    return applicant


def visit_of(applicant: Applicant) -> queries.Visit | None:
    with db.reading() as session:
        return queries.booked_visit(session, applicant.patient_id)


def left_on(clinician: Clinician) -> date | None:
    with db.reading() as session:
        return session.get_one(Practitioner, clinician.practitioner_id).left_on


def leave(house: House, clinician: Clinician, places: dict[UUID, UUID | None], on: date = ON) -> None:
    part.part(user_id=clinician.user_id, on=on, places=places, actor=staff_actor("owner"), now=house.now)


def mails(applicant: Applicant) -> list[str]:
    with db.reading() as session:
        query = select(OutboxMessage.template).where(OutboxMessage.user_id == applicant.person.user_id)
        return list(session.scalars(query.order_by(OutboxMessage.created_at, OutboxMessage.id)))


def status_of(applicant: Applicant) -> str:
    with db.reading() as session:
        return session.get_one(Enrollment, applicant.enrollment_id).status


def test_a_visit_goes_to_a_colleague_at_the_same_time(house: House) -> None:
    leaving = a_clinician()
    applicant = a_visit(house)
    colleague = a_clinician(name="Dr. Noah Stein")
    before = visit_of(applicant)
    assert before is not None
    leave(house, leaving, {before.id: colleague.practitioner_id})
    after = visit_of(applicant)
    assert after is not None
    assert (after.id, after.starts_at) == (before.id, before.starts_at)
    assert after.practitioner_id == colleague.practitioner_id
    assert status_of(applicant) == "booked"
    assert mails(applicant)[-1] == "visit_with_another"
    assert left_on(leaving) == ON
    with db.reading() as session:
        team = {
            user
            for user in (leaving.user_id, colleague.user_id)
            if on_care_team(session, patient_id=applicant.patient_id, user_id=user)
        }
    assert team == {colleague.user_id}


def test_a_visit_nobody_can_hold_is_called_off_and_the_patient_may_book_again(house: House) -> None:
    leaving = a_clinician()
    applicant = a_visit(house)
    visit = visit_of(applicant)
    assert visit is not None
    leave(house, leaving, {visit.id: None})
    assert visit_of(applicant) is None
    assert status_of(applicant) == "assessed"
    assert mails(applicant)[-1] == "visit_called_off"
    assert open_times("FL", house.now) == []


def test_a_visit_booked_while_the_page_was_open_stops_the_parting(house: House) -> None:
    leaving = a_clinician()
    one = visit_of(a_visit(house))
    assert one is not None
    late = a_visit(house)
    with pytest.raises(Conflict):
        leave(house, leaving, {one.id: None})
    assert left_on(leaving) is None
    assert visit_of(late) is not None
    with db.reading() as session:
        assert session.get_one(Appointment, one.id).status == "booked"


def test_a_colleague_without_the_license_or_the_time_is_not_offered_and_not_taken(house: House) -> None:
    leaving = a_clinician()
    applicant = a_visit(house, "NJ")
    elsewhere = a_clinician(name="Dr. Florida Only", states=("FL",))
    off = a_clinician(name="Dr. Off Today", weekdays=(5,))
    visit = visit_of(applicant)
    assert visit is not None
    page = part.open_parting(user_id=leaving.user_id, on=ON, actor=staff_actor("owner"), now=house.now)
    assert [one.colleagues for one in page.visits] == [()]
    for one in (elsewhere, off, leaving):
        with pytest.raises(Conflict):
            leave(house, leaving, {visit.id: one.practitioner_id})
    assert visit_of(applicant) == visit


def test_two_visits_at_one_time_do_not_both_go_to_one_colleague(house: House) -> None:
    leaving = a_clinician()
    first = visit_of(a_visit(house))
    colleague = a_clinician(name="Dr. Noah Stein")
    other = a_visit(house)  # the same hour, with the colleague: the first open time
    assert first is not None
    taken = visit_of(other)
    assert taken is not None
    assert (taken.practitioner_id, taken.starts_at) == (colleague.practitioner_id, first.starts_at)
    with pytest.raises(Conflict):
        leave(house, leaving, {first.id: colleague.practitioner_id})
    assert left_on(leaving) is None


def test_visits_before_the_last_day_stay_as_they_are(house: House) -> None:
    leaving = a_clinician()
    applicant = a_visit(house)
    leave(house, leaving, {}, on=ON + timedelta(days=1))
    assert visit_of(applicant) is not None
    assert {time.starts_at.date() for time in open_times("FL", house.now)} == {ON}


def test_a_held_time_is_let_go_so_that_nobody_books_it(house: House) -> None:
    leaving = a_clinician()
    applicant = an_applicant(house.catalog)
    first = open_times("FL", house.now)[0]
    from service.visits import writes

    with db.transaction() as session:
        held = writes.hold(
            session,
            patient_id=applicant.patient_id,
            chosen=first,
            kind="consultation",
            until=house.now + timedelta(minutes=10),
            now=house.now,
        )
    leave(house, leaving, {})
    with db.transaction() as session:
        assert session.get_one(Appointment, held).status == "let_go"
        assert writes.confirm(session, held, now=house.now) is False


def test_the_evening_of_a_last_day_is_booked_though_it_is_tomorrow_already_in_utc(house: House) -> None:
    leaving = a_clinician(hours=(time(18), time(22)))
    with db.transaction() as session:
        session.get_one(Practitioner, leaving.practitioner_id).left_on = ON + timedelta(days=1)
    last = open_times("FL", house.now)[-1]
    assert last.starts_at.date() == ON + timedelta(days=1)
    applicant = an_applicant(house.catalog)
    confirmed(house, applicant, held(house, applicant, last))
    assert visit_of(applicant) is not None


def test_who_comes_back_is_offered_again(house: House) -> None:
    leaving = a_clinician()
    leave(house, leaving, {})
    part.stay(user_id=leaving.user_id, actor=staff_actor("owner"))
    assert open_times("FL", house.now)


def test_only_an_owner_and_only_from_today_on(house: House) -> None:
    leaving = a_clinician()
    for role in ("coordinator", "clinician"):
        with pytest.raises(NotAllowed):
            part.part(user_id=leaving.user_id, on=ON, places={}, actor=staff_actor(role), now=house.now)
    for day in (ON - timedelta(days=1), ON + timedelta(days=367), date.min, date.max):
        with pytest.raises(Rejected):
            leave(house, leaving, {}, on=day)
    with pytest.raises(NotFound):
        part.part(
            user_id=a_staff_member("billing").user_id, on=ON, places={}, actor=staff_actor("owner"), now=house.now
        )


def test_the_page_asks_for_the_day_then_for_each_visit_and_does_all_at_once(client: Browser, house: House) -> None:
    leaving = a_clinician()
    applicant = a_visit(house)
    colleague = a_clinician(name="Dr. Noah Stein")
    visit = visit_of(applicant)
    assert visit is not None
    client.sign_in(a_staff_member("owner").user_id)
    path = f"/staff/team/{leaving.user_id}/leave"
    assert "From which day on" in client.get(path).text
    assert client.get(f"{path}?on-month=13&on-day=1&on-year=2026").status_code == 422
    page = client.get(f"{path}?on-month=11&on-day=23&on-year=2026").text
    assert "One visit is booked with them from then on" in page
    assert "Give it to Dr. Noah Stein, MD" in page
    chosen = {f"visit-{visit.id}": str(colleague.practitioner_id)}
    missing = client.submit(f"{path}?on=2026-11-23", {})
    assert missing.status_code == 422
    assert "Choose what becomes of this visit" in missing.text
    assert client.submit(f"{path}?on=2026-11-23", {f"visit-{visit.id}": str(UUID(int=1))}).status_code == 422
    answer = client.submit(f"{path}?on=2026-11-23", chosen)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "They see nobody from November 23, 2026 on" in page
    with db.reading() as session:
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"clinician.leave", "visit.hand_over", "queue.view"} <= actions


def test_deactivating_a_clinician_with_visits_leads_to_their_visits(client: Browser, house: House) -> None:
    leaving = a_clinician()
    a_visit(house)
    client.sign_in(a_staff_member("owner").user_id)
    path = f"/staff/team/{leaving.user_id}"
    assert f"{path}/leave" in client.get(f"{path}/deactivate").text
    answer = client.submit(f"{path}/deactivate", {"reason": "leaving"})
    assert answer.location.endswith(f"{path}/leave")
    assert "booked with them" in client.get(f"{path}/leave?on=2026-11-23").text
