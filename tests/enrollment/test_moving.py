"""A move stops first, follows as far as it may, then calls a person: in every order, twice, and back home."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from service.billing.queries.gate import charge_facts
from service.enrollment import writes
from service.enrollment.actions import move
from service.enrollment.models import Enrollment, EnrollmentMove
from service.enrollment.queries.booking import bookable
from service.enrollment.rules.gate import may
from service.enrollment.rules.moving import turn
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import Conflict, HomewardError, Rejected
from service.mail.models import OutboxMessage
from service.visits import queries as visits
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.billing import ready_to_pay
from tests.factories.booking import confirmed, held, rows, states
from tests.factories.consents import somebody
from tests.factories.moving import enrolled, moved, moved_alerts, stands
from tests.factories.opening import closed, opens_on, without_program
from tests.factories.visits import Applicant, a_clinician, an_applicant, booked, open_times

BEFORE = ("assessed", "booked", "more_info")
AFTER = ("decided", "approved", "consented", "active")


def refusals(house: House, who: Applicant) -> tuple[str, ...]:
    with db.reading() as session:
        return may("charge", charge_facts(session, who.enrollment_id, house.catalog, house.now), house.now).codes


def mails() -> list[str]:
    with db.reading() as session:
        query = select(OutboxMessage.template).order_by(OutboxMessage.created_at, OutboxMessage.id)
        return [name for name in session.scalars(query) if name.startswith("visit_")]


def follow_up(house: House, who: Applicant, state: str = "FL") -> None:
    """A visit of somebody about whom a clinician has decided."""
    confirmed(house, who, held(house, who, open_times(state, house.now)[0]))


@pytest.mark.parametrize("status", BEFORE)
def test_before_a_decision_everything_goes_on_in_the_new_state_at_once(house: House, status: str):
    a_clinician(states=("FL",))
    who = somebody(house, status)
    moved(house, who, "NJ")
    assert stands(who) == ("assessed" if status == "booked" else status, "NJ", None, False)
    assert moved_alerts() == ["MOVED"]
    with db.reading() as session:
        step = session.scalars(select(EnrollmentMove).where(EnrollmentMove.event == "relocate")).one()
        offered = bookable(session, who.patient_id, house.catalog, house.now)
    assert step.place == "NJ"
    assert offered.wanted is not None
    assert (offered.wanted.kind, offered.wanted.state, offered.stops) == ("consultation", "NJ", ())


@pytest.mark.parametrize("status", AFTER)
def test_after_a_decision_a_clinician_licensed_there_sees_them_first(house: House, status: str):
    a_clinician(states=("FL",))
    jersey = a_clinician(states=("NJ",))
    who = somebody(house, status)
    moved(house, who, "NJ")
    assert stands(who) == (status, "FL", "NJ", True)
    assert "residence" in refusals(house, who)
    with db.reading() as session:
        offered = bookable(session, who.patient_id, house.catalog, house.now)
    assert offered.wanted is not None
    assert (offered.wanted.kind, offered.wanted.state, offered.open) == ("transfer", "NJ", True)
    times = open_times("NJ", house.now)
    assert {time.practitioner.id for time in times} == {jersey.practitioner_id}
    confirmed(house, who, held(house, who, times[0]))
    assert stands(who)[0] == status, "booking it moves nothing"


@pytest.mark.parametrize("status", [*BEFORE, *AFTER])
def test_where_we_do_not_work_nothing_is_booked_and_a_person_is_told(house: House, status: str):
    a_clinician()
    who = somebody(house, status)
    moved(house, who, "GA")
    assert stands(who) == (status, "FL", None, True)
    assert moved_alerts() == ["MOVED"]
    with pytest.raises(Rejected) as no:
        held(house, who, open_times("FL", house.now)[0])
    assert no.value.code == "not_now"


def test_a_booked_visit_makes_way_for_one_with_somebody_who_may_see_them(house: House):
    a_clinician(states=("FL",))
    who = an_applicant(house.catalog)
    booked(who, house.now)
    moved(house, who, "NJ")
    assert states(who) == ["cancelled"]
    assert stands(who) == ("assessed", "NJ", None, False)
    assert mails() == ["visit_booked", "visit_not_there"]


def test_where_we_do_not_work_a_booked_visit_is_given_back(house: House):
    a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    moved(house, who, "GA")
    assert states(who) == ["cancelled"]
    assert stands(who) == ("assessed", "FL", None, True)
    assert mails() == ["visit_booked", "visit_not_there"]


def test_a_visit_with_a_clinician_licensed_in_both_states_stays(house: House):
    a_clinician(states=("FL", "NJ"))
    who = an_applicant(house.catalog)
    booked(who, house.now)
    moved(house, who, "NJ")
    assert states(who) == ["booked"]
    assert stands(who) == ("booked", "NJ", None, False)
    assert mails() == ["visit_booked"]


def test_a_license_that_ends_before_the_visit_keeps_no_visit(house: House):
    clinician = a_clinician(states=("FL", "NJ"))
    who = an_applicant(house.catalog)
    booked(who, house.now)
    with db.transaction() as session:
        from service.visits.models import LicenseRecord

        lapsing = session.get_one(LicenseRecord, clinician.license_ids["NJ"])
        lapsing.expires_on = house.now.date()
    moved(house, who, "NJ")
    assert states(who) == ["cancelled"]


def test_a_follow_up_becomes_the_visit_after_a_move_and_a_follow_up_again(house: House):
    a_clinician(states=("FL", "NJ"))
    who = somebody(house, "active")
    follow_up(house, who)
    for state, kind in (("NJ", "transfer"), ("FL", "follow_up")):
        moved(house, who, state)
        assert [(row.status, row.kind) for row in rows(who)] == [("booked", kind)]


def test_a_members_visit_is_cancelled_where_nobody_may_hold_it(house: House):
    a_clinician(states=("FL", "NJ"))
    who = somebody(house, "active")
    follow_up(house, who)
    moved(house, who, "GA")
    assert states(who) == ["cancelled"]
    assert stands(who) == ("active", "FL", None, True)
    assert mails()[-1] == "visit_not_there"


def test_a_time_that_was_held_is_let_go(house: House):
    a_clinician()
    who = an_applicant(house.catalog)
    appointment_id = held(house, who, open_times("FL", house.now)[0])
    moved(house, who, "GA")
    assert states(who) == ["let_go"]
    with pytest.raises(Conflict):
        confirmed(house, who, appointment_id)


def test_who_comes_back_home_goes_on_as_before_and_the_alert_says_so(house: House):
    a_clinician()
    who = somebody(house, "active")
    before = refusals(house, who)
    for state in ("NJ", "GA"):
        moved(house, who, state)
        assert "residence" in refusals(house, who)
        moved(house, who, "FL")
        assert stands(who) == ("active", "FL", None, False)
        assert refusals(house, who) == before
    assert moved_alerts() == ["MOVED", "HOME_AGAIN"], "those nobody has seen yet stand for the second time too"


def test_the_same_move_twice_is_one(house: House):
    a_clinician(states=("FL",))
    who = somebody(house, "consented")
    for _ in range(2):
        moved(house, who, "NJ")
    since = enrolled(who).moving_since
    assert move.settle_moves(catalog=house.catalog, now=house.now + timedelta(hours=1)) == 0
    assert enrolled(who).moving_since == since
    assert moved_alerts() == ["MOVED"]


@pytest.mark.parametrize("way", list(permutations(("NJ", "GA", "FL"))))
@pytest.mark.parametrize("status", ["more_info", "active"])
def test_the_last_address_counts_whatever_came_before(house: House, status: str, way: tuple[str, ...]):
    a_clinician()
    who = somebody(house, status)
    for state in way:
        moved(house, who, state)
    last = way[-1]
    if status == "active":
        expected = {"FL": ("FL", None, False), "NJ": ("FL", "NJ", True), "GA": ("FL", None, True)}[last]
    else:  # it has followed to the last state we serve
        where = next(state for state in reversed(way) if state != "GA")
        expected = (where, None, last == "GA")
    assert stands(who) == (status, *expected)


def test_a_transfer_sets_the_state_and_who_had_signed_signs_what_it_asks(house: House):
    who = somebody(house, "consented")
    moved(house, who, "NJ")
    with db.transaction() as session:
        assert writes.transfer(session, who.enrollment_id, "NJ", SYSTEM, house.now) == "approved"
        assert writes.transfer(session, who.enrollment_id, "NJ", SYSTEM, house.now) == "approved", "twice is once"
        assert not writes.all_signed(session, who.enrollment_id, house.catalog, SYSTEM, house.now)
    assert stands(who) == ("approved", "NJ", None, False)


def test_who_comes_back_to_a_state_whose_texts_they_signed_has_nothing_left_to_sign(house: House):
    who = ready_to_pay(house)
    assert stands(who)[0] == "consented"
    moved(house, who, "NJ")
    with db.transaction() as session:
        writes.transfer(session, who.enrollment_id, "NJ", SYSTEM, house.now)
        assert not writes.all_signed(session, who.enrollment_id, house.catalog, SYSTEM, house.now)
    moved(house, who, "FL")
    with db.transaction() as session:
        assert writes.transfer(session, who.enrollment_id, "FL", SYSTEM, house.now) == "approved"
        assert writes.all_signed(session, who.enrollment_id, house.catalog, SYSTEM, house.now)
        assert not writes.all_signed(session, who.enrollment_id, house.catalog, SYSTEM, house.now), "twice is once"
    assert stands(who) == ("consented", "FL", None, False)


def test_a_transfer_to_where_nobody_moves_is_refused(house: House):
    who = somebody(house, "active")
    for away in ("NJ", "FL"):
        moved(house, who, away)
    with pytest.raises(Conflict) as no, db.transaction() as session:
        writes.transfer(session, who.enrollment_id, "NJ", SYSTEM, house.now)
    assert no.value.code == "not_moving_there"
    assert stands(who) == ("active", "FL", None, False)


@pytest.mark.parametrize("status", ["declined", "ended"])
def test_what_is_over_does_not_move(house: House, status: str):
    who = an_applicant(house.catalog)
    with db.transaction() as session:
        for event in {"declined": ("book", "decide_decline"), "ended": ("withdraw",)}[status]:
            writes.move(session, who.enrollment_id, event, SYSTEM, house.now)
    moved(house, who, "NJ")
    assert stands(who) == (status, "FL", None, False)


def test_a_program_that_is_off_there_stops_like_a_state_without_us(house: House):
    a_clinician()
    who = somebody(house, "active")
    off = without_program(house.catalog, "NJ", enrolled(who).program)
    moved(house, who, "NJ", catalog=off)
    assert stands(who) == ("active", "FL", None, True)


def test_when_the_state_opens_the_enrollment_follows_and_a_person_hears_of_it(house: House):
    a_clinician()
    early, late = somebody(house, "assessed"), somebody(house, "approved")
    for who in (early, late):
        moved(house, who, "NJ", catalog=closed(house.catalog, "NJ"))
        assert stands(who)[1:] == ("FL", None, True)
    soon = opens_on(house.catalog, "NJ", (house.now + timedelta(days=2)).date())
    assert move.settle_moves(catalog=soon, now=house.now) == 0
    assert move.settle_moves(catalog=soon, now=house.now + timedelta(days=2)) == 2
    assert (stands(early), stands(late)) == (("assessed", "NJ", None, False), ("approved", "FL", "NJ", True))
    assert move.settle_moves(catalog=soon, now=house.now + timedelta(days=2)) == 0


def test_when_the_state_closes_again_no_visit_waits_there(house: House):
    a_clinician()
    who = somebody(house, "active")
    moved(house, who, "NJ")
    assert move.settle_moves(catalog=closed(house.catalog, "NJ"), now=house.now) == 1
    assert stands(who) == ("active", "FL", None, True)


def test_when_the_program_ends_there_no_visit_waits_there_either(house: House):
    a_clinician()
    who = somebody(house, "active")
    moved(house, who, "NJ")
    without = without_program(house.catalog, "NJ", enrolled(who).program)
    assert move.settle_moves(catalog=without, now=house.now) == 1
    assert stands(who) == ("active", "FL", None, True)


def test_whoever_can_only_wait_stands_before_nobody(house: House):
    waits, goes = somebody(house, "assessed"), somebody(house, "assessed")
    program = enrolled(waits).program
    other = next(one for one in house.catalog.programs if one not in (program, "chronic_pain"))
    with db.transaction() as session:
        session.get_one(Enrollment, goes.enrollment_id).program = other
    for who in (waits, goes):
        moved(house, who, "NJ", catalog=closed(house.catalog, "NJ"))
    without = without_program(house.catalog, "NJ", program)
    assert move.settle_moves(catalog=without, now=house.now, limit=1) == 1
    assert (stands(waits)[1], stands(goes)[1]) == ("FL", "NJ")


def test_a_visit_that_has_begun_is_recorded_first(house: House):
    a_clinician(states=("FL",))
    who = an_applicant(house.catalog)
    booked(who, house.now)
    visit = rows(who)[0]
    assert visit.during.lower is not None
    house.at(visit.during.lower + timedelta(minutes=5))
    moved(house, who, "NJ")
    assert states(who) == ["booked"]
    assert stands(who) == ("booked", "FL", None, True)
    with db.transaction() as session:
        writes.move(session, who.enrollment_id, "ask_more", SYSTEM, house.now)
        from service.visits import writes as bookings

        bookings.finish(session, visit.id, house.now)
    assert move.settle_moves(catalog=house.catalog, now=house.now) == 1
    assert stands(who) == ("more_info", "NJ", None, False)


def test_one_who_cannot_be_looked_at_never_stops_the_others(house: House, monkeypatch: pytest.MonkeyPatch):
    broken, well = somebody(house, "assessed"), somebody(house, "assessed")
    for who in (broken, well):
        moved(house, who, "NJ", catalog=closed(house.catalog, "NJ"))
    plain = writes.follow

    def follow(session, patient_id, *rest):
        if patient_id == broken.patient_id:
            raise RuntimeError("a row that cannot be read")
        return plain(session, patient_id, *rest)

    monkeypatch.setattr(writes, "follow", follow)
    assert move.settle_moves(catalog=house.catalog, now=house.now) == 1
    assert (stands(broken)[1], stands(well)[1]) == ("FL", "NJ")


def test_booking_and_moving_at_once_leave_no_visit_in_the_old_state(committed: House):
    a_clinician(states=("FL",))
    for _ in range(4):
        who = an_applicant(committed.catalog)
        time = open_times("FL", committed.now)[0]

        def book(who: Applicant = who, time: visits.OpenTime = time) -> object:
            return confirmed(committed, who, held(committed, who, time))

        answers = at_once(book, lambda who=who: moved(committed, who, "GA"))
        assert all(not isinstance(answer, Exception) or isinstance(answer, HomewardError) for answer in answers)
        assert "booked" not in states(who)
        assert stands(who) == ("assessed", "FL", None, True)


def test_every_answer_of_the_rule_for_every_status():
    for status in (*BEFORE, *AFTER, "declined", "ended"):
        over = status in ("declined", "ended")
        for begun in (True, False):
            for away in (True, False):
                here = turn(status, "FL", "FL", welcome=True, away=away, visit_begun=begun)
                assert here == ("home" if away and not over else "nothing")
                assert turn(status, "FL", "GA", welcome=False, away=away, visit_begun=begun) == (
                    "nothing" if over else "stop"
                )
                there = turn(status, "FL", "NJ", welcome=True, away=away, visit_begun=begun)
                if over:
                    assert there == "nothing"
                elif status in BEFORE:
                    assert there == ("stop" if begun else "relocate")
                else:
                    assert there == "transfer"
