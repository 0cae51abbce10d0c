"""Once a night everything is compared with Stripe, both ways; what differs is shown, repaired safely, or let be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from service.audit.models import AuditEntry
from service.billing import actions
from service.billing.gateway import Bug, Gateway, InvoiceFacts, SubscriptionFacts, reading
from service.billing.models import Comparison, Drift, Invoice, LedgerEntry, Membership
from service.kit import db
from service.kit.clock import wall_now
from service.kit.errors import TryAgain
from service.kit.ids import new_id
from tests.billing.stand_in import KEY, SECRET, StandIn
from tests.billing.test_renewals import a_member, row_of
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.billing import invoices_of
from tests.factories.stripe_events import a_message
from tests.factories.visits import Applicant


class Small(Gateway):
    """Stripe in pages of two; it may be away, and says what tests need it to say besides."""

    pages = 2
    away_after: int | None = None
    asked = 0
    strange: tuple[SubscriptionFacts, ...] = ()

    def list_subscriptions(self, after: str | None = None) -> tuple[list[SubscriptionFacts], str | None]:
        self.asked += 1
        if self.away_after is not None and self.asked > self.away_after:
            raise TryAgain("stripe: away")
        facts, _ = super().list_subscriptions()
        facts = [*self.strange, *facts]
        begins = next((n + 1 for n, one in enumerate(facts) if one.id == after), 0)
        page = facts[begins : begins + self.pages]
        return page, page[-1].id if begins + self.pages < len(facts) else None

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        known = {one.id: one for one in self.strange}
        return known[subscription_id] if subscription_id in known else super().get_subscription(subscription_id)


@pytest.fixture
def gateway(moving_stripe: StandIn) -> Small:
    """Stripe of one's own."""
    return Small(
        key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin=moving_stripe.url, site="https://x"
    )


def tonight(house: House, gateway: Gateway, seconds: float | None = None) -> bool:
    return actions.compare_all(gateway=gateway, now=house.now, seconds=seconds)


def next_night(house: House, gateway: Gateway) -> bool:
    house.at(house.now + timedelta(days=1))
    return tonight(house, gateway)


def set_row(applicant: Applicant, **columns: Any) -> None:
    with db.transaction() as session:
        session.execute(update(Membership).where(Membership.id == row_of(applicant).id).values(**columns))


def drifts(*, is_open: bool = True) -> list[Drift]:
    with db.reading() as session:
        query = select(Drift).where(Drift.settled_at.is_(None) if is_open else Drift.settled_at.is_not(None))
        return list(session.scalars(query.order_by(Drift.field)))


def said() -> list[tuple[str, str | None, str | None]]:
    return [(one.field, one.ours, one.theirs) for one in drifts()]


def run_row() -> Comparison:
    with db.reading() as session:
        return session.scalars(select(Comparison).order_by(Comparison.started_at.desc()).limit(1)).one()


def rest(house: House) -> None:
    """Money that moved just now is left alone for an hour."""
    house.at(house.now + timedelta(hours=2))


def test_where_both_agree_nothing_is_found(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    for _ in range(3):
        a_member(house, moving_stripe)
    rest(house)
    assert tonight(house, gateway)
    assert said() == []
    run = run_row()
    assert (run.kind, run.finished_at is not None, run.differing, run.failed) == ("nightly", True, 0, 0)


def test_each_field_that_differs_is_found_once_and_settles_when_both_agree(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    rest(house)
    ends = row_of(applicant).period_ends_at
    assert ends is not None
    true = {"period_ends_at": ends, "cancels_at_period_end": False, "price_cents": 25000}
    set_row(applicant, period_ends_at=ends + timedelta(days=3), cancels_at_period_end=True, price_cents=19900)
    for _ in range(2):
        assert next_night(house, gateway)
    assert [(field, ours) for field, ours, _ in said()] == [
        ("ending", "yes"),
        ("period", (ends + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("price", "19900"),
    ]
    assert {one.membership_id for one in drifts()} == {row_of(applicant).id}
    set_row(applicant, **true)
    assert next_night(house, gateway)
    assert said() == []
    assert {one.how for one in drifts(is_open=False)} == {"by_itself"}


def test_a_price_agreed_to_for_the_next_charge_is_no_difference(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    rest(house)
    set_row(applicant, price_cents=40000, next_price_cents=25000, next_plan="monthly")
    tonight(house, gateway)
    assert said() == []


def test_what_we_do_not_know_and_a_second_one_of_one_person_are_found(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    rest(house)
    ours = gateway.get_subscription(row_of(applicant).stripe_subscription_id or "")
    gateway.strange = (
        replace(ours, id="sub_strange", membership_id=None),
        replace(ours, id="sub_second"),
        replace(ours, id="sub_over", status="ended"),
        replace(ours, id="sub_of_nobody", membership_id=new_id()),
    )
    tonight(house, gateway)
    assert {(one.object_id, one.field) for one in drifts()} == {
        ("sub_strange", "subscription"),
        ("sub_second", "second"),
        ("sub_of_nobody", "subscription"),
    }


def test_what_stripe_does_not_have_is_found(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    applicant, _ = a_member(house, moving_stripe)
    a_member(house, moving_stripe)
    rest(house)
    set_row(applicant, stripe_subscription_id="sub_gone")
    tonight(house, gateway)
    assert ("missing", "active", None) in said()
    assert {one.object_id for one in drifts() if one.field == "missing"} == {"sub_gone"}


def test_money_that_does_not_add_up_is_found(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    first, second, third = (a_member(house, moving_stripe)[0] for _ in range(3))
    rest(house)
    with db.transaction() as session:
        session.execute(
            update(Invoice).where(Invoice.membership_id == row_of(first).id).values(amount_paid_cents=24999)
        )
        session.execute(update(Invoice).where(Invoice.membership_id == row_of(second).id).values(status="open"))
        invoice = session.scalars(select(Invoice).where(Invoice.membership_id == row_of(third).id)).one()
        session.add(
            LedgerEntry(
                id=new_id(),
                patient_id=third.patient_id,
                membership_id=invoice.membership_id,
                invoice_id=invoice.id,
                kind="refund",
                amount_cents=-700,
                stripe_id="re_ours_alone",
                moved_at=house.now,
                noted_at=house.now,
            )
        )
    tonight(house, gateway)
    assert Counter(said()) == Counter(
        [
            ("charge", "open", "paid"),
            ("ledger", "24300", "25000"),
            ("ledger", "25000", "24999"),
            ("paid", "24999", "25000"),
        ]
    )


def test_a_charge_we_never_heard_of_is_found(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    applicant, _ = a_member(house, moving_stripe)
    rest(house)
    (ours,) = invoices_of(row_of(applicant).id)
    with db.transaction() as session:
        session.execute(update(Invoice).where(Invoice.id == ours.id).values(stripe_invoice_id="in_renamed"))
    tonight(house, gateway)
    assert said() == [("paid", None, "25000")]
    (found,) = drifts()
    assert (found.object_id, found.membership_id) == (ours.stripe_invoice_id, row_of(applicant).id)


def test_money_given_back_in_stripe_itself_is_found(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    applicant, _ = a_member(house, moving_stripe)
    payment = invoices_of(row_of(applicant).id)[0].stripe_payment_id
    assert payment is not None
    made = gateway.refund(payment, amount_cents=1234, refund_id=new_id(), key=f"refund:{new_id()}")
    rest(house)
    tonight(house, gateway)
    assert [one for one in said() if one[0] == "refund"] == [("refund", "0", "1234")]
    assert drifts()[-1].object_id == made.id


def test_broken_off_it_goes_on_where_it_stopped(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    for _ in range(5):
        a_member(house, moving_stripe)
    rest(house)
    gateway.away_after = 2
    assert tonight(house, gateway) is False
    stopped = run_row()
    assert (stopped.finished_at, stopped.failed, stopped.seen) == (None, 1, 4)
    assert (stopped.cursor or "").startswith("theirs|sub_")
    gateway.away_after, gateway.asked = None, 0
    assert tonight(house, gateway) is True
    assert gateway.asked == 1  # the last page alone
    assert run_row().id == stopped.id
    assert tonight(house, gateway) is True
    assert gateway.asked == 1  # once a night


def test_it_ends_with_its_time_and_the_next_minute_goes_on(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    for _ in range(3):
        a_member(house, moving_stripe)
    rest(house)
    calls = 0
    while not tonight(house, gateway, seconds=0):
        calls += 1
        assert calls < 20
    assert calls >= 4  # a page a call
    assert run_row().finished_at is not None


def test_a_message_on_its_way_is_waited_for(house: House, moving_stripe: StandIn, gateway: Small) -> None:
    applicant, _ = a_member(house, moving_stripe)
    set_row(applicant, cancels_at_period_end=True)
    a_message(object_id=row_of(applicant).stripe_subscription_id or "")
    rest(house)
    tonight(house, gateway)
    assert said() == []


def test_a_page_with_one_that_is_not_as_ours_are_is_read_all_the_same(
    house: House, moving_stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good = (a_member(house, moving_stripe)[0] for _ in range(2))
    set_row(good, cancels_at_period_end=True)
    rest(house)
    bad_id, read = row_of(odd).stripe_subscription_id or "", reading.subscription

    def strict(found: Any) -> SubscriptionFacts:
        if found.id == bad_id:
            raise Bug("two prices")
        return read(found)

    monkeypatch.setattr(reading, "subscription", strict)
    assert tonight(house, moving_stripe.gateway())
    assert {(one.object_id, one.field) for one in drifts()} == {
        (bad_id, "unread"),
        (row_of(good).stripe_subscription_id, "ending"),
    }


def given_back_there(gateway: Gateway, applicant: Applicant, cents: int) -> str:
    """Money given back in Stripe itself: its id there."""
    payment = invoices_of(row_of(applicant).id)[0].stripe_payment_id
    assert payment is not None
    return gateway.refund(payment, amount_cents=cents, refund_id=new_id(), key=f"refund:{new_id()}").id


def test_a_refund_that_stands_in_a_word_nobody_knows_is_shown_and_stops_nothing(
    house: House, moving_stripe: StandIn, gateway: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, other = (a_member(house, moving_stripe)[0] for _ in range(2))
    odd_id, other_id = given_back_there(gateway, odd, 700), given_back_there(gateway, other, 800)
    rest(house)
    read = reading.refund
    words = {odd_id: "sideways"}
    monkeypatch.setattr(
        reading, "refund", lambda found: replace(facts := read(found), status=words.get(found.id, facts.status))
    )
    assert tonight(house, gateway)
    assert {(one.object_id, one.theirs) for one in drifts() if one.field == "refund"} == {
        (odd_id, "sideways"),
        (other_id, "800"),
    }
    words.clear()
    assert next_night(house, gateway)
    assert {(one.object_id, one.theirs) for one in drifts() if one.field == "refund"} == {
        (odd_id, "700"),
        (other_id, "800"),
    }


def test_what_cannot_be_read_among_charges_and_refunds_is_counted_and_the_rest_is_compared(
    house: House, moving_stripe: StandIn, gateway: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good = (a_member(house, moving_stripe)[0] for _ in range(2))
    odd_refund, good_refund = given_back_there(gateway, odd, 700), given_back_there(gateway, good, 800)
    (odd_charge,), (good_charge,) = invoices_of(row_of(odd).id), invoices_of(row_of(good).id)
    with db.transaction() as session:
        session.execute(update(Invoice).where(Invoice.id == good_charge.id).values(status="open"))
    rest(house)
    unreadable = {odd_refund, odd_charge.stripe_invoice_id}
    for name in ("refund", "invoice"):
        monkeypatch.setattr(reading, name, _unless(unreadable, getattr(reading, name)))
    assert tonight(house, gateway)
    assert {(one.object_id, one.field) for one in drifts() if one.field in ("charge", "paid", "refund")} == {
        (good_refund, "refund"),
        (good_charge.stripe_invoice_id, "charge"),
    }
    assert run_row().failed == 2


def _unless(unreadable: set[str], read: Any) -> Any:
    def strict(found: Any) -> Any:
        if found.id in unreadable:
            raise Bug("of another shape")
        return read(found)

    return strict


def test_where_the_place_it_stopped_at_is_gone_from_stripe_a_step_begins_anew(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    for _ in range(3):
        a_member(house, moving_stripe)
    rest(house)
    gateway.away_after = 1
    assert tonight(house, gateway) is False
    gateway.away_after = None
    with db.transaction() as session:
        session.execute(update(Comparison).values(cursor="refunds|re_gone"))
    assert tonight(house, gateway) is False
    assert run_row().cursor == "refunds|"
    assert tonight(house, gateway) is True


def test_what_a_night_found_and_the_hour_put_right_is_settled_once(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    rest(house)
    set_row(applicant, cancels_at_period_end=True)
    tonight(house, gateway)
    (found,) = drifts()

    def hour() -> int:
        return actions.reconcile(gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now()).corrected

    assert hour() == 1
    (settled,) = drifts(is_open=False)
    assert (settled.id, settled.how) == (found.id, "by_itself")
    set_row(applicant, cancels_at_period_end=True)
    assert hour() == 1
    assert len(drifts(is_open=False)) == 2, "what no night had seen is kept as well"


def test_a_person_is_called_for_a_night_without_a_comparison_and_for_what_it_found(
    house: House, moving_stripe: StandIn, gateway: Small
) -> None:
    applicant, _ = a_member(house, moving_stripe)

    def watch() -> list[str]:
        return actions.watch_billing(catalog=house.catalog, now=house.now, wall_now=wall_now())

    assert watch() == []
    house.at(house.now + timedelta(hours=27))
    assert watch() == ["BILLING-SILENT"]
    assert watch() == []
    set_row(applicant, cancels_at_period_end=True)
    tonight(house, gateway)
    assert watch() == ["BILLING-DRIFT"]
    assert watch() == []


# --- the report ----------------------------------------------------------------------------------------------------


@pytest.fixture
def billing(app: Flask, client: Browser, gateway: Small) -> Iterator[Browser]:
    """Somebody of billing; the application speaks to the same Stripe."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = gateway
    client.sign_in(a_staff_member("billing").user_id)
    yield client
    app.config["GATEWAY"] = before


def a_drift(house: House, applicant: Applicant, gateway: Small, **columns: Any) -> UUID:
    rest(house)
    set_row(applicant, **columns)
    tonight(house, gateway)
    (found,) = drifts()
    return found.id


def test_the_report_says_both_words_and_taking_stripes_mends_ours(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    drift_id = a_drift(house, applicant, gateway, status="grace")
    page = billing.get("/staff/drift").text
    assert "Payment failed" in page
    assert "Active" in page
    assert "Rivera" not in page
    before = gateway.get_subscription(row_of(applicant).stripe_subscription_id or "")
    done = billing.submit(f"/staff/drift/{drift_id}/repair", follow_redirects=True)
    assert "Both agree now" in done.text
    assert row_of(applicant).status == "active"
    assert gateway.get_subscription(before.id) == before  # nothing changed there
    (settled,) = drifts(is_open=False)
    assert (settled.how, settled.settled_by is not None) == ("repaired", True)
    again = billing.submit(f"/staff/drift/{drift_id}/repair", follow_redirects=True)
    assert "settled already" in again.text
    with db.reading() as session:
        assert "drift.repair" in set(session.scalars(select(AuditEntry.action)))


def test_what_needs_a_person_says_what_to_do_and_is_not_taken_over(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    drift_id = a_drift(house, applicant, gateway, price_cents=19900)
    page = billing.get(f"/staff/drift/{drift_id}").text
    assert "The patient agreed to our price" in page
    assert "$199.00" in page
    assert "Take Stripe" not in page
    assert billing.submit(f"/staff/drift/{drift_id}/repair").status_code == 422
    assert row_of(applicant).price_cents == 19900
    assert len(drifts()) == 1


def test_books_that_do_not_add_up_are_said_to_be_ours_on_both_sides(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    with db.transaction() as session:
        (charge,) = session.scalars(select(Invoice).where(Invoice.membership_id == row_of(applicant).id)).all()
        charge.amount_paid_cents = 24900
    rest(house)
    tonight(house, gateway)
    (found,) = [one for one in drifts() if one.field == "ledger"]
    for page in (billing.get("/staff/drift?kind=ledger").text, billing.get(f"/staff/drift/{found.id}").text):
        assert "Our ledger: $250.00" in page
        assert "Our charges: $249.00" in page


def test_all_of_a_kind_are_mended_at_once(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser
) -> None:
    members = [a_member(house, moving_stripe)[0] for _ in range(3)]
    rest(house)
    for member in members:
        set_row(member, cancels_at_period_end=True)
    tonight(house, gateway)
    done = billing.submit("/staff/drift/repair", {"kind": "ending"}, follow_redirects=True)
    assert "Taken over: 3. Not taken over: 0." in done.text
    assert drifts() == []
    assert not any(row_of(member).cancels_at_period_end for member in members)


def test_a_charge_is_mended_with_its_money(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    rest(house)
    with db.transaction() as session:
        session.execute(
            update(Invoice)
            .where(Invoice.membership_id == row_of(applicant).id)
            .values(status="open", amount_paid_cents=0, paid_at=None)
        )
    tonight(house, gateway)
    for one in [one for one in drifts() if one.field in ("charge", "paid")]:
        billing.submit(f"/staff/drift/{one.id}/repair")
    (invoice,) = invoices_of(row_of(applicant).id)
    assert (invoice.status, invoice.amount_paid_cents) == ("paid", 25000)
    next_night(house, gateway)
    assert drifts() == []


def test_one_that_was_let_be_comes_back_only_in_other_words(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    drift_id = a_drift(house, applicant, gateway, price_cents=19900)
    address = f"/staff/drift/{drift_id}/let-be"
    assert billing.submit(address).status_code == 422
    billing.submit(address, {"reason": "known"})
    next_night(house, gateway)
    assert drifts() == []
    set_row(applicant, price_cents=18800)
    next_night(house, gateway)
    assert said() == [("price", "18800", "25000")]


def test_while_stripe_is_away_nothing_is_mended_and_it_says_so(
    house: House, moving_stripe: StandIn, gateway: Small, billing: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    drift_id = a_drift(house, applicant, gateway, cancels_at_period_end=True)

    def away(*_: Any, **__: Any) -> InvoiceFacts:
        raise TryAgain("stripe: away")

    monkeypatch.setattr(gateway, "get_subscription", away)
    done = billing.submit(f"/staff/drift/{drift_id}/repair", follow_redirects=True)
    assert "Stripe did not answer" in done.text
    assert len(drifts()) == 1
