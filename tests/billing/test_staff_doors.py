"""What staff do with money: behind a fresh proof, and in the trail in their own name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.billing.actions.desk import ending, notes, refunds
from service.billing.actions.desk.credits import decide_credit
from service.billing.gateway import Gateway
from service.kit import access, db
from service.kit.actor import Actor
from service.kit.ids import new_id
from tests.billing.desk import ask, staff
from tests.billing.stand_in import StandIn
from tests.billing.test_desk_giving import give
from tests.billing.test_renewals import a_member, row_of
from tests.conftest import House

ONLY_LOOKS = {"billing_staff.find"}  # sent in the body so that no address holds what was typed


def test_every_door_through_which_staff_act_on_money_takes_a_fresh_proof(app: Flask) -> None:
    acting = {
        rule.endpoint: access.needs_step_up(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("billing_staff.") and "POST" in (rule.methods or ())
    }
    assert len(acting) > 20
    assert {endpoint for endpoint, asks in acting.items() if not asks} == ONLY_LOOKS


def trail(actor: Actor) -> list[tuple[str, UUID | None]]:
    """What stands in the trail of one colleague, with whom it was about, in order."""
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.patient_id)
            .where(AuditEntry.actor_id == actor.user_id)
            .order_by(AuditEntry.id)
        )
        return [(action, patient_id) for action, patient_id in rows]


def test_each_thing_that_staff_do_stands_in_the_trail_in_their_name(
    house: House, gateway: Gateway, stripe: StandIn
) -> None:
    applicant = a_member(house, stripe)[0]
    me, second, coordinator = staff(), staff("owner"), staff("coordinator")
    about: dict[str, Any] = {"gateway": gateway, "catalog": house.catalog, "now": house.now}
    one = {"membership_id": row_of(applicant).id, "actor": me}
    asked = ask(house, gateway, applicant, 15000, actor=me).refund_id
    refunds.decide_refund(refund_id=asked, yes=True, actor=second, **about)
    asked = ask(house, gateway, applicant, 100, actor=coordinator).refund_id
    refunds.decide_refund(refund_id=asked, yes=False, actor=second, **about)
    gifts = [new_id(), new_id()]
    for gift, yes in zip(gifts, (True, False), strict=True):
        give(house, gateway, applicant, 20000, actor=me, credit_id=gift)
        decide_credit(credit_id=gift, yes=yes, actor=second, **about)
    notes.add_note(text="Called about the card", now=house.now, **one)
    ending.cancel_for(why="asked by phone", **one, **about)
    ending.pause_for(why="looks at it", **one, **about)
    ending.end_for(delivered="this_month", why="asked by phone", **one, **about)
    assert [action for action, _ in trail(me)] == [
        "refund.ask",
        *["credit.ask"] * 2,
        *("membership.note", "membership.cancel", "membership.pause", "membership.end"),
    ]
    assert [action for action, _ in trail(coordinator)] == ["refund.ask"]
    assert [action for action, _ in trail(second)] == [
        *("refund.approve", "refund.decline", "credit.approve", "credit.decline"),
    ]
    assert {patient_id for who in (me, second, coordinator) for _, patient_id in trail(who)} == {applicant.patient_id}
