"""What lands between two askings of the gate stops the charge all the same: the draft, the retry, the renewal."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from service.billing import actions, queries
from service.billing.gateway import Bug, Gateway, InvoiceFacts
from service.billing.models import GateRecord, Intent, LedgerEntry, Membership, Refund
from service.enrollment import writes as enrollment
from service.enrollment.actions import withdraw
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import TryAgain
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, charge_at, pass_time, row_of
from tests.billing.test_resume import billing_alerts, lift
from tests.conftest import House
from tests.factories.billing import a_hold, enrollment_status, invoices_of, mails_to
from tests.factories.consents import sign_one
from tests.factories.moving import moved
from tests.factories.visits import Applicant

HOUR = timedelta(hours=1)


def stop(house: House, gateway: Gateway) -> int:
    return actions.stop_refused(gateway=gateway, catalog=house.catalog, now=house.now)


def judge(house: House, gateway: Gateway) -> int:
    return actions.judge_payments(gateway=gateway, catalog=house.catalog, now=house.now)


def ask_again(house: House, gateway: Gateway) -> int:
    return actions.ask_again(gateway=gateway, catalog=house.catalog, now=house.now)


def a_draft(
    house: House, stripe: StandIn, card: str = GOOD, in_person_exam_on: date | None = None
) -> tuple[Applicant, Gateway, datetime]:
    """A member whose renewal Stripe has drafted, which we know. A day before, everything was right."""
    applicant, gateway = a_member(house, stripe, card, in_person_exam_on=in_person_exam_on)
    due = charge_at(applicant)
    pass_time(house, stripe, gateway, due + timedelta(minutes=5))
    assert statuses(applicant) == ["draft", "paid"]
    return applicant, gateway, due


def in_retries(
    house: House, stripe: StandIn, in_person_exam_on: date | None = None
) -> tuple[Applicant, Gateway, datetime]:
    """A member whose renewal failed once and is tried again."""
    applicant, gateway, due = a_draft(house, stripe, FAILS_LATER, in_person_exam_on)
    pass_time(house, stripe, gateway, due + 2 * HOUR)
    assert (row_of(applicant).status, statuses(applicant)) == ("grace", ["open", "paid"])
    return applicant, gateway, due


def statuses(applicant: Applicant) -> list[str]:
    return sorted(invoice.status for invoice in invoices_of(row_of(applicant).id))


def money(applicant: Applicant) -> list[int]:
    with db.reading() as session:
        query = select(LedgerEntry.amount_cents).where(LedgerEntry.patient_id == applicant.patient_id)
        return list(session.scalars(query.order_by(LedgerEntry.noted_at, LedgerEntry.id)))


def refunds() -> list[Refund]:
    with db.reading() as session:
        return list(session.scalars(select(Refund).order_by(Refund.asked_at, Refund.id)))


def take_back_a_consent(house: House, applicant: Applicant) -> None:
    assert withdraw.withdraw_consent(
        key="financial", why="", catalog=house.catalog, actor=applicant.actor, now=house.now
    )


def move_away(house: House, applicant: Applicant) -> None:
    assert moved(house, applicant, "GA").another_state


def care_over(house: House, applicant: Applicant) -> None:
    with db.transaction() as session:
        enrollment.move(session, applicant.enrollment_id, "end", SYSTEM, house.now)


LANDS = {"hold": a_hold, "withdrawal": take_back_a_consent, "move": move_away, "end of care": care_over}


@pytest.mark.parametrize("what", LANDS)
def test_what_lands_between_the_draft_and_its_collection_stops_it(
    house: House, moving_stripe: StandIn, what: str
) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    assert stop(house, gateway) == 0
    LANDS[what](house, applicant)
    assert stop(house, gateway) == 1
    assert stop(house, gateway) == 0
    pass_time(house, moving_stripe, gateway, due + timedelta(days=20))
    assert statuses(applicant) == ["paid", "void"]
    assert row_of(applicant).status == ("ended" if what == "end of care" else "stopped")
    assert len([cents for cents in money(applicant) if cents > 0]) == 1


@pytest.mark.parametrize("what", LANDS)
def test_what_lands_between_two_retries_stops_the_next(house: House, moving_stripe: StandIn, what: str) -> None:
    applicant, gateway, due = in_retries(house, moving_stripe)
    LANDS[what](house, applicant)
    assert stop(house, gateway) == 1
    pass_time(house, moving_stripe, gateway, due + timedelta(days=20))
    assert statuses(applicant) == ["paid", "void"]
    assert len([cents for cents in money(applicant) if cents > 0]) == 1


def test_a_hold_before_the_draft_stops_it_as_soon_as_stripe_tells_of_it(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    a_hold(house, applicant)  # and no tick of ours ran in the day before
    pass_time(house, moving_stripe, gateway, due + timedelta(minutes=5))
    assert gate_says(applicant)[-1] == (False, ["hold"])
    assert ask_again(house, gateway) == 2
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert (row_of(applicant).status, statuses(applicant)) == ("stopped", ["paid", "void"])
    assert [alert.patient_id for alert in billing_alerts()] == [applicant.patient_id]


def gate_says(applicant: Applicant) -> list[tuple[bool, list[str]]]:
    with db.reading() as session:
        query = select(GateRecord).where(GateRecord.patient_id == applicant.patient_id)
        rows = session.scalars(query.order_by(GateRecord.asked_at, GateRecord.id))
        return [(row.yes, row.reasons) for row in rows]


def test_the_gate_is_asked_before_each_retry_and_an_unchanged_yes_is_kept_once(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway, _ = in_retries(house, moving_stripe)
    asked = len(gate_says(applicant))
    (next_try,) = [one.next_try_at for one in invoices_of(row_of(applicant).id) if one.status == "open"]
    assert next_try is not None
    house.at(next_try - 2 * HOUR)
    assert stop(house, gateway) == 0
    assert len(gate_says(applicant)) == asked
    for minutes in (50, 20, 1):
        house.at(next_try - timedelta(minutes=minutes))
        assert stop(house, gateway) == 0
    assert gate_says(applicant)[asked:] == [(True, [])]


def test_a_hold_that_is_lifted_in_time_stops_nothing(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    a_hold(house, applicant)
    lift(applicant, house)
    assert stop(house, gateway) == 0
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert statuses(applicant) == ["paid", "paid"]


def test_a_consent_signed_again_in_time_stops_nothing(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    take_back_a_consent(house, applicant)
    house.at(house.now + timedelta(minutes=1))
    assert sign_one(house, applicant, "financial")
    assert stop(house, gateway) == 0
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert statuses(applicant) == ["paid", "paid"]


def test_days_that_are_paid_for_are_not_lost_to_a_short_hold(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    a_hold(house, applicant)
    assert stop(house, gateway) == 0
    assert row_of(applicant).status == "active"


class Away(Gateway):
    """Stripe hears the call and its answer is lost; `heard` False: it does not even hear it."""

    heard = True

    def pause(self, subscription_id: str, *, key: str) -> None:
        if self.heard:
            super().pause(subscription_id, key=key)
        raise TryAgain("timed out")

    def stop_invoice(self, invoice_id: str, *, key: str) -> InvoiceFacts:
        if self.heard:
            super().stop_invoice(invoice_id, key=key)
        raise TryAgain("timed out")


class Crashing(Gateway):
    """The worker dies right after the call."""

    def pause(self, subscription_id: str, *, key: str) -> None:
        super().pause(subscription_id, key=key)
        raise SystemExit


def like(gateway: Gateway, kind: type[Gateway], stripe: StandIn) -> Gateway:
    made = stripe.gateway()
    made.__class__ = kind
    return made


@pytest.mark.parametrize("heard", [True, False])
def test_a_lost_answer_is_asked_for_again_and_the_charge_is_stopped_once(
    house: House, moving_stripe: StandIn, heard: bool
) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    a_hold(house, applicant)
    away = like(gateway, Away, moving_stripe)
    away.heard = heard  # type: ignore[attr-defined]
    assert stop(house, away) == 1
    assert stop(house, away) == 0  # what is on its way is not begun again
    house.at(house.now + timedelta(minutes=6))
    assert ask_again(house, gateway) == 2
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert (row_of(applicant).status, statuses(applicant)) == ("stopped", ["paid", "void"])
    assert {intent.status for intent in intents()} == {"done"}


def intents() -> list[Intent]:
    with db.reading() as session:
        return list(session.scalars(select(Intent).order_by(Intent.meant_at, Intent.id)))


def test_a_worker_that_dies_after_the_call_leaves_the_rest_to_the_next(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    a_hold(house, applicant)
    with pytest.raises(SystemExit):
        stop(house, like(gateway, Crashing, moving_stripe))
    house.at(house.now + timedelta(minutes=6))
    assert ask_again(house, gateway) == 2
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert (row_of(applicant).status, statuses(applicant)) == ("stopped", ["paid", "void"])


class Broken(Gateway):
    """One subscription of which Stripe will have nothing."""

    odd = ""

    def pause(self, subscription_id: str, *, key: str) -> None:
        if subscription_id == self.odd:
            raise Bug("no")
        super().pause(subscription_id, key=key)


def test_one_that_cannot_be_stopped_keeps_nobody_elses_charge(house: House, moving_stripe: StandIn) -> None:
    begins = house.now
    first, gateway = a_member(house, moving_stripe)
    house.at(begins)
    second, _ = a_member(house, moving_stripe)
    for one in (first, second):
        a_hold(house, one)
    house.at(charge_at(first) - timedelta(hours=20))
    broken = like(gateway, Broken, moving_stripe)
    broken.odd = row_of(first).stripe_subscription_id or ""  # type: ignore[attr-defined]
    assert stop(house, broken) == 2
    assert stop(house, broken) == 0  # nor is Stripe asked again every two seconds
    assert (row_of(first).status, row_of(second).status) == ("active", "stopped")


# What slips through


def paid_on_hold(house: House, stripe: StandIn) -> tuple[Applicant, Gateway]:
    """Collected by Stripe before anybody could stop it."""
    applicant, gateway, due = a_draft(house, stripe)
    a_hold(house, applicant)
    pass_time(house, stripe, gateway, due + 2 * HOUR)
    assert statuses(applicant) == ["paid", "paid"]
    return applicant, gateway


def test_what_was_paid_on_a_hold_goes_back_whole_once_and_calls_billing(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = paid_on_hold(house, moving_stripe)
    assert judge(house, gateway) == 1
    assert judge(house, gateway) == 0
    (refund,) = refunds()
    assert (refund.reason, refund.source, refund.status, refund.amount_cents) == (
        "paid_on_hold",
        "rule",
        "done",
        25000,
    )
    assert money(applicant) == [25000, 25000, -25000]
    assert row_of(applicant).status == "stopped"
    assert [alert.patient_id for alert in billing_alerts()] == [applicant.patient_id]


def test_a_refund_whose_answer_was_lost_is_given_once(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = paid_on_hold(house, moving_stripe)

    class Lost(Gateway):
        def refund(self, payment_id: str, **told: object) -> object:  # type: ignore[override]
            super().refund(payment_id, **told)  # type: ignore[arg-type]
            raise TryAgain("timed out")

    judge(house, like(gateway, Lost, moving_stripe))
    for hours in (1, 25, 60):
        house.at(house.now + hours * HOUR)
        ask_again(house, gateway)
    assert [refund.status for refund in refunds()] == ["done"]
    assert money(applicant) == [25000, 25000, -25000]
    (payment,) = {one.stripe_payment_id for one in invoices_of(row_of(applicant).id) if one.refunded_cents}
    assert [one.amount_cents for one in gateway.list_refunds(payment or "")] == [25000]


def test_a_month_rightly_paid_before_the_hold_is_no_slip(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    moving_stripe.move_to(due + 2 * HOUR)
    house.at(due + 3 * HOUR)
    a_hold(house, applicant)
    deliver(house, gateway, *moving_stripe.messages())
    assert judge(house, gateway) == 0
    assert refunds() == []


def test_what_was_paid_after_care_had_ended_goes_back_and_the_membership_ends(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    care_over(house, applicant)
    pass_time(house, moving_stripe, gateway, due + 2 * HOUR)
    assert judge(house, gateway) == 1
    assert actions.end_overdue(gateway=gateway, catalog=house.catalog, now=house.now) == 1
    assert money(applicant) == [25000, 25000, -25000]
    assert [refund.reason for refund in refunds()] == ["paid_after_end"]
    assert row_of(applicant).status == "ended"


# Ends


def test_a_membership_that_is_over_leaves_the_way_back_open_and_then_closes_it(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    actions.cancel(
        patient_id=applicant.patient_id, gateway=gateway, catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    ended = charge_at(applicant)
    pass_time(house, moving_stripe, gateway, ended + HOUR)
    assert (row_of(applicant).status, enrollment_status(applicant)) == ("ended", "consented")
    for days, stands in ((59, "consented"), (61, "ended")):
        house.at(ended + timedelta(days=days))
        actions.end_overdue(gateway=gateway, catalog=house.catalog, now=house.now)
        assert enrollment_status(applicant) == stands


@pytest.mark.parametrize(("what", "reason"), [("withdrawal", "consent_withdrawn"), ("move", "out_of_state")])
def test_what_nobody_decided_about_ends_by_itself_and_gives_the_unused_part_back(
    house: House, moving_stripe: StandIn, what: str, reason: str
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    began = row_of(applicant).period_starts_at
    assert began is not None
    house.at(began + timedelta(days=15))
    LANDS[what](house, applicant)
    for days, ended in ((13, 0), (14, 1)):
        house.at(began + timedelta(days=15 + days))
        moving_stripe.move_to(house.now)
        assert actions.end_overdue(gateway=gateway, catalog=house.catalog, now=house.now) == ended
    (refund,) = refunds()
    assert (refund.reason, refund.status, refund.amount_cents) == (reason, "done", 12500)  # 15 of 30 days
    assert row_of(applicant).status == "ended"


def test_two_subscriptions_for_one_membership_leave_one(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    own = row_of(applicant).stripe_subscription_id
    with db.transaction() as session:  # as if another had been paid first
        row = session.get_one(Membership, row_of(applicant).id)
        row.stripe_subscription_id = "sub_first"
    moving_stripe.move_to(house.now + HOUR)
    house.at(house.now + HOUR)
    gateway.cancel(own or "", key=f"cancel:{UUID(int=1)}")
    assert all(deliver(house, gateway, *moving_stripe.messages()))
    with db.transaction() as session:
        session.get_one(Membership, row_of(applicant).id).stripe_subscription_id = None
    assert ask_again(house, gateway) == 2
    assert gateway.get_subscription(own or "").status == "ended"
    assert [(one.reason, one.status, one.amount_cents) for one in refunds()] == [("paid_twice", "done", 25000)]
    assert len(billing_alerts()) == 1


def test_a_mail_about_a_charge_that_will_not_come_is_not_sent(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    house.at(charge_at(applicant) - timedelta(days=6))
    actions.ask_before_renewals(gateway=gateway, catalog=house.catalog, now=house.now)
    assert mails_to(applicant)["renewal_reminder"] == 1
    with db.reading() as session:
        assert queries.told.charge_comes(session, row_of(applicant).id)
    a_hold(house, applicant)
    with db.reading() as session:
        assert not queries.told.charge_comes(session, row_of(applicant).id)
