"""The figures about money: counted by hand here, counted by the database there, the same to the cent."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.billing.actions.control import figures as actions
from service.billing.actions.control.figures import cell
from service.billing.models import (
    Cancellation,
    Credit,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Membership,
    MoneyMonth,
)
from service.billing.queries.watching.figures import counted
from service.billing.rules import figures as rules
from service.kit import db
from service.kit.actor import Actor
from service.kit.bars import bars, steps
from service.kit.clock import wall_now
from service.kit.ids import new_id
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.checkins import a_membership
from tests.factories.enrollment import an_enrollment

NOVEMBER = date(2026, 11, 1)
OCTOBER = date(2026, 10, 1)


def moment(month: int, day: int, hour: int = 15) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def a_membership_of(began: datetime, **columns: Any) -> tuple[Person, UUID]:
    person = a_patient("FL")
    status = "ended" if columns.get("ended_at") else columns.pop("status", "active")
    enrollment = an_enrollment(person, status="active", program="depression", now=began)
    return person, a_membership(person, enrollment, status=status, began=began, **columns)


def a_charge(
    whose: tuple[Person, UUID],
    at: datetime,
    *,
    cents: int = 25000,
    discount: int = 0,
    status: str = "paid",
    attempts: int = 1,
    occasion: str = "renewal",
    kind: str = "month",
    ends: datetime | None = None,
) -> UUID:
    """A month's charge and its money."""
    _, membership_id = whose
    row_id, paid = new_id(), cents - discount if status == "paid" else 0
    with db.transaction() as session:
        session.add(
            Invoice(
                id=row_id,
                membership_id=membership_id,
                stripe_invoice_id=f"in_{row_id.hex}",
                status=status,
                subtotal_cents=cents,
                discount_cents=discount,
                amount_due_cents=cents - discount,
                amount_paid_cents=paid,
                attempts=attempts,
                occasion=occasion,
                issued_at=at,
                paid_at=at if status == "paid" else None,
            )
        )
        session.flush()
        session.add(
            InvoiceLine(
                id=new_id(),
                invoice_id=row_id,
                stripe_line_id=f"il_{row_id.hex}",
                kind=kind,
                amount_cents=cents,
                starts_at=at,
                ends_at=ends or at + timedelta(days=30),
            )
        )
        if paid:
            _book(session, whose, row_id, "payment", paid, at)
    return row_id


def _book(session: Any, whose: tuple[Person, UUID], invoice_id: UUID, kind: str, cents: int, at: datetime) -> None:
    session.add(
        LedgerEntry(
            id=new_id(),
            patient_id=whose[0].patient_id,
            membership_id=whose[1],
            invoice_id=invoice_id,
            kind=kind,
            amount_cents=cents,
            stripe_id=f"x_{new_id().hex}",
            moved_at=at,
            noted_at=at,
        )
    )


def moved(whose: tuple[Person, UUID], invoice_id: UUID, kind: str, cents: int, at: datetime) -> None:
    with db.transaction() as session:
        _book(session, whose, invoice_id, kind, cents, at)


def count(month: date, now: datetime) -> rules.Figures:
    with db.reading() as session:
        return counted(session, month, now)


def why(whose: tuple[Person, UUID], asked_by: str, reason: str | None, at: datetime, undone: bool = False) -> None:
    with db.transaction() as session:
        session.add(
            Cancellation(
                id=new_id(),
                membership_id=whose[1],
                patient_id=whose[0].patient_id,
                asked_by=asked_by,
                reason=reason,
                asked_at=at,
                undone_at=at if undone else None,
            )
        )


def test_revenue_is_the_months_that_run_and_nothing_else(house: House) -> None:
    end = moment(11, 23)
    a_charge(a_membership_of(moment(11, 2)), moment(11, 2))  # 250.00
    a_charge(a_membership_of(moment(11, 5)), moment(11, 5), cents=40000)  # 400.00
    a_charge(a_membership_of(moment(11, 6)), moment(11, 6), discount=5000)  # 200.00: less a promotion
    a_charge(a_membership_of(moment(11, 6)), moment(11, 6), discount=25000)  # 0.00 and active: a month given
    a_charge(a_membership_of(moment(10, 1), status="grace"), moment(11, 1), status="open", attempts=2)  # 250.00
    a_charge(a_membership_of(moment(10, 1)), moment(11, 1), status="void")  # skipped
    a_charge(a_membership_of(moment(10, 1)), moment(10, 20))  # its month is over: stopped
    a_charge(a_membership_of(moment(11, 1)), moment(11, 1), cents=0)  # a date that was moved
    a_charge(a_membership_of(moment(11, 2)), moment(11, 2), kind="remaining")  # an upgrade, until its next month
    a_charge(a_membership_of(moment(11, 2), ended_at=moment(11, 10)), moment(11, 2))  # ended at once
    a_charge(a_membership_of(moment(11, 2), ended_at=moment(11, 25)), moment(11, 2))  # 250.00: it ran then
    found = count(NOVEMBER, end)
    assert (found.mrr_cents, found.active) == (25000 + 40000 + 20000 + 0 + 25000 + 25000, 6)


def test_a_past_month_is_counted_at_its_own_end(house: House) -> None:
    whose = a_membership_of(moment(10, 20))
    a_charge(whose, moment(10, 20))
    a_charge(whose, moment(11, 20), cents=40000)
    assert count(OCTOBER, moment(11, 23)).mrr_cents == 25000
    assert count(NOVEMBER, moment(11, 23)).mrr_cents == 40000
    # Midnight is the clinic's: 4 AM in November's UTC is still October there.
    late = a_membership_of(datetime(2026, 11, 1, 3, 59, tzinfo=UTC))
    a_charge(late, datetime(2026, 11, 1, 3, 59, tzinfo=UTC))
    assert (count(OCTOBER, moment(11, 23)).new, count(NOVEMBER, moment(11, 23)).new) == (2, 0)


def test_those_who_left_are_counted_with_why(house: House) -> None:
    told = [
        ("patient", "cost", "cost"),
        ("patient", None, "not_told"),
        ("rule", "price", "price"),
        ("staff", "asked", "staff"),
        ("staff", "died", "care"),
        ("rule", "safety_stop", "care"),
        ("staff", "out_of_state", "out_of_state"),
        (None, None, "unknown"),
    ]
    for asked_by, reason, _ in told:
        whose = a_membership_of(moment(10, 2), ended_at=moment(11, 9))
        if asked_by is not None:
            why(whose, asked_by, reason, moment(11, 3))
            why(whose, "patient", "moving", moment(11, 8), undone=True)  # taken back: it is not why
    unpaid = a_membership_of(moment(10, 2), ended_at=moment(11, 9))
    a_charge(unpaid, moment(11, 2), status="uncollectible", attempts=4)
    a_membership_of(moment(10, 2), ended_at=moment(10, 30))  # another month's
    never = a_membership_of(moment(11, 2), ended_at=moment(11, 9))
    with db.transaction() as session:
        session.get_one(Membership, never[1]).activated_at = None  # it never began
    found = count(NOVEMBER, moment(11, 23))
    assert found.ended == 9
    assert found.reasons == {
        "care": 2, "cost": 1, "not_told": 1, "out_of_state": 1, "price": 1, "staff": 1, "unknown": 1, "unpaid": 1,
    }  # fmt: skip


def test_money_counts_when_it_moves(house: House) -> None:
    whose = a_membership_of(moment(10, 2))
    october = a_charge(whose, moment(10, 2))
    november = a_charge(whose, moment(11, 2))
    moved(whose, october, "refund", -10000, moment(11, 5))
    moved(whose, november, "refund", -2500, moment(11, 6))
    moved(whose, november, "refund_failed", 2500, moment(11, 9))
    moved(whose, october, "dispute", -15000, moment(11, 7))
    moved(whose, october, "dispute_won", 15000, moment(12, 7))
    with db.transaction() as session:
        for kind, cents, months, status in (
            ("credit", 3000, None, "done"),
            ("credit", 9900, None, "declined"),
            ("comp", None, 2, "done"),
        ):
            session.add(
                Credit(
                    id=new_id(),
                    membership_id=whose[1],
                    patient_id=whose[0].patient_id,
                    kind=kind,
                    amount_cents=cents,
                    months=months,
                    reason="goodwill",
                    status=status,
                    asked_at=moment(11, 4),
                    settled_at=moment(11, 4),
                )
            )
    found = count(NOVEMBER, moment(11, 23))
    assert (found.paid_cents, found.given_back_cents, found.disputed_cents) == (25000, 10000, 15000)
    assert found.net_cents == 0
    assert (found.credits_cents, found.months_given) == (3000, 2)
    assert count(OCTOBER, moment(11, 23)).net_cents == 25000
    assert count(date(2026, 12, 1), moment(12, 31)).disputed_cents == -15000


def test_recovery_is_the_share_of_settled_failures_that_were_paid(house: House) -> None:
    whose = a_membership_of(moment(10, 2))
    a_charge(whose, moment(11, 1))  # paid at once
    for _ in range(3):
        a_charge(whose, moment(11, 2), attempts=3)  # paid in the end
    a_charge(whose, moment(11, 2), status="uncollectible", attempts=4)
    a_charge(whose, moment(11, 2), status="void", attempts=2)
    a_charge(whose, moment(11, 2), status="void", attempts=0)  # skipped: never tried
    a_charge(whose, moment(11, 2), status="open", attempts=1)  # still tried
    a_charge(whose, moment(11, 2), attempts=2, occasion="start")  # on the pay page
    found = count(NOVEMBER, moment(11, 23))
    assert (found.failed, found.recovered, found.lost, found.recovered_cents) == (6, 3, 2, 75000)
    assert found.recovery == 3 / 5
    assert rules.Figures(NOVEMBER).recovery is None


@pytest.mark.parametrize(
    ("price", "discount", "charged", "net"),
    [
        (25000, 0, 25000, 25000),
        (25000, 5000, 25000, 20000),
        (25000, 25000, 25000, 0),
        (25000, 30000, 25000, 0),
        (25000, 1000, 50000, 24500),  # half of the charge, half of the discount
        (25000, 1, 3, 24999),
        (0, 0, 0, 0),
    ],
)
def test_a_month_brings_its_price_less_its_share_of_the_discount(
    price: int, discount: int, charged: int, net: int
) -> None:
    assert rules.monthly_net(price, discount, charged) == net


def test_the_database_takes_the_same_share_of_a_discount_as_the_rule(house: House) -> None:
    expected = 0
    for cents, discount in ((25000, 1), (33333, 10000), (19999, 6667), (25000, 24999)):
        a_charge(a_membership_of(moment(11, 2)), moment(11, 2), cents=cents, discount=discount)
        expected += rules.monthly_net(cents, discount, cents)
    assert count(NOVEMBER, moment(11, 23)).mrr_cents == expected


def test_churn_is_of_those_who_were_there() -> None:
    assert rules.churn(3, 60) == 0.05
    assert rules.churn(0, 60) == 0
    assert rules.churn(3, 0) is None
    assert rules.churn(3, None) is None


def test_months_follow_each_other() -> None:
    assert rules.months_until(date(2027, 1, 1), 3) == [NOVEMBER, date(2026, 12, 1), date(2027, 1, 1)]
    assert rules.following(date(2026, 12, 1)) == date(2027, 1, 1)
    since, after = rules.bounds(NOVEMBER)  # 2026-11-01: the clocks go back that day
    assert (since.utcoffset(), after.utcoffset()) == (timedelta(hours=-4), timedelta(hours=-5))


def test_a_month_that_is_over_is_counted_once_and_a_running_one_anew(house: House) -> None:
    wall = wall_now()
    whose = a_membership_of(moment(11, 2))
    a_charge(whose, moment(11, 2))

    def revenue(now: datetime, at: datetime) -> dict[date, int]:
        staff = a_staff_member("billing")
        actor = Actor("staff", user_id=staff.user_id, role="billing")
        found = actions.open_figures(actor=actor, now=now, wall_now=at)
        return {one.figures.month: one.figures.paid_cents for one in found}

    first = revenue(moment(11, 23), wall)
    assert (len(first), first[NOVEMBER], first[OCTOBER]) == (13, 25000, 0)
    a_charge(whose, moment(11, 23))
    assert revenue(moment(11, 23), wall + timedelta(seconds=30))[NOVEMBER] == 25000
    assert revenue(moment(11, 23), wall + timedelta(seconds=90))[NOVEMBER] == 50000
    a_charge(whose, moment(11, 24))
    assert revenue(moment(12, 15), wall + timedelta(seconds=91))[NOVEMBER] == 75000
    later = datetime(2027, 2, 20, tzinfo=UTC)
    revenue(later, wall + timedelta(seconds=92))
    with db.transaction() as session:
        kept = session.get_one(MoneyMonth, NOVEMBER)
        kept.figures = {**kept.figures, "paid_cents": 1}
    assert revenue(later + timedelta(days=3), wall + timedelta(days=3))[NOVEMBER] == 1  # kept, not counted again


def test_the_page_shows_the_figures_as_table_and_picture_and_names_nobody(client: Browser, house: House) -> None:
    whose = a_membership_of(moment(11, 2))
    a_charge(whose, moment(11, 2))
    client.sign_in(a_staff_member("owner").user_id)
    page = client.get("/staff/reports/money").text
    for text in ("$250", "$250.00", "<title", "<desc", "Nov"):
        assert text in page
    assert page.count('<svg class="chart__drawing') == 4  # two pictures, a wide and a narrow drawing of each
    assert "Rivera" not in page
    by_month = page.partition("Month by month")[2].partition("</table>")[0]
    assert "Nov 2026" in by_month
    assert "Oct 2026" not in by_month, "months before anything happened are only turned past"


def test_the_file_has_every_figure_for_a_reason_that_is_noted(client: Browser, house: House) -> None:
    whose = a_membership_of(moment(11, 2))
    invoice = a_charge(whose, moment(11, 2))
    moved(whose, invoice, "refund", -30000, moment(11, 5))  # more than came in this month: a minus is a number
    client.sign_in(a_staff_member("billing").user_id)
    address = "/staff/reports/money/file"
    assert client.submit(address).status_code == 422
    answer = client.submit(address, {"reason": "accounts"})
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 13
    assert (rows[-1]["month"], rows[-1]["mrr_usd"], rows[-1]["net_usd"]) == ("2026-11", "250.00", "-50.00")
    assert tuple(rows[0]) == actions.COLUMNS
    with db.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "money.export")).one()
    assert noted.reason == "accounts"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        (-5, "-5"),
        ("-5.00", "-5.00"),
    ],
)
def test_what_a_spreadsheet_would_take_for_a_formula_is_text(value: object, text: str) -> None:
    assert cell(value) == text


def test_a_membership_is_counted_once_however_many_lines_its_charge_has(house: House) -> None:
    whose = a_membership_of(moment(11, 2))
    invoice = a_charge(whose, moment(11, 2))
    with db.transaction() as session:
        session.add(
            InvoiceLine(
                id=new_id(),
                invoice_id=invoice,
                stripe_line_id="il_second",
                kind="unused",
                amount_cents=-5000,
                starts_at=moment(11, 2),
                ends_at=moment(12, 2),
            )
        )
    found = count(NOVEMBER, moment(11, 23))
    assert (found.active, found.mrr_cents) == (1, 25000)
    with db.reading() as session:
        assert session.scalars(select(Membership.id)).all() == [whose[1]]


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(0, 100, [0, 25, 50, 75, 100]), (0, 0, [0]), (-50, 100, [-50, 0, 50, 100]), (0, 3, [0, 1, 2, 3])],
)
def test_a_picture_has_round_numbers_beside_it(low: int, high: int, marks: list[int]) -> None:
    assert steps(low, high) == marks


def test_the_last_bars_number_stands_above_whatever_it_reaches_over() -> None:
    months = [("Sep", 900), ("Oct", 50000), ("Nov", 21000)]
    for picture in (
        bars(months, say=lambda cents: "$" + "2" * 40, axis=str).wide,
        bars(months, say=str, axis=str).narrow,
    ):
        last = picture.bars[-1]
        reached = [bar for bar in picture.bars if bar.x + bar.width > picture.right - 9 * len(last.text)]
        assert last.text_y <= min(bar.y for bar in reached)
    alone = bars([("Oct", 50000), ("Nov", 21000)], say=lambda cents: "$2", axis=str).wide.bars[-1]
    assert alone.text_y == pytest.approx(alone.y - 8)


def test_bars_stand_on_nothing_and_hang_below_it_where_they_are_less() -> None:
    drawn = bars([("Oct", -100), ("Nov", 300)], say=str, axis=str).wide
    below, above = drawn.bars
    assert below.y == drawn.zero
    assert above.y + above.height == pytest.approx(drawn.zero, abs=0.11)
    assert above.height == pytest.approx(3 * below.height, abs=0.3)
    with pytest.raises(ValueError, match="at least one"):
        bars([], say=str, axis=str)
