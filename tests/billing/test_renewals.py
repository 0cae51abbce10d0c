"""Renewals: announced, asked about, stopped where they must not be, and cancelled by whoever wants to leave."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from service.billing import actions, queries
from service.billing.gateway import Gateway
from service.billing.models import Membership
from service.billing.rules import ALERT
from service.kit import db
from service.kit.clock import wall_now
from service.kit.errors import Conflict, NotFound, TryAgain
from service.kit.ids import new_id
from service.safety.models import Alert
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.billing.test_checkout import confirm, gate_records, start
from tests.billing.test_events import deliver
from tests.conftest import House
from tests.factories.billing import a_hold, invoices_of, mails_to, membership_row, ready_to_pay
from tests.factories.visits import Applicant

BEGAN = ["membership_started", "payment_receipt"]


def a_member(
    house: House,
    stripe: StandIn,
    card: str = GOOD,
    license_expires_on: date | None = None,
    in_person_exam_on: date | None = None,
) -> tuple[Applicant, Gateway]:
    """A patient whose membership has begun at the stand-in, and the gateway to it."""
    gateway = stripe.gateway()
    applicant = ready_to_pay(house, license_expires_on=license_expires_on, in_person_exam_on=in_person_exam_on)
    stripe.pay(start(house, gateway, applicant), card)
    assert confirm(house, gateway, applicant) == "paid"
    stripe.messages()
    return applicant, gateway


def row_of(applicant: Applicant) -> Membership:
    row = membership_row(applicant.patient_id)
    assert row is not None
    return row


def charge_at(applicant: Applicant) -> datetime:
    ends = row_of(applicant).period_ends_at
    assert ends is not None
    return ends


def tick(house: House, gateway: Gateway, at: datetime) -> int:
    house.at(at)
    return actions.ask_before_renewals(gateway=gateway, catalog=house.catalog, now=at)


def pass_time(house: House, stripe: StandIn, gateway: Gateway, at: datetime) -> None:
    """Time passes at Stripe and here, and what Stripe says of it arrives."""
    stripe.move_to(at)
    house.at(at)
    deliver(house, gateway, *stripe.messages())


def test_a_charge_is_announced_once_a_week_ahead(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    tick(house, gateway, due - timedelta(days=7, seconds=1))
    assert mails_to(applicant) == Counter(BEGAN)
    for later in (timedelta(days=7), timedelta(days=5), timedelta(hours=20), timedelta(minutes=30)):
        assert tick(house, gateway, due - later) == 0
    assert mails_to(applicant) == Counter([*BEGAN, "renewal_reminder"])
    assert [record.yes for record in gate_records()] == [True] * 4


def test_a_month_later_the_charge_is_made_and_receipted(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    pass_time(house, moving_stripe, gateway, due + timedelta(hours=2))
    row = row_of(applicant)
    assert row.status == "active"
    assert row.period_ends_at is not None
    assert row.period_ends_at.date() == date(2027, 1, 23)
    assert len([i for i in invoices_of(row.id) if i.status == "paid"]) == 2
    assert mails_to(applicant) == Counter([*BEGAN, "payment_receipt"])


def test_a_hold_pauses_before_the_charge(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    a_hold(house, applicant)
    assert tick(house, gateway, due - timedelta(days=7)) == 0
    assert row_of(applicant).status == "active"
    moving_stripe.move_to(due - timedelta(hours=24))
    assert tick(house, gateway, due - timedelta(hours=24)) == 1
    assert row_of(applicant).status == "stopped"
    assert tick(house, gateway, due - timedelta(hours=1)) == 0
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert len(invoices_of(row_of(applicant).id)) == 1
    assert "renewal_reminder" not in mails_to(applicant)


def test_a_hold_in_the_last_hour_still_stops_the_charge(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    tick(house, gateway, due - timedelta(hours=24))
    a_hold(house, applicant)
    assert tick(house, gateway, due - timedelta(minutes=59)) == 1
    pass_time(house, moving_stripe, gateway, due + timedelta(days=1))
    assert len(invoices_of(row_of(applicant).id)) == 1


def test_a_hold_after_the_last_yes_still_stops_the_charge(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    assert tick(house, gateway, due - timedelta(minutes=59)) == 0
    assert tick(house, gateway, due - timedelta(minutes=58)) == 0
    assert len(gate_records()) == 2  # at the start, and the hour's first yes
    a_hold(house, applicant)
    assert tick(house, gateway, due - timedelta(minutes=2)) == 1
    assert row_of(applicant).status == "stopped"
    assert gate_records()[-1].reasons == ["hold"]


def test_a_no_calls_the_staff_once_for_each_asking(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    rule = replace(house.catalog.alerts["RF-RISK"], code=ALERT, title="A renewal was stopped", roles=("owner", "owner"))
    catalog = replace(house.catalog, alerts={**house.catalog.alerts, ALERT: rule})
    a_hold(house, applicant)
    week_ahead = charge_at(applicant) - timedelta(days=7)
    for minutes in (0, 1):
        now = week_ahead + timedelta(minutes=minutes)
        actions.ask_before_renewals(gateway=gateway, catalog=catalog, now=now)
    with db.reading() as session:
        alerts = list(session.scalars(select(Alert).where(Alert.code == ALERT)))
    assert [alert.patient_id for alert in alerts] == [applicant.patient_id]


def test_a_license_that_ends_before_the_charge_stops_it(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe, license_expires_on=date(2026, 12, 23))
    due = charge_at(applicant)
    assert tick(house, gateway, due - timedelta(hours=23)) == 1
    assert ["license", "registration"] in [record.reasons for record in gate_records()]


class Interrupted(Gateway):
    """Dies between the recorded no and the pause."""

    def pause(self, subscription_id: str, *, key: str) -> None:
        raise TryAgain("stripe: away")


def test_a_pause_that_failed_is_tried_again_under_the_same_record(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    a_hold(house, applicant)
    broken = Interrupted(
        key="sk_test_homeward",
        api_url=moving_stripe.url,
        webhook_secrets="whsec_test",
        checkout_origin=moving_stripe.url,
        site="https://localhost",
    )
    assert tick(house, broken, due - timedelta(hours=24)) == 0
    asked = len(gate_records())
    assert tick(house, gateway, due - timedelta(hours=23)) == 1
    assert len(gate_records()) == asked
    assert row_of(applicant).status == "stopped"


def test_a_failed_charge_is_grace_with_one_mail_each_try_and_ends_in_time(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe, FAILS_LATER)
    due = charge_at(applicant)
    pass_time(house, moving_stripe, gateway, due + timedelta(hours=2))
    assert row_of(applicant).status == "grace"
    assert mails_to(applicant) == Counter([*BEGAN, "payment_problem"])
    assert queries_active(applicant)
    pass_time(house, moving_stripe, gateway, due + timedelta(days=30))
    assert row_of(applicant).status in ("stopped", "ended")
    assert mails_to(applicant)["payment_problem"] >= 1
    assert not queries_active(applicant)


def queries_active(applicant: Applicant) -> bool:
    with db.reading() as session:
        return applicant.patient_id in [m.patient_id for m in queries.active_memberships(session)]


def test_cancelling_keeps_the_paid_month_and_charges_no_more(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    for _ in range(2):
        actions.cancel(
            patient_id=applicant.patient_id,
            gateway=gateway,
            catalog=house.catalog,
            actor=applicant.actor,
            now=house.now,
        )
    with db.reading() as session:
        card = queries.membership_of(session, applicant.patient_id)
    assert card is not None
    assert (card.status, card.cancels_at_period_end, card.next_charge_at) == ("active", True, None)
    assert mails_to(applicant) == Counter([*BEGAN, "membership_ending"])
    assert tick(house, gateway, due - timedelta(days=1)) == 0
    pass_time(house, moving_stripe, gateway, due + timedelta(hours=2))
    row = row_of(applicant)
    assert (row.status, row.ended_at) == ("ended", due + timedelta(hours=2))
    assert len(invoices_of(row.id)) == 1
    assert mails_to(applicant) == Counter([*BEGAN, "membership_ending", "membership_ended"])


def test_changing_ones_mind_is_possible_any_number_of_times(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    wishes = {
        "patient_id": applicant.patient_id,
        "gateway": gateway,
        "catalog": house.catalog,
        "actor": applicant.actor,
        "now": house.now,
    }
    for _ in range(2):
        actions.cancel(**wishes)  # type: ignore[arg-type]
        assert row_of(applicant).cancels_at_period_end
        actions.undo_cancel(**wishes)  # type: ignore[arg-type]
        assert not row_of(applicant).cancels_at_period_end


def test_what_was_paused_may_go_on_and_what_ended_at_once_has_ended(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    subscription_id = row_of(applicant).stripe_subscription_id or ""
    gateway.pause(subscription_id, key=f"pause:{new_id()}")
    assert gateway.get_subscription(subscription_id).status == "stopped"
    gateway.resume(subscription_id, key=f"resume:{new_id()}")
    assert gateway.get_subscription(subscription_id).status == "active"
    gateway.cancel(subscription_id, at_period_end=False, key=f"cancel:{new_id()}")
    deliver(house, gateway, *stripe.messages())
    assert row_of(applicant).status == "ended"
    assert "membership_ended" in mails_to(applicant)


def test_there_is_nothing_to_cancel_before_the_first_payment(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house)
    with pytest.raises(NotFound):
        actions.cancel(
            patient_id=applicant.patient_id,
            gateway=gateway,
            catalog=house.catalog,
            actor=applicant.actor,
            now=house.now,
        )
    start(house, gateway, applicant)
    with pytest.raises(Conflict):
        actions.cancel(
            patient_id=applicant.patient_id,
            gateway=gateway,
            catalog=house.catalog,
            actor=applicant.actor,
            now=house.now,
        )


def test_after_an_end_one_may_begin_anew(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    actions.cancel(
        patient_id=applicant.patient_id, gateway=gateway, catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    first = row_of(applicant).id
    pass_time(house, moving_stripe, gateway, charge_at(applicant) + timedelta(hours=1))
    moving_stripe.pay(start(house, gateway, applicant))
    assert confirm(house, gateway, applicant) == "paid"
    row = row_of(applicant)
    assert (row.status, row.id != first) == ("active", True)


def test_the_comparison_corrects_what_no_message_told(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    moving_stripe.move_to(due + timedelta(hours=2))
    house.at(due + timedelta(hours=2))
    drift = actions.reconcile(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now())
    assert drift.corrected == 1
    assert len(invoices_of(row_of(applicant).id)) == 2


def test_the_sandbox_is_told_when_something_is_due_and_what_happened(house: House, stripe: StandIn) -> None:
    applicant, _ = a_member(house, stripe)
    due = charge_at(applicant)
    with db.reading() as session:
        assert queries.next_due_at(session, house.now) == due - timedelta(days=7)
        assert queries.next_due_at(session, due - timedelta(days=7)) == due - timedelta(hours=24)
        assert queries.next_due_at(session, due - timedelta(hours=24)) == due - timedelta(hours=1)
        assert queries.next_due_at(session, due - timedelta(hours=1)) is None
        told = [sentence for _, sentence in queries.happened(session, house.now - timedelta(hours=1), due)]
    assert "A membership became active" in told
    assert "A monthly charge was paid" in told


def test_one_bad_membership_does_not_stop_the_others(house: House, moving_stripe: StandIn) -> None:
    (bad, gateway), (good, _) = a_member(house, moving_stripe), a_member(house, moving_stripe)
    a_hold(house, bad)
    a_hold(house, good)
    with db.transaction() as session:
        row = session.get_one(Membership, row_of(bad).id)
        row.stripe_subscription_id = "sub_unknown"
    due = charge_at(good)
    assert tick(house, gateway, due - timedelta(hours=20)) == 1
    assert row_of(good).status == "stopped"
