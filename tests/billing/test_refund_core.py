"""Money back: promised once, never more than was paid, booked when it moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.billing import writes
from service.billing.models import Invoice, LedgerEntry, Membership, Refund
from service.kit import db
from service.kit.errors import Conflict, Rejected
from service.kit.ids import new_id
from tests.factories.at_once import outcomes
from tests.factories.billing import an_approved_patient

if TYPE_CHECKING:
    from uuid import UUID

    from tests.conftest import House

PAID = 25000


def a_paid_month(house: House) -> tuple[UUID, UUID]:
    """(membership, invoice) of somebody who paid one month."""
    applicant = an_approved_patient(house)
    with db.transaction() as session:
        membership = Membership(
            id=new_id(),
            patient_id=applicant.patient_id,
            enrollment_id=applicant.enrollment_id,
            plan="monthly",
            price_cents=PAID,
            status="active",
            created_at=house.now,
            activated_at=house.now,
        )
        session.add(membership)
        session.flush()
        invoice = Invoice(
            id=new_id(),
            membership_id=membership.id,
            stripe_invoice_id=f"in_{new_id().hex}",
            status="paid",
            amount_due_cents=PAID,
            amount_paid_cents=PAID,
            issued_at=house.now,
            paid_at=house.now,
        )
        session.add(invoice)
        session.flush()
        return membership.id, invoice.id


def ask(house: House, ids: tuple[UUID, UUID], cents: int, *, second_person: bool = False) -> UUID:
    with db.transaction() as session:
        membership = writes.locked_membership(session, ids[0])
        invoice = writes.refunds.locked_invoice(session, ids[1])
        assert membership is not None
        assert invoice is not None
        return writes.refunds.ask(
            session,
            membership,
            invoice,
            amount_cents=cents,
            reason="safety_stop",
            source="rule",
            second_person=second_person,
            now=house.now,
        ).id


def settle(house: House, refund_id: UUID, status: str) -> str:
    with db.transaction() as session:
        return writes.refunds.settle(
            session,
            session.get_one(Refund, refund_id),
            stripe_refund_id=f"re_{refund_id.hex}",
            stripe_status=status,
            moved_at=house.now,
            failure="expired_or_canceled_card" if status == "failed" else None,
            now=house.now,
        )


def stands(ids: tuple[UUID, UUID]) -> tuple[int, int, list[int]]:
    """(given back, promised, the ledger's amounts)."""
    with db.reading() as session:
        invoice = session.get_one(Invoice, ids[1])
        ledger = session.scalars(select(LedgerEntry.amount_cents).order_by(LedgerEntry.noted_at, LedgerEntry.id))
        return invoice.refunded_cents, invoice.refunding_cents, list(ledger)


def test_what_was_promised_cannot_be_promised_again(house: House) -> None:
    ids = a_paid_month(house)
    ask(house, ids, 20000, second_person=True)
    with pytest.raises(Conflict, match="refund_too_much"):
        ask(house, ids, 5001)
    ask(house, ids, 5000)
    assert stands(ids) == (0, PAID, [])


@pytest.mark.parametrize("cents", [0, -1, -(2**31)])
def test_nothing_or_less_is_not_given_back(house: House, cents: int) -> None:
    with pytest.raises(Rejected, match="refund_nothing"):
        ask(house, a_paid_month(house), cents)


@pytest.mark.parametrize("cents", [PAID + 1, 2**31, 10**18])
def test_more_than_was_paid_is_not_given_back(house: House, cents: int) -> None:
    ids = a_paid_month(house)
    with pytest.raises(Conflict, match="refund_too_much"):
        ask(house, ids, cents)
    assert stands(ids) == (0, 0, [])


def test_a_refund_is_booked_once_however_often_it_is_heard_of(house: House) -> None:
    ids = a_paid_month(house)
    refund_id = ask(house, ids, 1234)
    assert settle(house, refund_id, "pending") == "waiting"
    assert stands(ids) == (0, 1234, [])
    assert [settle(house, refund_id, "succeeded") for _ in range(3)] == ["done"] * 3
    assert stands(ids) == (1234, 0, [-1234])


def test_a_refund_that_fails_late_is_put_back_and_may_be_given_again(house: House) -> None:
    ids = a_paid_month(house)
    refund_id = ask(house, ids, PAID)
    settle(house, refund_id, "succeeded")
    assert [settle(house, refund_id, "failed") for _ in range(2)] == ["failed"] * 2
    assert stands(ids) == (0, 0, [-PAID, PAID])
    settle(house, ask(house, ids, PAID), "succeeded")
    assert stands(ids) == (PAID, 0, [-PAID, PAID, -PAID])


def test_a_refund_that_fails_at_once_moves_no_money(house: House) -> None:
    ids = a_paid_month(house)
    settle(house, ask(house, ids, 700), "failed")
    assert stands(ids) == (0, 0, [])


def test_a_refund_we_gave_up_and_stripe_made_all_the_same_is_booked_and_not_free_to_give_again(house: House) -> None:
    ids = a_paid_month(house)
    refund_id = ask(house, ids, 20000)
    with db.transaction() as session:  # its answer could not be read
        row, invoice = session.get_one(Refund, refund_id), writes.refunds.locked_invoice(session, ids[1])
        assert invoice is not None
        writes.refunds.give_up(session, invoice, row, failure="unread", now=house.now)
    assert [settle(house, refund_id, "succeeded") for _ in range(2)] == ["done"] * 2
    assert stands(ids) == (20000, 0, [-20000])
    with pytest.raises(Conflict, match="refund_too_much"):
        ask(house, ids, 20000)


def test_a_status_nobody_knows_is_not_guessed(house: House) -> None:
    ids = a_paid_month(house)
    refund_id = ask(house, ids, 700)
    assert settle(house, refund_id, "sideways") == "unknown"
    assert stands(ids) == (0, 700, [])
    assert settle(house, refund_id, "succeeded") == "done"
    assert stands(ids) == (700, 0, [-700])


def test_whoever_asks_at_the_same_moment_cannot_get_more_than_was_paid(committed: House) -> None:
    ids = a_paid_month(committed)
    done = outcomes(*[lambda: ask(committed, ids, 10000)] * 6)
    assert sorted(done) == ["done"] * 2 + ["refund_too_much"] * 4
    assert stands(ids) == (0, 20000, [])
