"""Each change is confirmed at once by a mail of its own, and by one only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.billing import actions
from service.billing.actions.desk import ending
from service.kit import crypto, db
from service.kit.errors import Conflict
from service.mail.models import OutboxMessage
from tests.billing.changing import Member, a_member
from tests.billing.desk import staff
from tests.billing.stand_in import StandIn
from tests.conftest import House


def told(member: Member) -> list[str]:
    """What the mails about changes say, in order."""
    with db.reading() as session:
        query = select(OutboxMessage).where(
            OutboxMessage.user_id == member.applicant.person.user_id, OutboxMessage.template == "membership_changed"
        )
        rows = session.scalars(query.order_by(OutboxMessage.created_at, OutboxMessage.id))
        return [crypto.unseal_json(one.facts_sealed, "outbox", "facts", one.id)["what"] for one in rows]


def test_each_change_and_each_way_back_is_confirmed_once(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe, plan="monthly_plus")
    steps = (
        ("plan_next", lambda: actions.change_plan_later(plan_key="monthly", terms=None, **member.about)),
        ("plan_kept", lambda: actions.keep_plan(**member.about)),
        ("skipped", lambda: actions.skip(months=1, **member.about)),
        ("unskipped", lambda: actions.unskip(**member.about)),
        ("discount", lambda: actions.apply_promotion(code="WELCOME50", **member.about)),
        ("moved", lambda: actions.move_date(day=member.charge_on + timedelta(days=3), **member.about)),
    )
    for number, (what, act) in enumerate(steps, start=1):
        house.at(house.now + timedelta(minutes=1))
        act()
        assert len(told(member)) == number
        assert told(member)[-1] == what


def test_who_stays_after_all_hears_that_it_goes_on(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    for number in (1, 2):
        house.at(house.now + timedelta(minutes=1))
        actions.cancel(**member.about)
        assert len(member.mails("membership_ending")) == number
        house.at(house.now + timedelta(minutes=1))
        actions.undo_cancel(**member.about)
        actions.undo_cancel(**member.about)
        assert told(member) == ["goes_on"] * number


def test_nobody_hears_of_a_pause_that_stripe_would_refuse(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    moved = member.charge_on + timedelta(days=3)
    actions.move_date(day=moved, **member.about)
    about: dict[str, Any] = {**member.about, "membership_id": member.row.id, "why": "asked by phone", "actor": staff()}
    del about["patient_id"]
    with pytest.raises(Conflict) as no:
        ending.pause_for(**about)
    assert no.value.code == "moved"
    assert (member.mails("membership_stopped"), member.intents()) == ([], [("move_date", "done")])
    member.pass_time(member.charge_at + timedelta(hours=2))
    assert member.charged() == [25000, 25000]
    assert ending.pause_for(**{**about, "now": house.now}).answered
    assert (member.row.status, len(member.mails("membership_stopped"))) == ("stopped", 1)
