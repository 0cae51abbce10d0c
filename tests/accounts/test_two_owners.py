"""Two owners at once, on connections of their own: the practice always keeps one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.accounts.actions import invitations, team
from service.accounts.models import Invitation, User
from service.accounts.queries.staff import owners_locked
from service.kit import db
from service.kit.actor import SYSTEM, Actor
from service.kit.clock import wall_now
from service.kit.errors import HomewardError
from tests.conftest import House
from tests.factories.accounts import Person, a_staff_member
from tests.factories.at_once import outcomes

WHY = "asked"


def as_owner(person: Person) -> Actor:
    return Actor("staff", person.user_id, "owner")


def owners() -> list[object]:
    with db.transaction() as session:
        return list(owners_locked(session))


def demote(by: Person, whom: Person) -> Callable[[], object]:
    return lambda: team.change_role(
        user_id=whom.user_id, role="billing", reason=WHY, actor=as_owner(by), now=wall_now(), wall_now=wall_now()
    )


def deactivate(by: Person, whom: Person) -> Callable[[], object]:
    return lambda: team.deactivate(
        user_id=whom.user_id, reason=WHY, actor=as_owner(by), now=wall_now(), wall_now=wall_now()
    )


@pytest.mark.parametrize(("first", "second"), [(demote, demote), (deactivate, deactivate), (demote, deactivate)])
def test_two_owners_who_remove_each_other_at_once_leave_one(
    committed: House,
    first: Callable[[Person, Person], Callable[[], object]],
    second: Callable[[Person, Person], Callable[[], object]],
) -> None:
    for _ in range(5):
        with db.transaction() as session:
            session.execute(User.__table__.update().values(role="auditor"))  # type: ignore[attr-defined]
        olive, otto = a_staff_member("owner"), a_staff_member("owner")
        said = outcomes(first(olive, otto), second(otto, olive))
        assert sorted(said) == ["done", "owners_only"]
        assert len(owners()) == 1


def test_three_owners_in_a_ring_leave_one(committed: House) -> None:
    a, b, c = (a_staff_member("owner") for _ in range(3))
    said = outcomes(demote(a, b), demote(b, c), demote(c, a))
    assert said.count("done") <= 2
    assert len(owners()) >= 1


def test_the_last_owner_stays_whoever_asks(committed: House) -> None:
    olive = a_staff_member("owner")
    with pytest.raises(HomewardError) as no:
        team.deactivate(user_id=olive.user_id, reason=WHY, actor=SYSTEM, now=wall_now(), wall_now=wall_now())
    assert no.value.code == "last_owner"
    assert owners() == [olive.user_id]


def test_one_address_invited_by_two_owners_at_once_has_one_invitation(committed: House) -> None:
    olive, otto = a_staff_member("owner"), a_staff_member("owner")

    def invite(by: Person) -> Callable[[], object]:
        return lambda: invitations.invite(
            email="ida@staff.example",
            name="Ida Park",
            role="billing",
            actor=as_owner(by),
            now=wall_now(),
            wall_now=wall_now(),
        )

    assert sorted(outcomes(invite(olive), invite(otto), invite(olive))) == [
        "done",
        "invited_already",
        "invited_already",
    ]
    with db.reading() as session:
        assert len(session.scalars(select(Invitation)).all()) == 1


def test_one_link_pressed_at_once_makes_one_account(committed: House) -> None:
    path = invitations.create_owner(
        email="olive@staff.example",
        name="Olive Grant",
        reason=None,
        actor=SYSTEM,
        now=wall_now(),
        wall_now=wall_now(),
    )

    def accept() -> object:
        return invitations.accept(
            token=path.rsplit("/", 1)[1],
            name="Olive Grant",
            password="copper lantern by the canal",
            actor=Actor("visitor"),
            now=wall_now(),
            wall_now=wall_now(),
        )

    assert sorted(outcomes(accept, accept, accept)) == ["done", "invitation_over", "invitation_over"]
    assert len(owners()) == 1


def test_first_owners_asked_for_at_once_leave_one_link_that_works(committed: House) -> None:
    def create(number: int) -> Callable[[], object]:
        return lambda: invitations.create_owner(
            email=f"owner{number}@staff.example",
            name="Olive Grant",
            reason=None,
            actor=SYSTEM,
            now=wall_now(),
            wall_now=wall_now(),
        )

    assert outcomes(create(1), create(2), create(3)) == ["done"] * 3
    with db.reading() as session:
        assert len(session.scalars(select(Invitation).where(Invitation.withdrawn_at.is_(None))).all()) == 1
