"""The queue narrowed: each filter alone, all of them together, and how far it is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.accounts.models import User
from service.audit.models import AuditEntry
from service.enrollment.actions import look
from service.enrollment.actions import queue as actions
from service.enrollment.models import Enrollment
from service.enrollment.queries.queue import PAGE, Place, QueuePage, counts
from service.enrollment.rules.queue import Wanted
from service.enrollment.staff_views.queue import _number
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from tests.conftest import House
from tests.factories.safety import a_hold, an_alert
from tests.factories.visits import Applicant, a_clinician, an_applicant, booked, staff_actor, visit_at

ZONE = "America/New_York"
Change = Callable[[House, Applicant, Actor], None]


def page_of(house: House, actor: Actor | None = None, **wish: Any) -> QueuePage:
    places = {name: wish.pop(name) for name in ("after", "before", "by_itself") if name in wish}
    given = {"actor": actor or staff_actor("coordinator"), "zone": ZONE, "now": house.now, **places}
    return actions.open_queue(wanted=Wanted(**{"status": "all", **wish}), **given).page


def ids_of(page: QueuePage) -> list[UUID]:
    return [row.enrollment_id for row in page.rows]


def set_on(applicant: Applicant, **values: Any) -> None:
    with db.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == applicant.enrollment_id).values(**values))


def take(house: House, applicant: Applicant, actor: Actor) -> None:
    look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)


def leave(actor: Actor) -> None:
    with db.transaction() as session:
        session.execute(update(User).where(User.id == actor.user_id).values(deactivated_at=wall_now()))


def taken_by_a_leaver(house: House, applicant: Applicant, actor: Actor) -> None:
    colleague = staff_actor("clinician")
    take(house, applicant, colleague)
    leave(colleague)


FILTERS: dict[str, tuple[dict[str, Any], Change]] = {
    "mine": ({"owner": "mine"}, take),
    "a colleague who left": ({"owner": "left"}, taken_by_a_leaver),
    "a hold": ({"flag": "hold"}, lambda house, one, _: a_hold(house, patient_id=one.patient_id) and None),
    "an alert": ({"flag": "alert"}, lambda house, one, _: an_alert(house, patient_id=one.patient_id) and None),
    "moving": (
        {"moving": True},
        lambda house, one, _: set_on(one, moving_since=house.now, moving_to="NJ"),
    ),
    "waits for long": (
        {"longer": 7},
        lambda house, one, _: set_on(one, status_changed_at=house.now - timedelta(days=8)),
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_shows_and_counts_whom_it_fits_and_nobody_else(house: House, name: str) -> None:
    wish, change = FILTERS[name]
    fits, other = (an_applicant(house.catalog, now=house.now) for _ in range(2))
    actor = staff_actor("coordinator")
    change(house, fits, actor)
    page = page_of(house, actor, **wish)
    assert ids_of(page) == [fits.enrollment_id]
    assert sum(page.counts.values()) == 1
    assert set(ids_of(page_of(house, actor))) == {fits.enrollment_id, other.enrollment_id}


def test_nobodys_is_everything_without_an_owner_and_a_colleagues_is_theirs(house: House) -> None:
    free, taken = (an_applicant(house.catalog, now=house.now) for _ in range(2))
    colleague = staff_actor("clinician")
    take(house, taken, colleague)
    assert ids_of(page_of(house, owner="nobody")) == [free.enrollment_id]
    assert ids_of(page_of(house, owner=str(colleague.user_id))) == [taken.enrollment_id]
    assert ids_of(page_of(house, owner="left")) == []


def test_a_visit_today_is_one_of_the_viewers_own_day(house: House) -> None:
    a_clinician()
    seen, other = (an_applicant(house.catalog, now=house.now) for _ in range(2))
    booked(seen, house.now)
    at = visit_at(seen)
    assert at is not None
    house.at(at - timedelta(hours=1))
    assert ids_of(page_of(house, today=True)) == [seen.enrollment_id]
    house.at(at + timedelta(days=1))
    assert ids_of(page_of(house, today=True)) == []
    assert other.enrollment_id in ids_of(page_of(house))


def test_filters_hold_together(house: House) -> None:
    actor = staff_actor("coordinator")
    made = [an_applicant(house.catalog, state, now=house.now) for state in ("FL", "NJ", "NJ", "NJ")]
    for one in made[:3]:
        take(house, one, actor)
    for one in made[1:]:
        a_hold(house, patient_id=one.patient_id)
    set_on(made[1], status_changed_at=house.now - timedelta(days=4))
    assert ids_of(page_of(house, actor, owner="mine", state="NJ", flag="hold", longer=3)) == [made[1].enrollment_id]
    assert ids_of(page_of(house, actor, owner="mine", state="NJ", longer=3)) == [made[1].enrollment_id]
    assert len(ids_of(page_of(house, actor, owner="mine", state="NJ"))) == 2


def test_what_is_over_is_never_listed_whatever_flags_it(house: House) -> None:
    gone = an_applicant(house.catalog, now=house.now)
    a_hold(house, patient_id=gone.patient_id)
    set_on(gone, status="ended", moving_since=house.now)
    for wish in ({}, {"flag": "hold"}, {"moving": True}, {"owner": "nobody"}):
        page = page_of(house, **wish)
        assert page.rows == ()
        assert sum(page.counts.values()) == 0


@pytest.mark.parametrize("wish", [{}, {"flag": "hold"}, {"owner": "nobody", "state": "FL"}])
def test_pages_lead_forwards_and_back_to_the_same_people(house: House, wish: dict[str, Any]) -> None:
    made = [an_applicant(house.catalog, now=house.now - timedelta(minutes=n // 2)) for n in range(2 * PAGE + 3)]
    for one in made if "flag" in wish else ():
        a_hold(house, patient_id=one.patient_id)
    first = page_of(house, **wish)
    second = page_of(house, after=first.following, **wish)
    third = page_of(house, after=second.following, **wish)
    assert first.preceding is None
    assert third.following is None
    assert len({*ids_of(first), *ids_of(second), *ids_of(third)}) == len(made)
    back = page_of(house, before=third.preceding, **wish)
    assert ids_of(back) == ids_of(second)
    assert back.following is not None
    begin = page_of(house, before=back.preceding, **wish)
    assert ids_of(begin) == ids_of(first)
    assert begin.preceding is None


def test_a_place_where_nobody_is_left_shows_the_first_page(house: House) -> None:
    one = an_applicant(house.catalog, now=house.now)
    beyond = Place(house.now + timedelta(days=1), one.enrollment_id)
    page = page_of(house, after=beyond)
    assert ids_of(page) == [one.enrollment_id]
    assert page.preceding is None
    before = Place(house.now - timedelta(days=1), one.enrollment_id)
    assert ids_of(page_of(house, before=before)) == [one.enrollment_id]


def test_counting_ends_where_nobody_reads_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        an_applicant(house.catalog, now=house.now)
    monkeypatch.setattr(counts, "MANY", 2)
    assert page_of(house).counts["assessed"] == 3
    assert page_of(house, longer=0, owner="nobody").counts["assessed"] == 3
    assert _number([1001]) == "1,000+"
    assert _number([600, 600]) == "1,000+"
    assert _number([400, 600]) == "1,000"


def test_looking_again_by_itself_notes_only_who_is_new(house: House) -> None:
    actor, first = staff_actor("coordinator"), an_applicant(house.catalog, now=house.now)
    page_of(house, actor)
    page_of(house, actor, by_itself=True)
    assert noted(actor) == [first.enrollment_id]
    second = an_applicant(house.catalog, now=house.now)
    page_of(house, actor, by_itself=True)
    assert sorted(noted(actor)) == sorted([first.enrollment_id, second.enrollment_id])
    page_of(house, actor)
    assert len(noted(actor)) == 4


def test_looking_again_by_itself_notes_what_a_colleague_was_shown_but_not_oneself(house: House) -> None:
    one = an_applicant(house.catalog, now=house.now)
    page_of(house, staff_actor("coordinator"))
    actor = staff_actor("clinician")
    page_of(house, actor, by_itself=True)
    assert noted(actor) == [one.enrollment_id]


def test_somebody_is_found_by_their_whole_address_alone(house: House) -> None:
    actor, one = staff_actor("coordinator"), an_applicant(house.catalog, now=house.now)
    found = actions.find(email=f" {one.person.email.upper()} ", actor=actor, now=house.now)
    assert found is not None
    assert found.enrollment_id == one.enrollment_id
    assert actions.find(email=one.person.email[1:], actor=actor, now=house.now) is None
    assert actions.find(email="maya@staff.example", actor=actor, now=house.now) is None
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.subject_id, AuditEntry.patient_id, AuditEntry.reason)
            .where(AuditEntry.action == "queue.find")
            .order_by(AuditEntry.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        (one.enrollment_id, one.patient_id, None),
        (None, None, "not_found"),
        (None, None, "not_found"),
    ]


def noted(actor: Actor) -> list[UUID]:
    with db.reading() as session:
        mine = (AuditEntry.action == "queue.view", AuditEntry.actor_id == actor.user_id)
        return [one for one in session.scalars(select(AuditEntry.subject_id).where(*mine)) if one is not None]
