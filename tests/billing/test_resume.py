"""A stopped membership goes on only when a person of staff and the one gate both say so, and is charged once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.billing import actions, rules
from service.billing.gateway import Gateway
from service.billing.models import GateRecord
from service.billing.rules.charges import months_after
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, TryAgain
from service.kit.ids import new_id
from service.safety.models import Alert, SafetyHold
from tests.billing.stand_in import FAILS_LATER, GOOD, KEY, SECRET, StandIn
from tests.billing.test_change_price import FIRST, agree, told
from tests.billing.test_renewals import a_member, charge_at, row_of, tick
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.billing import a_hold, invoices_of, mails_to, unanswered
from tests.factories.care import looking_after
from tests.factories.visits import Applicant


def staff(role: str = "coordinator") -> Actor:
    return Actor("staff", user_id=a_staff_member(role).user_id, role=role)


def a_stopped_member(house: House, stripe: StandIn, card: str = GOOD) -> tuple[Applicant, Gateway]:
    """Held, and so paused a day before the charge."""
    applicant, gateway = a_member(house, stripe, card)
    due = charge_at(applicant)
    a_hold(house, applicant)
    stripe.move_to(due - timedelta(hours=24))
    assert tick(house, gateway, due - timedelta(hours=24)) == 1
    return applicant, gateway


def lift(applicant: Applicant, house: House) -> None:
    clinician = a_staff_member("clinician").user_id
    with db.transaction() as session:
        session.execute(
            update(SafetyHold)
            .where(SafetyHold.patient_id == applicant.patient_id)
            .values(lifted_at=house.now, lifted_by=clinician)
        )


def resume(
    house: House, gateway: Gateway, applicant: Applicant, actor: Actor | None = None, membership_id: UUID | None = None
) -> actions.Resumed:
    return actions.resume(
        membership_id=membership_id or row_of(applicant).id,
        gateway=gateway,
        catalog=house.catalog,
        actor=looking_after(actor or staff(), applicant.patient_id),
        now=house.now,
    )


def paid(applicant: Applicant) -> int:
    return len([invoice for invoice in invoices_of(row_of(applicant).id) if invoice.amount_paid_cents > 0])


def asked_to_resume() -> list[GateRecord]:
    with db.reading() as session:
        query = select(GateRecord).where(GateRecord.period.startswith("resume:")).order_by(GateRecord.asked_at)
        return list(session.scalars(query))


def billing_alerts() -> list[Alert]:
    with db.reading() as session:
        return list(session.scalars(select(Alert).where(Alert.code == rules.ALERT, Alert.source_kind == "payment")))


def test_once_the_hold_is_lifted_it_goes_on_with_a_fresh_month(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    assert resume(house, gateway, applicant).outcome == "goes_on"
    row = row_of(applicant)
    assert (row.status, unanswered(applicant), paid(applicant)) == ("active", [], 2)
    assert row.period_ends_at is not None
    assert row.period_ends_at.date() == months_after(house.now, 1).date()
    assert [record.yes for record in asked_to_resume()] == [True]
    assert mails_to(applicant)["payment_receipt"] == 2
    assert billing_alerts() == []


def test_while_the_hold_stands_nothing_is_charged_and_the_reasons_are_kept(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    done = resume(house, gateway, applicant)
    assert (done.outcome, [reason.code for reason in done.reasons]) == ("refused", ["hold"])
    assert (row_of(applicant).status, paid(applicant)) == ("stopped", 1)
    assert [(record.yes, record.reasons) for record in asked_to_resume()] == [(False, ["hold"])]


def test_pressing_twice_is_one_charge(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    assert [resume(house, gateway, applicant).outcome for _ in range(2)] == ["goes_on", "goes_on"]
    assert paid(applicant) == 2


class LosesTheAnswer(Gateway):
    """Stripe did it, and nobody heard."""

    keys: list[str]

    def resume(self, subscription_id: str, *, key: str) -> None:
        self.keys.append(key)
        super().resume(subscription_id, key=key)
        raise TryAgain("stripe: no answer")


class NeverReaches(Gateway):
    """Stripe hears nothing; what was meant is noted."""

    keys: list[str]

    def resume(self, subscription_id: str, *, key: str) -> None:
        self.keys.append(key)
        raise TryAgain("stripe: away")


def test_an_answer_that_was_lost_is_found_and_not_charged_again(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    broken = LosesTheAnswer(
        key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin=moving_stripe.url, site="https://x"
    )
    broken.keys = []
    with pytest.raises(TryAgain):
        resume(house, broken, applicant)
    assert unanswered(applicant) == ["resume"]
    assert resume(house, gateway, applicant).outcome == "goes_on"
    assert (len(broken.keys), paid(applicant)) == (1, 2)


def test_a_call_that_never_arrived_is_repeated_under_its_key(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    away = NeverReaches(
        key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin=moving_stripe.url, site="https://x"
    )
    away.keys = []
    for _ in range(2):
        with pytest.raises(TryAgain):
            resume(house, away, applicant)
    assert len(set(away.keys)) == 1
    assert resume(house, gateway, applicant).outcome == "goes_on"


def test_a_call_nobody_answered_is_not_repeated_on_an_old_yes(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    away = NeverReaches(
        key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin=moving_stripe.url, site="https://x"
    )
    away.keys = []
    with pytest.raises(TryAgain):
        resume(house, away, applicant)
    a_hold(house, applicant)
    house.at(house.now + timedelta(minutes=6))
    moving_stripe.move_to(house.now)
    actions.ask_again(gateway=gateway, catalog=house.catalog, now=house.now)
    assert (paid(applicant), unanswered(applicant)) == (1, [])


def test_a_card_that_fails_leaves_it_stopped_and_the_next_try_is_a_new_one(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe, FAILS_LATER)
    lift(applicant, house)
    assert resume(house, gateway, applicant).outcome == "not_paid"
    row = row_of(applicant)
    assert (row.status, unanswered(applicant), paid(applicant)) == ("stopped", [], 1)


def test_what_the_patient_cancelled_staff_cannot_bring_back(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    actions.cancel(
        patient_id=applicant.patient_id,
        gateway=gateway,
        catalog=house.catalog,
        actor=applicant.actor,
        now=house.now,
    )
    with pytest.raises(Conflict):
        resume(house, gateway, applicant)
    assert paid(applicant) == 1


@pytest.mark.parametrize("role", ["billing", "clinician", "auditor"])
def test_only_a_coordinator_or_the_owner_decides(house: House, gateway: Gateway, role: str) -> None:
    with pytest.raises(NotAllowed):
        actions.resume(membership_id=new_id(), gateway=gateway, catalog=house.catalog, actor=staff(role), now=house.now)
    with pytest.raises(NotFound):
        actions.resume(
            membership_id=new_id(), gateway=gateway, catalog=house.catalog, actor=staff("owner"), now=house.now
        )


class HeldMeanwhile(Gateway):
    """A hold comes between the gate's yes and the charge."""

    house: House
    applicant: Applicant

    def resume(self, subscription_id: str, *, key: str) -> None:
        a_hold(self.house, self.applicant)
        super().resume(subscription_id, key=key)


def test_a_payment_during_a_hold_calls_a_person_once(house: House, moving_stripe: StandIn) -> None:
    applicant, _ = a_stopped_member(house, moving_stripe)
    lift(applicant, house)
    unlucky = HeldMeanwhile(
        key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin=moving_stripe.url, site="https://x"
    )
    unlucky.house, unlucky.applicant = house, applicant
    for _ in range(2):
        assert resume(house, unlucky, applicant).outcome == "goes_on"
    assert [alert.patient_id for alert in billing_alerts()] == [applicant.patient_id]
    assert mails_to(applicant) == Counter(
        ["membership_started", "membership_back", "payment_receipt", "payment_receipt"]
    )


def test_a_higher_price_is_not_charged_before_the_charge_they_were_told_of(
    house: House, moving_stripe: StandIn
) -> None:
    member = told(house, moving_stripe)
    agree(member)
    member.day_by_day(datetime(2027, 2, 20, tzinfo=UTC), step=timedelta(days=1))
    assert member.at_stripe().price_cents == 26500
    a_hold(house, member.applicant)
    member.day_by_day(datetime(2027, 2, 23, 5, tzinfo=UTC))
    assert member.row.status == "stopped"
    lift(member.applicant, house)
    with pytest.raises(Conflict) as no:
        resume(house, member.gateway, member.applicant)
    assert (no.value.code, member.charged()) == ("price_later", [25000] * 3)
    member.day_by_day(FIRST + timedelta(hours=1), step=timedelta(hours=6))
    assert resume(house, member.gateway, member.applicant).outcome == "goes_on"
    assert member.charged() == [25000] * 3 + [26500]
