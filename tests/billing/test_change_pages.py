"""The pages on which a patient changes a membership, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from service.billing.actions.changes import tell_price_changes
from service.catalog.rules.changes import PriceChange
from service.kit import crypto, db
from service.mail.models import OutboxMessage
from tests.billing.changing import Member, a_member, with_changes
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.client import Browser
from tests.conftest import House
from tests.factories.billing import a_hold

MID = datetime(2026, 12, 8, 15, 0, tzinfo=UTC)
RISE = PriceChange("rise", "monthly", 26500, "homeward_monthly_b", date(2027, 2, 1), "keep")


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, moving_stripe: StandIn) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD", "CATALOG")}
    app.config["GATEWAY"] = moving_stripe.gateway()
    app.config["HOMEWARD"] = before["HOMEWARD"].model_copy(update={"checkout_origin": moving_stripe.url})
    yield
    app.config.update(before)


def signed_in(client: Browser, house: House, stripe: StandIn, *, card: str = GOOD, plan: str = "monthly") -> Member:
    member = a_member(house, stripe, card=card, plan=plan)
    client.sign_in(member.applicant.person.user_id)
    return member


def hidden(page: str, *names: str) -> dict[str, str]:
    """What a page's form carries for itself."""
    found = {}
    for name in names:
        tag = next(tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag)
        value = re.search(r'value="([^"]*)"', tag)
        assert value is not None
        found[name] = value[1]
    return found


def test_the_page_offers_each_change_with_its_cut_off(client: Browser, house: House, moving_stripe: StandIn) -> None:
    signed_in(client, house, moving_stripe)
    page = client.get("/billing").text
    for words in (
        "Skip a month or pause",
        "Until Sun, Dec 20, 10:00",
        "You can move it until Sun, Dec 20, 10:00",
        "Until Tue, Dec 22, 10:00",
        "Use a code",
    ):
        assert words in page


def test_a_dearer_plan_is_shown_agreed_to_and_charged(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe)
    member.pass_time(MID)
    assert "Changes today" in client.get("/billing/plan").text
    page = client.get("/billing/plan/monthly_plus").text
    for words in (
        "Time you paid for and do not use",
        "You pay today",
        "$349.00 on December 23, 2026",
        "Visa ending 4242",
    ):
        assert words in page
    assert "checked" not in page
    form = hidden(page, "shown", "terms")
    unticked = client.submit("/billing/plan/monthly_plus", form)
    assert (unticked.status_code, "Tick the box" in unticked.text) == (422, True)
    done = client.submit("/billing/plan/monthly_plus", {**form, "agreed": "y"})
    assert done.headers["Location"] == "/billing"
    assert "Your plan is changed" in client.get("/billing").text
    assert len(member.charged()) == 2
    client.submit("/billing/plan/monthly_plus", {**form, "agreed": "y"})
    assert "That is the plan you have" in client.get("/billing").text
    assert len(member.charged()) == 2


def test_an_amount_that_was_touched_or_is_old_is_reckoned_anew(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe)
    member.pass_time(MID)
    form = {**hidden(client.get("/billing/plan/monthly_plus").text, "shown", "terms"), "agreed": "y"}
    for shown in ("", "x", form["shown"][:-3] + "abc", form["shown"] + "0"):
        answer = client.submit("/billing/plan/monthly_plus", {**form, "shown": shown})
        assert answer.status_code == 422
        assert "These are the amounts as of now" in answer.text
    assert client.submit("/billing/plan/monthly", form).status_code == 303
    assert client.submit("/billing/plan/monthly_plus", {**form, "terms": "0" * 64}).status_code == 422
    house.at(MID + timedelta(minutes=16))
    assert client.submit("/billing/plan/monthly_plus", form).status_code == 422
    assert member.charged() == [25000]


def test_a_bank_that_says_no_is_said_with_what_to_do(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe, card=FAILS_LATER)
    member.pass_time(MID)
    form = hidden(client.get("/billing/plan/monthly_plus").text, "shown", "terms")
    client.submit("/billing/plan/monthly_plus", {**form, "agreed": "y"})
    page = client.get("/billing").text
    assert "Your bank said no. Nothing was charged, nothing has changed. Use another card" in page
    assert "$250.00" in page
    assert member.row.plan == "monthly"


def test_a_hold_that_came_meanwhile_charges_nothing(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe)
    member.pass_time(MID)
    form = hidden(client.get("/billing/plan/monthly_plus").text, "shown", "terms")
    a_hold(house, member.applicant)
    client.submit("/billing/plan/monthly_plus", {**form, "agreed": "y"})
    assert "We have to check something before we charge you" in client.get("/billing").text
    assert member.charged() == [25000]


def test_a_cheaper_plan_is_announced_and_can_be_taken_back(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe, plan="monthly_plus")
    page = client.get("/billing/plan/monthly").text
    assert "You can undo this until Tuesday" not in page
    assert "December 22, 2026" in page
    client.submit("/billing/plan/monthly", hidden(page, "shown"))
    page = client.get("/billing").text
    assert "Monthly membership, $250.00 a month, begins with your charge on December 23, 2026" in page
    assert "Stay with my plan" in page
    client.submit("/billing/plan/undo")
    assert "Stay with my plan" not in client.get("/billing").text
    assert member.row.next_plan is None


@pytest.mark.parametrize(("plan", "other"), [("monthly_plus", "monthly"), ("monthly", "monthly_plus")])
def test_a_plan_is_changed_in_its_first_seconds_where_stripes_clock_is_ahead(
    client: Browser, house: House, moving_stripe: StandIn, plan: str, other: str
) -> None:
    moving_stripe.move_to(house.now + timedelta(minutes=2))
    member = signed_in(client, house, moving_stripe, plan=plan)
    page = client.get(f"/billing/plan/{other}").text
    terms = ("terms",) if other == "monthly_plus" else ()
    client.submit(f"/billing/plan/{other}", {**hidden(page, "shown", *terms), "agreed": "y"})
    assert (member.row.next_plan or member.row.plan) == other


def test_a_month_is_skipped_undone_and_begun_again(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe)
    page = client.get("/billing/skip").text
    for words in (
        "Skip 1 month: the next charge is on January 23, 2027",
        "Pause for 3 months",
        "safety pages stay open",
    ):
        assert words in page
    for months in ("", "0", "-1", "4", "x", "99999999999999999999"):
        assert client.submit("/billing/skip", {"months": months}).status_code == 422
    client.submit("/billing/skip", {"months": "1"})
    page = client.get("/billing").text
    assert "Nothing is charged on December 23, 2026. The next charge is on January 23, 2027." in page
    client.submit("/billing/skip", {"months": "1"})
    client.submit("/billing/skip/undo")
    assert "Do not leave it out" not in client.get("/billing").text
    client.submit("/billing/skip", {"months": "1"})
    member.pass_time(datetime(2027, 1, 4, 15, tzinfo=UTC))
    assert "You left it out" in client.get("/billing").text
    page = client.get("/billing/start-again").text
    assert "I agree to be charged $250.00 today, and $250.00 each month from February 4, 2027 until I cancel" in page
    assert client.submit("/billing/start-again", hidden(page, "terms")).status_code == 422
    client.submit("/billing/start-again", {**hidden(page, "terms"), "agreed": "y"})
    assert member.charged() == [25000, 25000]


def test_the_date_is_moved_by_the_days_offered(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe)
    page = client.get("/billing/date").text
    assert "Thursday, December 24, 2026" in page
    assert "Wednesday, December 23, 2026" not in page.partition("<form")[2]
    for day in ("", "2026-12-23", "2027-01-07", "0001-01-01", "tomorrow", "2026-12-24T00:00"):
        assert client.submit("/billing/date", {"day": day}).status_code == 422
    client.submit("/billing/date", {"day": "2026-12-31"})
    assert "December 31, 2026" in client.get("/billing").text
    assert member.charge_on == date(2026, 12, 31)


def test_a_new_price_asks_on_the_page_about_money(
    app: Flask, client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe)
    assert client.get("/billing/price").headers["Location"] == "/billing"
    with_changes(member, RISE)
    app.config["CATALOG"] = member.catalog
    house.at(datetime(2026, 12, 10, tzinfo=UTC))
    tell_price_changes(catalog=member.catalog, now=house.now)
    assert "Your answer is needed" in client.get("/billing").text
    assert "new price" in client.get("/home").text
    page = client.get("/billing/price").text
    for words in ("$250.00 each month", "$265.00 each month", "February 23, 2027", "your price stays $250.00"):
        assert words in page
    form = hidden(page, "terms")
    assert client.submit("/billing/price", form).status_code == 422
    client.submit("/billing/price", {**form, "agreed": "y"})
    assert "You agreed to $265.00 a month from February 23, 2027 on" in client.get("/billing").text
    assert member.agreed()[-1] == ("price", 26500)
    app.config["CATALOG"] = replace(member.catalog, price_changes=())


def test_a_new_price_says_the_charge_there_will_be_and_asks_nobody_who_leaves(
    app: Flask, client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe)
    with_changes(member, RISE)
    app.config["CATALOG"] = member.catalog
    house.at(datetime(2026, 12, 10, tzinfo=UTC))
    tell_price_changes(catalog=member.catalog, now=house.now)
    client.submit("/billing/date", {"day": "2026-12-31"})
    assert "From February 28, 2027 your membership would cost $265.00" in client.get("/billing").text
    assert "$265.00 on February 28, 2027" in client.get("/billing/price").text
    client.submit("/billing/cancel")
    assert "Your answer is needed" not in client.get("/billing").text
    assert client.get("/billing/price").headers["Location"] == "/billing"
    client.submit("/billing/cancel/undo")
    form = {**hidden(client.get("/billing/price").text, "terms"), "agreed": "y"}
    client.submit("/billing/price", form)
    assert "You agreed to $265.00 a month from February 28, 2027 on" in client.get("/billing").text
    user_id = member.applicant.person.user_id
    with db.reading() as session:
        agreed = OutboxMessage.message_key.startswith("price_agreed:")
        row = session.scalars(select(OutboxMessage).where(agreed, OutboxMessage.user_id == user_id)).one()
        facts = crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)
    assert (facts["amount"], facts["charge_on"]) == ("$265.00", "February 28, 2027")
    app.config["CATALOG"] = replace(member.catalog, price_changes=())


def test_each_problem_is_said_once_above_and_once_where_it_is(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe)
    member.pass_time(MID)
    plan = client.get("/billing/plan/monthly_plus").text
    for path, sent, words in (
        ("/billing/skip", {}, "Choose how long"),
        ("/billing/date", {}, "Choose one of these days"),
        ("/billing/code", {}, "Type your code"),
        ("/billing/plan/monthly_plus", hidden(plan, "shown", "terms"), "Tick the box"),
        ("/billing/cancel", {"comment": "x" * 5000}, "longer than we can keep"),
    ):
        page = client.submit(path, sent).text
        assert (path, page.count('class="govuk-error-summary"'), page.count(words)) == (path, 1, 2)
    assert re.search(r"<details[^>]* open", page), "nothing that is wrong stays folded away"


def test_a_code_is_typed_shown_and_used(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe)
    member.pass_time(house.now + timedelta(days=1))
    for typed, words in (("", "Type your code"), ("nobody", "We do not know this code")):
        answer = client.submit("/billing/code", {"code": typed})
        assert (answer.status_code, words in answer.text) == (422, True)
    page = client.submit("/billing/code", {"code": "quarter20"}).text
    for words in ("QUARTER20: 20% off", "$200.00", "For 3 monthly charges", "$250.00 each month"):
        assert words in page
    client.submit("/billing/code/use", {"code": "QUARTER20"})
    page = client.get("/billing").text
    assert "Your code counts" in page
    assert "$200.00" in page


PAGES = ("/billing/plan", "/billing/plan/monthly_plus", "/billing/skip", "/billing/start-again", "/billing/date")


def test_somebody_whose_membership_does_not_run_is_told_why(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe, card=FAILS_LATER)
    member.pass_time(member.charge_at + timedelta(hours=2))
    for page in (*PAGES, "/billing/code"):
        assert client.get(page).headers["Location"] == "/billing"
        assert "A payment is still open" in client.get("/billing").text
    for post in ("/billing/skip", "/billing/skip/undo", "/billing/date", "/billing/plan/undo", "/billing/code/use"):
        assert client.submit(post, {"months": "1", "code": "QUARTER20"}).headers["Location"] == "/billing"
    assert member.intents() == []
