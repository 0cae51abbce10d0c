"""Credit and months: once, whatever gets lost; disputes: heard, booked, settled; alerts about money reach billing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from service.billing import writes
from service.billing.actions import intents, money_heard, sync
from service.billing.actions.desk import credits, notes, refunds
from service.billing.gateway import DisputeFacts, Gateway, InvoiceFacts
from service.billing.models import Credit, Dispute, Intent
from service.billing.queries.desk.money import charges
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, TryAgain
from service.kit.ids import new_id
from service.safety import actions as safety
from service.safety.models import Alert
from tests.billing.desk import (
    PAID,
    alerts_of,
    ask,
    ask_stripe_again,
    books,
    charge_of,
    dispute_at_stripe,
    mails,
    staff,
    still_called,
    stored,
    trouble,
)
from tests.billing.stand_in import KEY, SECRET
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, row_of
from tests.factories.safety import an_alert

if TYPE_CHECKING:
    from uuid import UUID

    from service.kit.actor import Actor
    from tests.billing.stand_in import StandIn
    from tests.conftest import House
    from tests.factories.visits import Applicant


def give(
    house: House,
    gateway: Gateway,
    applicant: Applicant,
    amount: int,
    *,
    kind: Literal["credit", "comp"] = "credit",
    actor: Actor | None = None,
    credit_id: UUID | None = None,
    reason: str = "goodwill",
) -> refunds.Outcome:
    return credits.give(
        credit_id=credit_id or new_id(),
        membership_id=row_of(applicant).id,
        kind=kind,
        amount=amount,
        reason=reason,
        note="",
        gateway=gateway,
        catalog=house.catalog,
        actor=actor or staff(),
        now=house.now,
    )


def balance(gateway: Gateway, applicant: Applicant) -> int:
    """What Stripe would take off the next charge."""
    subscription_id = row_of(applicant).stripe_subscription_id
    assert subscription_id
    return gateway.get_subscription(subscription_id).credit_cents or 0


def test_a_time_out_after_stripe_gave_credit_is_one_credit(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    trouble(stripe, kind="timeout", count=2, method="POST", path="/v1/customers")
    gift, me = new_id(), staff()
    assert give(house, gateway, applicant, 4000, credit_id=gift, actor=me).came == "unknown"
    assert give(house, gateway, applicant, 4000, credit_id=gift, actor=me).came == "on_its_way"
    for minutes in (6, 70):
        ask_stripe_again(house, gateway, house.now + timedelta(minutes=minutes))
    assert balance(gateway, applicant) == 4000
    assert [one.status for one in stored(Credit)] == ["done"]
    assert mails(applicant, "credit_given") == 1


def test_a_credit_whose_key_stripe_has_forgotten_is_looked_up_first(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    trouble(stripe, kind="timeout", count=2, method="POST", path="/v1/customers")
    give(house, gateway, applicant, 4000)
    ask_stripe_again(house, gateway, house.now + timedelta(hours=30))
    assert balance(gateway, applicant) == 4000
    assert [one.status for one in stored(Credit)] == ["done"]


def test_months_whose_answer_was_lost_are_given_once(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    asked = give(house, gateway, applicant, 1, kind="comp")
    assert asked.came == "waits"
    trouble(stripe, kind="timeout", count=2, method="POST", path="/v1/subscriptions")
    same: dict[str, Any] = {"gateway": gateway, "catalog": house.catalog}
    credits.decide_credit(credit_id=asked.refund_id, yes=True, actor=staff("owner"), now=house.now, **same)
    ask_stripe_again(house, gateway, house.now + timedelta(minutes=6))
    assert [one.status for one in stored(Credit)] == ["done"]
    subscription_id = row_of(applicant).stripe_subscription_id
    assert subscription_id
    assert gateway.months_given(subscription_id, asked.refund_id)
    with pytest.raises(Conflict, match="given_already"):
        give(house, gateway, applicant, 1, kind="comp")


def test_credit_follows_the_rules_of_money_back(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    me = staff("owner")
    waits = give(house, gateway, applicant, 10001, actor=me)
    same: dict[str, Any] = {"gateway": gateway, "catalog": house.catalog, "now": house.now}
    with pytest.raises(NotAllowed, match="your_own"):
        credits.decide_credit(credit_id=waits.refund_id, yes=True, actor=me, **same)
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(
            update(Credit).where(Credit.id == waits.refund_id).values(decided_by=me.user_id, status="approved")
        )
    credits.decide_credit(credit_id=waits.refund_id, yes=False, actor=staff("billing"), **same)
    assert still_called("BILLING-ASKED") == 0
    with pytest.raises(Conflict, match="decided"):
        credits.decide_credit(credit_id=waits.refund_id, yes=True, actor=staff("billing"), **same)
    assert give(house, gateway, applicant, 100, actor=staff("coordinator")).came == "waits"
    with pytest.raises(NotAllowed):
        give(house, gateway, applicant, 100, actor=staff("clinician"))
    assert balance(gateway, applicant) == 0


@pytest.mark.parametrize("amount", [0, -1, 100001, 2**31, 10**12])
def test_credit_of_nothing_or_too_much_is_refused(house: House, stripe: StandIn, amount: int) -> None:
    applicant, gateway = a_member(house, stripe)
    with pytest.raises(Rejected):
        give(house, gateway, applicant, amount)
    assert stored(Credit) == []


def test_somebody_elses_gift_cannot_be_taken_for_ones_own(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    gift = new_id()
    give(house, gateway, applicant, 100, credit_id=gift)
    with pytest.raises(NotFound):
        give(house, gateway, applicant, 100, credit_id=gift, actor=staff("owner"))
    assert balance(gateway, applicant) == 100


def test_a_dispute_is_kept_booked_and_somebody_is_called_once(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    made = dispute_at_stripe(stripe, invoice=charge_of(applicant).stripe_invoice_id)
    messages = stripe.messages()
    deliver(house, gateway, *messages, *reversed(messages))
    with db.reading() as session:
        (row,) = session.scalars(select(Dispute)).all()
    assert (row.stripe_dispute_id, row.amount_cents, row.closed_at) == (made["id"], PAID, None)
    assert row.due_at is not None
    assert books(applicant) == [("payment", PAID), ("dispute", -PAID)]
    assert alerts_of("BILLING-DISPUTE") == 1


@pytest.mark.parametrize(
    ("outcome", "ledger"),
    [
        ("won", [("payment", PAID), ("dispute", -PAID), ("dispute_won", PAID)]),
        ("lost", [("payment", PAID), ("dispute", -PAID)]),
    ],
)
def test_a_dispute_is_closed_and_the_books_say_who_has_the_money(
    house: House, stripe: StandIn, outcome: str, ledger: list[tuple[str, int]]
) -> None:
    applicant, gateway = a_member(house, stripe)
    made = dispute_at_stripe(stripe, invoice=charge_of(applicant).stripe_invoice_id)
    opened = stripe.messages()
    dispute_at_stripe(stripe, dispute=made["id"], outcome=outcome)
    # The end arrives before the beginning.
    deliver(house, gateway, *reversed([*opened, *stripe.messages()]))
    with db.reading() as session:
        (row,) = session.scalars(select(Dispute)).all()
    assert row.status == outcome
    assert row.closed_at is not None
    assert sorted(books(applicant)) == sorted(ledger)


def test_what_the_bank_kept_is_not_given_back_a_second_time(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    made = dispute_at_stripe(stripe, invoice=charge_of(applicant).stripe_invoice_id)
    dispute_at_stripe(stripe, dispute=made["id"], outcome="lost")
    deliver(house, gateway, *stripe.messages())
    with db.reading() as session:
        (shown,) = charges(session, charge_of(applicant).membership_id)
    assert (shown.left_cents, shown.disputed, shown.lost) == (0, False, True)
    with pytest.raises(Conflict) as no:
        ask(house, gateway, applicant, 1000)
    assert no.value.code == "disputed"


def test_an_inquiry_moves_no_money_and_a_dispute_of_nobody_is_set_aside(house: House, stripe: StandIn) -> None:
    applicant, real = a_member(house, stripe)
    payment = (
        charge_of(applicant).stripe_payment_id or real.get_invoice(charge_of(applicant).stripe_invoice_id).payment_id
    )

    class Asks(Gateway):
        about: str | None = payment

        def get_dispute(self, dispute_id: str) -> DisputeFacts:
            return DisputeFacts(dispute_id, self.about, PAID, "general", "warning_needs_response", house.now)

    gateway = Asks(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://localhost"
    )
    with db.transaction() as session:
        money_heard.dispute_now(session, "dp_ask", gateway=gateway, catalog=house.catalog, now=house.now)
    assert books(applicant) == [("payment", PAID)]
    gateway.about = None
    with pytest.raises(sync.Unclaimed), db.transaction() as session:
        money_heard.dispute_now(session, "dp_else", gateway=gateway, catalog=house.catalog, now=house.now)


def test_billing_sees_and_takes_alerts_about_money_and_no_other(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    clinical = an_alert(house, patient_id=applicant.patient_id)
    dispute_at_stripe(stripe, invoice=charge_of(applicant).stripe_invoice_id)
    deliver(house, gateway, *stripe.messages())
    me = staff()
    shown = safety.open_list(actor=me)
    assert {one.code for one in shown.open} == {"BILLING-DISPUTE"}
    assert (shown.visitors, shown.callers) == ([], {})
    safety.acknowledge(alert_id=shown.open[0].id, actor=me, now=house.now)
    with pytest.raises(NotAllowed):
        safety.acknowledge(alert_id=clinical, actor=me, now=house.now)
    with db.reading() as session:
        assert session.get_one(Alert, shown.open[0].id).acknowledged_by == me.user_id
    from service.accounts import queries as accounts

    with db.reading() as session:
        assert me.user_id
        assert not accounts.on_care_team(session, patient_id=applicant.patient_id, user_id=me.user_id)


def test_details_of_what_was_meant_are_ids_and_amounts_only(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    give(house, gateway, applicant, 4000)
    with db.reading() as session:
        (intent,) = session.scalars(select(Intent).where(Intent.kind == "credit")).all()
    assert set(intent.details) == {"credit", "amount_cents"}


@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_an_empty_or_endless_note_is_not_kept(house: House, stripe: StandIn, words: str) -> None:
    applicant, _gateway = a_member(house, stripe)
    with pytest.raises(Rejected):
        notes.add_note(membership_id=row_of(applicant).id, text=words, actor=staff(), now=house.now)


def test_a_dispute_heard_of_before_its_charge_waits_for_it(house: House, stripe: StandIn) -> None:
    applicant, real = a_member(house, stripe)
    known = real.get_invoice(charge_of(applicant).stripe_invoice_id)

    class Early(Gateway):
        def get_dispute(self, dispute_id: str) -> DisputeFacts:
            return DisputeFacts(dispute_id, "pi_new", PAID, "general", "needs_response", house.now)

        def invoice_of_payment(self, payment_id: str) -> str | None:
            return "in_new"

        def get_invoice(self, invoice_id: str) -> InvoiceFacts:
            return replace(known, id=invoice_id)

    gateway = Early(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://localhost"
    )
    with pytest.raises(TryAgain), db.transaction() as session:
        money_heard.dispute_now(session, "dp_new", gateway=gateway, catalog=house.catalog, now=house.now)


def test_a_refund_sent_again_while_nobody_knows_is_the_same_call(house: House, stripe: StandIn) -> None:
    applicant, _ = a_member(house, stripe)
    details = {"refund": str(new_id()), "invoice": "in_1", "payment": "pi_1", "amount_cents": 100}
    found = []
    for minutes in (0, 60):
        with db.transaction() as session:
            row = writes.locked_membership(session, row_of(applicant).id)
            assert row is not None
            now = house.now + timedelta(minutes=minutes)
            found.append(
                intents.mean(session, row, "refund", details=details, lane="refund:1", actor=SYSTEM, now=now).id
            )
    assert found[0] == found[1]
