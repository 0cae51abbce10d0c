"""Leaving and coming back: in at most three pages, without a word, from anywhere, and never cut off from care."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from service.billing import actions
from service.billing.models import Agreement, Cancellation, Checkout, Intent, Membership
from service.kit import crypto, db
from service.privacy.queries import copy_of
from service.safety.models import Alert
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.billing.test_paying import mails_named, payments
from tests.billing.test_renewals import a_member, charge_at, pass_time, row_of
from tests.billing.test_views import checkout
from tests.client import Browser
from tests.conftest import House
from tests.factories.billing import a_hold, enrollment_status, invoices_of, mails_to, membership_row, ready_to_pay
from tests.factories.visits import Applicant

NOT_PAID_BACK = "the days that are left are not paid back by themselves"


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, moving_stripe: StandIn) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD")}
    app.config["GATEWAY"] = moving_stripe.gateway()
    app.config["HOMEWARD"] = before["HOMEWARD"].model_copy(update={"checkout_origin": moving_stripe.url})
    yield
    app.config.update(before)


def a_signed_in_member(client: Browser, house: House, stripe: StandIn, card: str = GOOD) -> Applicant:
    applicant, _ = a_member(house, stripe, card)
    client.sign_in(applicant.person.user_id)
    return applicant


def cancellations(applicant: Applicant) -> list[Cancellation]:
    with db.reading() as session:
        query = select(Cancellation).where(Cancellation.patient_id == applicant.patient_id)
        return list(session.scalars(query.order_by(Cancellation.asked_at, Cancellation.id)))


def tasks(applicant: Applicant) -> list[Alert]:
    with db.reading() as session:
        query = select(Alert).where(Alert.patient_id == applicant.patient_id, Alert.code == "LEAVING")
        return list(session.scalars(query))


def test_cancelling_is_two_pages_needs_no_word_and_is_confirmed_at_once(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    assert "/billing/cancel" in client.get("/billing").text
    page = client.get("/billing/cancel").text
    for words in ("December 23, 2026", "You will not be charged again", "Skip a month instead", "undo this"):
        assert words in page
    assert client.submit("/billing/cancel").headers["Location"] == "/billing"
    assert "ends on December 23, 2026" in client.get("/billing").text
    assert row_of(ana).cancels_at_period_end
    assert mails_to(ana)["membership_ending"] == 1
    (kept,) = cancellations(ana)
    assert (kept.asked_by, kept.reason, kept.comment_sealed, kept.undone_at) == ("patient", None, None, None)
    assert len(tasks(ana)) == 1, "a clinician sees to what comes next"


def test_a_reason_is_kept_and_words_are_sealed(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    client.submit("/billing/cancel", {"reason": "cost", "comment": "Too dear for me"})
    (kept,) = cancellations(ana)
    assert kept.reason == "cost"
    assert kept.comment_sealed is not None
    assert b"dear" not in kept.comment_sealed
    assert crypto.unseal(kept.comment_sealed, "cancellations", "comment", kept.id) == "Too dear for me"


@pytest.mark.parametrize(
    "said", [{"reason": "<script>"}, {"when": "yesterday"}, {"reason": "cost' OR 1=1"}, {"when": ""}]
)
def test_nonsense_beside_the_button_still_cancels_with_the_month(
    client: Browser, house: House, moving_stripe: StandIn, said: dict[str, str]
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    assert client.submit("/billing/cancel", said).status_code == 303
    assert row_of(ana).cancels_at_period_end
    assert cancellations(ana)[0].reason is None


def test_too_long_a_word_is_said_and_nothing_is_lost(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    answer = client.submit("/billing/cancel", {"comment": "long " * 400})
    assert answer.status_code == 422
    assert "Use a shorter form" in answer.text
    assert not row_of(ana).cancels_at_period_end


def test_pressed_twice_and_undone_and_cancelled_again(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    for _ in range(2):
        client.submit("/billing/cancel", {"reason": "time"})
    assert len(cancellations(ana)) == 1
    client.submit("/billing/cancel/undo")
    assert not row_of(ana).cancels_at_period_end
    assert cancellations(ana)[0].undone_at is not None
    client.submit("/billing/cancel")
    assert [one.undone_at is None for one in cancellations(ana)] == [False, True]


def test_the_gate_is_asked_before_somebody_stays(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    client.submit("/billing/cancel")
    a_hold(house, ana)
    answer = client.submit("/billing/cancel/undo")
    assert answer.status_code == 422
    assert "Your membership stays cancelled" in answer.text
    assert row_of(ana).cancels_at_period_end
    assert cancellations(ana)[0].undone_at is None


def test_ended_today_nothing_more_is_charged_and_the_record_stays_open(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    client.submit("/billing/cancel", {"when": "now", "reason": "elsewhere", "comment": "Bye"})
    assert row_of(ana).status == "ended"
    (kept,) = cancellations(ana)
    assert (kept.asked_by, kept.reason) == ("patient", "elsewhere")
    assert mails_to(ana)["membership_ended"] == 1
    assert len(tasks(ana)) == 1
    pass_time(house, moving_stripe, moving_stripe.gateway(), house.now + timedelta(days=40))
    assert payments(ana) == [25000]
    for path in ("/home", "/billing", "/billing/receipts", "/check-ins", "/consents/signed", "/settings/your-data"):
        assert client.get(path).status_code in (200, 303), path
    assert "Come back" in client.get("/billing").text


def test_who_owes_leaves_without_paying_and_nothing_is_collected(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe, FAILS_LATER)
    gateway = moving_stripe.gateway()
    pass_time(house, moving_stripe, gateway, charge_at(ana) + timedelta(hours=2))
    assert row_of(ana).status == "grace"
    page = client.get("/billing/cancel").text
    assert "What is still open is not collected" in page
    client.submit("/billing/cancel", {"when": "end"})
    assert row_of(ana).status == "ended"
    assert {one.status for one in invoices_of(row_of(ana).id)} == {"paid", "void"}
    pass_time(house, moving_stripe, gateway, house.now + timedelta(days=20))
    assert payments(ana) == [25000]


def test_a_paused_member_can_leave(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    gateway, due = moving_stripe.gateway(), charge_at(ana)
    a_hold(house, ana)
    pass_time(house, moving_stripe, gateway, due - timedelta(hours=23))
    actions.ask_before_renewals(gateway=gateway, catalog=house.catalog, now=house.now)
    assert row_of(ana).status == "stopped"
    assert NOT_PAID_BACK in client.get("/billing/cancel").text, "a day that was paid for is left"
    client.submit("/billing/cancel")
    assert row_of(ana).status == "ended"


def test_what_an_end_today_does_not_pay_back_is_said_where_something_was_paid(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe, FAILS_LATER)
    assert NOT_PAID_BACK in client.get("/billing/cancel").text
    pass_time(house, moving_stripe, moving_stripe.gateway(), charge_at(ana) + timedelta(hours=2))
    assert row_of(ana).status == "grace"
    assert NOT_PAID_BACK not in client.get("/billing/cancel").text, "the month that is open was not paid"


def test_the_way_out_is_open_on_a_day_without_a_rule_for_an_end_at_once(
    client: Browser, app: Flask, house: House, moving_stripe: StandIn
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    ruled = app.config["CATALOG"]
    app.config["CATALOG"] = replace(ruled, ends=())
    assert client.get("/billing/cancel").status_code == 200
    client.submit("/billing/cancel")
    app.config["CATALOG"] = ruled
    assert row_of(ana).cancels_at_period_end


def test_on_the_way_to_pay_leaving_closes_the_page(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = ready_to_pay(house)
    client.sign_in(ana.person.user_id)
    page = checkout(client)
    assert "Do not go on" in client.get("/billing").text
    assert "You have not paid yet" in client.get("/billing/cancel").text
    client.submit("/billing/cancel")
    row = membership_row(ana.patient_id)
    assert row is not None
    assert row.status == "ended"
    assert requests.get(page, timeout=5).status_code == 410
    assert cancellations(ana)[0].asked_by == "patient"
    assert tasks(ana) == []
    assert checkout(client) != page, "they may think again"


def test_a_page_opened_at_that_moment_is_not_said_to_be_closed(
    client: Browser, house: House, moving_stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = ready_to_pay(house)
    client.sign_in(ana.person.user_id)
    page = checkout(client)
    with monkeypatch.context() as quicker:  # another tab opens it between our look and our lock
        quicker.setattr(import_module("service.billing.actions.cancel"), "close_pages", lambda *_: None)
        assert client.submit("/billing/cancel").status_code == 503
    assert (membership_row(ana.patient_id) or Membership()).status == "awaiting_payment"
    assert cancellations(ana) == []
    client.submit("/billing/cancel")
    assert requests.get(page, timeout=5).status_code == 410


def test_stripe_away_the_wish_is_kept_said_and_heard_later(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/subscriptions"}
    requests.post(f"{moving_stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()
    assert client.submit("/billing/cancel").headers["Location"] == "/billing"
    assert "We have your cancellation" in client.get("/billing").text
    requests.delete(f"{moving_stripe.url}/_standin/faults", timeout=5).raise_for_status()
    house.at(house.now + timedelta(minutes=6))
    actions.ask_again(gateway=moving_stripe.gateway(), catalog=house.catalog, now=house.now)
    assert row_of(ana).cancels_at_period_end
    with db.reading() as session:
        assert [one.status for one in session.scalars(select(Intent).where(Intent.kind == "cancel"))] == ["done"]


def test_who_left_comes_back_without_starting_over(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    gateway = moving_stripe.gateway()
    client.submit("/billing/cancel")
    pass_time(house, moving_stripe, gateway, charge_at(ana) + timedelta(hours=2))
    assert row_of(ana).status == "ended"
    assert enrollment_status(ana) == "consented", "what was approved and signed stands"
    assert "Come back" in client.get("/billing").text
    page = client.get("/membership").text
    assert "Welcome back" in page
    house.at(house.now)
    back = moving_stripe.pay(checkout(client)).headers["Location"]
    assert client.get(back.removeprefix("https://localhost")).status_code == 200
    row = row_of(ana)
    assert row.status == "active"
    with db.reading() as session:
        said = session.scalars(select(Agreement.occasion).where(Agreement.membership_id == row.id)).all()
        assert len(session.scalars(select(Membership).where(Membership.patient_id == ana.patient_id)).all()) == 2
        assert len(session.scalars(select(Checkout)).all()) == 2
    assert said == ["return"]
    assert payments(ana) == [25000, 25000]
    assert enrollment_status(ana) == "active"
    assert mails_named("membership_started", ana) == 2


def test_coming_back_asks_the_gate_like_the_first_time(client: Browser, house: House, moving_stripe: StandIn) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    client.submit("/billing/cancel", {"when": "now"})
    a_hold(house, ana)
    page = client.get("/membership").text
    assert "Our care team wants to talk with you first" in page
    assert payments(ana) == [25000]


@pytest.mark.parametrize(
    ("columns", "amount"),
    [
        ({"credit_cents": 4000}, "$210.00"),
        ({"credit_cents": 99900}, "$0.00"),
        ({"discount_percent": 20, "credit_cents": 5000}, "$150.00"),
        ({"next_price_cents": 34900, "next_plan": "monthly_plus"}, "$349.00"),
    ],
)
def test_home_and_billing_say_the_same_next_charge_after_everything_that_is_taken_off(
    client: Browser, house: House, moving_stripe: StandIn, columns: dict[str, object], amount: str
) -> None:
    ana = a_signed_in_member(client, house, moving_stripe)
    with db.transaction() as session:
        row = session.get_one(Membership, row_of(ana).id)
        for name, value in columns.items():
            setattr(row, name, value)
    for path in ("/home", "/billing"):
        page = client.get(path).text
        assert amount in page, path
        assert "December 23, 2026" in page, path


def test_what_was_agreed_and_why_somebody_left_is_in_their_copy(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    ana = ready_to_pay(house)
    client.sign_in(ana.person.user_id)
    client.get(moving_stripe.pay(checkout(client)).headers["Location"].removeprefix("https://localhost"))
    client.submit("/billing/cancel", {"reason": "cost", "comment": "Too dear for me"})
    with db.reading() as session:
        found = {section.key: section.entries for section in copy_of(session, ana.patient_id, house.catalog)}
    assert "until I cancel" in str(found["agreements"][0]["wording"])
    assert found["cancellations"][0]["note"] == "Too dear for me"
    assert found["cancellations"][0]["why"] == "It costs too much"
