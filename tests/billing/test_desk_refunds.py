"""Staff give money back: to the cent, once, never more than was paid, and above a limit only two together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from service.billing.actions import money_heard
from service.billing.actions.desk import refunds
from service.billing.gateway import Gateway, RefundFacts
from service.billing.models import Intent, InvoiceLine, Refund
from service.kit import crypto, db
from service.kit.errors import Conflict, HomewardError, NotAllowed, NotFound, Rejected
from service.kit.ids import new_id
from tests.billing.conftest import START
from tests.billing.desk import (
    PAID,
    alerts_of,
    ask,
    ask_stripe_again,
    at_stripe,
    books,
    charge_of,
    dispute_at_stripe,
    left,
    mails,
    staff,
    still_called,
    stored,
    trouble,
)
from tests.billing.stand_in import KEY, SECRET
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, row_of
from tests.factories.at_once import at_once

if TYPE_CHECKING:
    from tests.billing.stand_in import StandIn
    from tests.conftest import House


@pytest.fixture
def committed(committed: House) -> House:
    committed.at(START)
    return committed


def test_a_part_is_given_back_booked_and_told_once(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    done = ask(house, gateway, applicant, 2550, note="They could not use the first days.")
    assert done.came == "sent"
    assert at_stripe(gateway, applicant) == [(2550, "succeeded")]
    charge = charge_of(applicant)
    assert (charge.refunded_cents, charge.refunding_cents, left(charge)) == (2550, 0, PAID - 2550)
    assert books(applicant) == [("payment", PAID), ("refund", -2550)]
    deliver(house, gateway, *stripe.messages())
    assert books(applicant) == [("payment", PAID), ("refund", -2550)], "Stripe's own messages book nothing twice"
    assert mails(applicant, "refund_sent") == 1
    (row,) = stored(Refund)
    assert b"first days" not in row.note_sealed
    assert crypto.unseal(row.note_sealed, "refunds", "note", row.id) == "They could not use the first days."


def test_everything_is_given_back_in_pieces_and_not_a_cent_more(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    both = staff("billing"), staff("owner")
    ask(house, gateway, applicant, 5000, actor=both[0])
    waits = ask(house, gateway, applicant, PAID - 5000, actor=both[0])
    assert waits.came == "waits"
    refunds.decide_refund(
        refund_id=waits.refund_id, yes=True, gateway=gateway, catalog=house.catalog, actor=both[1], now=house.now
    )
    with pytest.raises((Conflict, Rejected)):
        ask(house, gateway, applicant, 1)
    assert sum(cents for cents, _status in at_stripe(gateway, applicant)) == PAID
    assert sum(cents for _kind, cents in books(applicant)) == 0


def test_the_second_press_of_one_button_finds_the_first(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    me = staff()
    first = ask(house, gateway, applicant, 2500, actor=me, seen=PAID)
    second = ask(house, gateway, applicant, 2500, actor=me, seen=PAID)
    assert first == second
    assert at_stripe(gateway, applicant) == [(2500, "succeeded")]


def test_whoever_saw_the_charge_before_a_colleague_gave_back_looks_again(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    ask(house, gateway, applicant, 2500)
    with pytest.raises(Conflict, match="charge_changed"):
        ask(house, gateway, applicant, 2500, seen=PAID)
    assert at_stripe(gateway, applicant) == [(2500, "succeeded")]


@pytest.mark.parametrize("same_person", [True, False])
def test_two_at_once_are_one_refund(committed: House, stripe: StandIn, same_person: bool) -> None:
    applicant, gateway = a_member(committed, stripe)
    people = [staff(), staff("owner")]
    pressing = [people[0], people[0]] if same_person else people
    seen = left(charge_of(applicant))
    done = at_once(
        *[lambda actor=actor: ask(committed, gateway, applicant, 9000, actor=actor, seen=seen) for actor in pressing]  # type: ignore[misc]
    )
    assert at_stripe(gateway, applicant) == [(9000, "succeeded")]
    assert books(applicant) == [("payment", PAID), ("refund", -9000)]
    assert [one.code for one in done if isinstance(one, HomewardError)] == ([] if same_person else ["charge_changed"])


def test_a_time_out_after_stripe_gave_it_is_one_refund(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    trouble(stripe, kind="timeout", count=2, method="POST", path="/v1/refunds")
    assert ask(house, gateway, applicant, 2500).came == "unknown"
    assert at_stripe(gateway, applicant) == [(2500, "succeeded")]
    assert left(charge_of(applicant)) == PAID - 2500, "the money stays promised while nobody knows"
    ask_stripe_again(house, gateway, house.now + timedelta(minutes=6))
    assert at_stripe(gateway, applicant) == [(2500, "succeeded")]
    assert books(applicant) == [("payment", PAID), ("refund", -2500)]
    assert mails(applicant, "refund_sent") == 1


def test_a_crash_after_the_call_is_one_refund(house: House, stripe: StandIn) -> None:
    applicant, _ = a_member(house, stripe)

    class Dies(Gateway):
        def refund(self, *args: object, **kwargs: object) -> RefundFacts:
            super().refund(*args, **kwargs)  # type: ignore[arg-type]
            raise KeyboardInterrupt

    gateway = stripe.gateway()
    dies = Dies(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://localhost"
    )
    with pytest.raises(KeyboardInterrupt):
        ask(house, dies, applicant, 2500)
    assert stored(Refund)[0].status == "approved"
    ask_stripe_again(house, gateway, house.now + timedelta(minutes=6))
    assert at_stripe(gateway, applicant) == [(2500, "succeeded")]
    assert stored(Refund)[0].status == "done"


def test_a_clear_no_of_stripe_frees_the_money_and_calls_somebody(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    charge = charge_of(applicant)
    payment = charge.stripe_payment_id or gateway.get_invoice(charge.stripe_invoice_id).payment_id
    assert payment
    gateway.refund(payment, amount_cents=PAID - 100, refund_id=new_id(), key=f"refund:{new_id()}")  # by hand, at Stripe
    assert ask(house, gateway, applicant, 2500).came == "refused"
    charge = charge_of(applicant)
    assert (charge.refunding_cents, charge.refunded_cents) == (0, 0)
    assert books(applicant) == [("payment", PAID)]
    assert mails(applicant, "refund_sent") == 0
    for _ in range(2):
        money_heard.call_about_failed_refunds(catalog=house.catalog, now=house.now)
    assert alerts_of("BILLING-REFUND") == 1


def test_money_that_comes_back_is_owed_again_and_somebody_is_called(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    ask(house, gateway, applicant, 2500)
    (row,) = stored(Refund)

    class Returned(Gateway):
        def get_refund(self, stripe_refund_id: str) -> RefundFacts:
            found = super().get_refund(stripe_refund_id)
            return RefundFacts(
                **{name: getattr(found, name) for name in found.__dataclass_fields__}
                | {"status": "failed", "failure": "expired_or_canceled_card"}
            )

    returned = Returned(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://localhost"
    )
    for _ in range(2):
        with db.transaction() as session:
            money_heard.refund_now(session, row.stripe_refund_id, gateway=returned, now=house.now)
    assert books(applicant) == [("payment", PAID), ("refund", -2500), ("refund_failed", 2500)]
    assert left(charge_of(applicant)) == PAID
    assert mails(applicant, "refund_returned") == 1
    money_heard.call_about_failed_refunds(catalog=house.catalog, now=house.now)
    assert alerts_of("BILLING-REFUND") == 1


def test_above_the_limit_a_second_person_decides_and_never_the_asker(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    asker, second = staff("owner"), staff("billing")
    done = ask(house, gateway, applicant, 10001, actor=asker)
    assert done.came == "waits"
    assert at_stripe(gateway, applicant) == []
    assert alerts_of("BILLING-ASKED") == 1
    same = {"refund_id": done.refund_id, "gateway": gateway, "catalog": house.catalog, "now": house.now}
    with pytest.raises(NotAllowed, match="your_own"):
        refunds.decide_refund(yes=True, actor=asker, **same)
    for role in ("coordinator", "clinician", "auditor"):
        with pytest.raises(NotAllowed):
            refunds.decide_refund(yes=True, actor=staff(role), **same)
    assert refunds.decide_refund(yes=True, actor=second, **same).came == "sent"
    with pytest.raises(Conflict, match="decided"):
        refunds.decide_refund(yes=True, actor=staff("owner"), **same)
    assert at_stripe(gateway, applicant) == [(10001, "succeeded")]


def test_the_database_itself_refuses_the_asker_as_the_second_person(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    asker = staff("owner")
    done = ask(house, gateway, applicant, 10001, actor=asker)
    for values in ({"decided_by": asker.user_id, "status": "approved"}, {"status": "approved"}, {"status": "done"}):
        with pytest.raises(IntegrityError), db.transaction() as session:
            session.execute(update(Refund).where(Refund.id == done.refund_id).values(**values))


def test_a_no_frees_the_money(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    done = ask(house, gateway, applicant, 20000)
    assert left(charge_of(applicant)) == PAID - 20000
    same = {"gateway": gateway, "catalog": house.catalog, "now": house.now}
    assert still_called("BILLING-ASKED") == 1
    refunds.decide_refund(refund_id=done.refund_id, yes=False, actor=staff("owner"), **same)
    assert still_called("BILLING-ASKED") == 0, "nobody is called about what is decided"
    assert left(charge_of(applicant)) == PAID
    assert at_stripe(gateway, applicant) == []


def test_two_second_persons_at_once_send_it_once(committed: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(committed, stripe)
    done = ask(committed, gateway, applicant, 20000)
    same = {"refund_id": done.refund_id, "gateway": gateway, "catalog": committed.catalog, "now": committed.now}
    deciding = [staff("owner"), staff("billing")]
    came = at_once(*[lambda actor=actor: refunds.decide_refund(yes=True, actor=actor, **same) for actor in deciding])  # type: ignore[misc]
    assert at_stripe(gateway, applicant) == [(20000, "succeeded")]
    assert sorted(one.code if isinstance(one, HomewardError) else one.came for one in came) == ["decided", "sent"]


def test_a_coordinator_only_asks_whatever_the_amount(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    assert ask(house, gateway, applicant, 1, actor=staff("coordinator")).came == "waits"
    assert at_stripe(gateway, applicant) == []


def test_small_pieces_are_no_way_around_the_second_person(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    me = staff()
    assert ask(house, gateway, applicant, 6000, actor=me).came == "sent"
    assert ask(house, gateway, applicant, 4000, actor=me).came == "sent"
    assert ask(house, gateway, applicant, 1, actor=me).came == "waits"


@pytest.mark.parametrize("role", ["clinician", "auditor"])
def test_others_give_no_money_back(house: House, stripe: StandIn, role: str) -> None:
    applicant, gateway = a_member(house, stripe)
    with pytest.raises(NotAllowed):
        ask(house, gateway, applicant, 100, actor=staff(role))


def test_a_reason_nobody_offers_and_somebody_elses_charge_are_refused(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    with pytest.raises(Rejected, match="no_such_reason"):
        ask(house, gateway, applicant, 100, reason="because")
    charge = charge_of(applicant)
    with pytest.raises(NotFound):
        refunds.ask_refund(
            membership_id=new_id(),
            invoice_id=charge.id,
            amount_cents=100,
            left_cents=PAID,
            reason="goodwill",
            note="",
            gateway=gateway,
            catalog=house.catalog,
            actor=staff(),
            now=house.now,
        )


@pytest.mark.parametrize("cents", [0, -1, PAID + 1, 2**31, 10**12])
def test_nothing_less_and_too_much_are_refused_before_stripe_hears_of_it(
    house: House, stripe: StandIn, cents: int
) -> None:
    applicant, gateway = a_member(house, stripe)
    with pytest.raises((Conflict, Rejected)):
        ask(house, gateway, applicant, cents)
    assert stored(Refund) == []
    assert at_stripe(gateway, applicant) == []


def test_by_line_no_line_gives_more_than_it_cost(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    with db.reading() as session:
        query = select(InvoiceLine.id).where(InvoiceLine.invoice_id == charge_of(applicant).id)
        line = session.scalars(query).one()
    second = staff("owner")
    with pytest.raises(Rejected, match="add_up"):
        ask(house, gateway, applicant, 500, lines={line: 400})
    with pytest.raises(Conflict, match="line_changed"):
        ask(house, gateway, applicant, 500, lines={new_id(): 500})
    waits = ask(house, gateway, applicant, 20000, lines={line: 20000})
    same = {"gateway": gateway, "catalog": house.catalog, "now": house.now}
    refunds.decide_refund(refund_id=waits.refund_id, yes=True, actor=second, **same)
    with pytest.raises(Conflict, match="line_changed"):
        ask(house, gateway, applicant, 5000, lines={line: 5001}, reason="unused")
    assert at_stripe(gateway, applicant) == [(20000, "succeeded")]


def test_while_a_bank_disputes_a_charge_nothing_is_given_back(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    waits = ask(house, gateway, applicant, 20000)
    dispute_at_stripe(stripe, invoice=charge_of(applicant).stripe_invoice_id)
    deliver(house, gateway, *stripe.messages())
    with pytest.raises(Conflict, match="disputed"):
        ask(house, gateway, applicant, 100)
    same = {"gateway": gateway, "catalog": house.catalog, "now": house.now}
    with pytest.raises(Conflict, match="disputed"):
        refunds.decide_refund(refund_id=waits.refund_id, yes=True, actor=staff("owner"), **same)
    assert at_stripe(gateway, applicant) == []


def test_what_was_meant_stands_in_the_open_with_its_key(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    ask(house, gateway, applicant, 2500)
    with db.reading() as session:
        intent = session.scalars(select(Intent).where(Intent.kind == "refund")).one()
    assert (intent.status, intent.idempotency_key) == ("done", f"refund:{intent.id}")
    assert row_of(applicant).status == "active"
