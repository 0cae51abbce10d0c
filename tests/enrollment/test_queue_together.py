"""Several people at once: each alone, nothing twice, nothing unseen, and never a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.enrollment.actions import complete, decide, look, together
from service.enrollment.models import Enrollment
from service.enrollment.queries.queue import PAGE
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.care import looking_after
from tests.factories.safety import a_hold
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


def ask(house: House, what: Any, people: Sequence[Applicant], actor: Actor) -> together.Together:
    ids = [one.enrollment_id for one in people]
    return together.ask(what=what, enrollment_ids=ids, actor=actor, now=house.now)


def do(
    house: House, what: Any, people: Sequence[Applicant], actor: Actor, heir_id: UUID | None = None
) -> together.Together:
    ids = [one.enrollment_id for one in people]
    return together.do(
        what=what, enrollment_ids=ids, heir_id=heir_id, catalog=house.catalog, actor=actor, now=house.now
    )


def take(house: House, applicant: Applicant, actor: Actor) -> None:
    look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)


def owner_of(applicant: Applicant) -> UUID | None:
    with db.reading() as session:
        return session.get_one(Enrollment, applicant.enrollment_id).owner_id


def status_of(applicant: Applicant) -> str:
    with db.reading() as session:
        return session.get_one(Enrollment, applicant.enrollment_id).status


def trail(action: str) -> list[tuple[UUID | None, UUID | None, str]]:
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.patient_id, AuditEntry.actor_id, AuditEntry.outcome)
            .where(AuditEntry.action == action)
            .order_by(AuditEntry.id)
        )
        return [tuple(row) for row in rows]


def decided(house: House, clinician: Clinician, *, whole: bool = True) -> Applicant:
    """Somebody whom a clinician approved; `whole`: with everything that completing needs."""
    one = an_applicant(house.catalog, now=house.now)
    booked(one, house.now)
    now = visit_at(one) or house.now
    decide.record_decision(
        enrollment_id=one.enrollment_id,
        record=a_record(now),
        catalog=house.catalog,
        actor=clinician.actor,
        now=now,
    )
    if whole:
        reachable(one.patient_id)
    return one


def ids(lines: Sequence[together.Line]) -> set[UUID]:
    return {line.row.enrollment_id for line in lines}


def test_taking_several_takes_those_nobody_owns_and_says_why_not_the_others(house: House) -> None:
    actor, colleague = staff_actor("coordinator"), staff_actor("clinician")
    free, mine, theirs, also = (an_applicant(house.catalog, now=house.now) for _ in range(4))
    take(house, mine, actor)
    take(house, theirs, colleague)
    people = (free, mine, theirs, also)
    before = ask(house, "take", people, actor)
    assert ids(before.going) == {free.enrollment_id, also.enrollment_id}
    assert {line.row.enrollment_id: line.why for line in before.left_out} == {
        mine.enrollment_id: "You look after this already.",
        theirs.enrollment_id: "A colleague looks after this already. They can hand it over to you.",
    }
    assert owner_of(free) is None  # asking changes nothing
    after = do(house, "take", people, actor)
    assert ids(after.left_out) == {theirs.enrollment_id}
    assert [owner_of(one) == actor.user_id for one in people] == [True, True, False, True]
    assert (theirs.patient_id, actor.user_id, "refused") in trail("enrollment.take")


def test_sent_twice_each_is_taken_once(house: House) -> None:
    actor = staff_actor("coordinator")
    people = [an_applicant(house.catalog, now=house.now) for _ in range(3)]
    first, second = do(house, "take", people, actor), do(house, "take", people, actor)
    assert ids(first.going) == ids(second.going) == {one.enrollment_id for one in people}
    assert len(trail("enrollment.take")) == 3


def test_two_who_take_the_same_at_once_share_them_without_a_loss(committed: House) -> None:
    people = [an_applicant(committed.catalog, now=committed.now) for _ in range(4)]
    first, second = staff_actor("coordinator"), staff_actor("clinician")
    answers = at_once(lambda: do(committed, "take", people, first), lambda: do(committed, "take", people[::-1], second))
    won = [len(answer.going) for answer in answers]
    assert sum(won) == 4
    assert {owner_of(one) for one in people} <= {first.user_id, second.user_id}
    assert [outcome for *_, outcome in trail("enrollment.take")].count("done") == 4


def test_handing_over_moves_what_is_mine_and_leaves_the_rest(house: House) -> None:
    actor, heir = staff_actor("coordinator"), staff_actor("clinician")
    mine, free = (an_applicant(house.catalog, now=house.now) for _ in range(2))
    take(house, mine, actor)
    before = ask(house, "hand", (mine, free), actor)
    assert ids(before.going) == {mine.enrollment_id}
    assert heir.user_id in {one[0] for one in before.heirs}
    assert actor.user_id not in {one[0] for one in before.heirs}
    after = do(house, "hand", (mine, free), actor, heir.user_id)
    assert ids(after.going) == {mine.enrollment_id}
    assert owner_of(mine) == heir.user_id
    assert owner_of(free) is None


@pytest.mark.parametrize("heir", [None, "billing", "nobody", "oneself"])
def test_nothing_is_handed_to_whoever_cannot_have_it(house: House, heir: str | None) -> None:
    actor, mine = staff_actor("coordinator"), an_applicant(house.catalog, now=house.now)
    take(house, mine, actor)
    strangers = {"nobody": new_id(), "oneself": actor.user_id}
    heir_id = strangers.get(heir) or staff_actor("billing").user_id if heir else None
    try:
        after = do(house, "hand", [mine], actor, heir_id)
    except Rejected:
        assert heir is None
    else:
        assert heir == "oneself" or after.going == ()
    assert owner_of(mine) == actor.user_id


def test_completing_goes_on_only_where_nothing_is_missing(house: House) -> None:
    clinician, actor = a_clinician(), staff_actor("coordinator")
    whole, open_lines, held, unknown = (decided(house, clinician, whole=n != 1) for n in range(4))
    undecided = an_applicant(house.catalog, now=house.now)
    for one in (whole, open_lines, held, undecided):
        looking_after(actor, one.patient_id)
    a_hold(house, patient_id=held.patient_id)
    people = (whole, open_lines, held, unknown, undecided)
    before = ask(house, "complete", people, actor)
    assert ids(before.going) == {whole.enrollment_id}
    why = {line.row.enrollment_id: line for line in before.left_out}
    assert {item.key for item in why[open_lines.enrollment_id].lacking} == {"address", "emergency_contact", "phone"}
    assert "hold" in why[held.enrollment_id].why
    assert "care team" in why[unknown.enrollment_id].why
    after = do(house, "complete", people, actor)
    assert ids(after.going) == {whole.enrollment_id}
    assert status_of(whole) == "approved"
    assert {status_of(one) for one in (open_lines, held, unknown)} == {"decided"}
    assert status_of(undecided) == "assessed"
    again = do(house, "complete", [whole], actor)
    assert ids(again.going) == {whole.enrollment_id}
    with db.reading() as session:
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.template == "enrollment_approved")).all()
    assert len(told) == 1


@pytest.mark.parametrize("role", ["clinician", "billing", "auditor"])
def test_only_those_who_complete_one_complete_several(house: House, role: str) -> None:
    with pytest.raises(NotAllowed):
        do(house, "complete", [an_applicant(house.catalog, now=house.now)], staff_actor(role))


def test_more_than_a_page_is_refused_before_anything_happens(house: House) -> None:
    actor, one = staff_actor("coordinator"), an_applicant(house.catalog, now=house.now)
    many = [one.enrollment_id, *(new_id() for _ in range(PAGE))]
    with pytest.raises(Rejected):
        together.do(what="take", enrollment_ids=many, catalog=house.catalog, actor=actor, now=house.now)
    assert owner_of(one) is None


def test_an_id_nobody_has_and_one_ticked_twice_change_nothing_else(house: House) -> None:
    actor, one = staff_actor("coordinator"), an_applicant(house.catalog, now=house.now)
    chosen = [new_id(), one.enrollment_id, one.enrollment_id]
    after = together.do(what="take", enrollment_ids=chosen, catalog=house.catalog, actor=actor, now=house.now)
    assert ids(after.lines) == {one.enrollment_id}
    assert len(trail("enrollment.take")) == 1


def test_nothing_done_for_several_is_a_decision() -> None:
    assert set(together.ACT) == {"take", "hand", "complete"}
    assert complete.ROLES == ("coordinator", "owner")
