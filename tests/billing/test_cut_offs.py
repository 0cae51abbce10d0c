"""Until when something can be changed: what a page or a mail says is to the minute what counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from config.settings import Settings
from service.billing.actions.changes import tell_price_changes
from service.catalog.rules.changes import PriceChange
from service.kit import crypto, db
from service.mail import emails
from service.mail.models import OutboxMessage
from tests.billing.changing import MIAMI, Member, with_changes
from tests.billing.stand_in import StandIn
from tests.billing.test_change_pages import hidden, signed_in
from tests.client import Browser
from tests.conftest import House

A_MINUTE = timedelta(minutes=1)
A_MOMENT = r"([A-Z][a-z]+ \d{1,2}, \d{4}, \d{1,2}:\d{2} [AP]M) Eastern"
RISE = PriceChange("rise", "monthly", 26500, "homeward_monthly_b", date(2027, 2, 1), "keep")


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, moving_stripe: StandIn) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD", "CATALOG")}
    app.config["GATEWAY"] = moving_stripe.gateway()
    yield
    app.config.update(before)


def moments(text: str) -> list[datetime]:
    """Each moment that stands in a text, in its order."""
    there = [datetime.strptime(found, "%B %d, %Y, %I:%M %p") for found in re.findall(A_MOMENT, text)]  # noqa: DTZ007
    return [one.replace(tzinfo=ZoneInfo(MIAMI)).astimezone(UTC) for one in there]


def done(member: Member) -> list[str]:
    return [kind for kind, status in member.intents() if status == "done"]


def press(client: Browser, member: Member, until: datetime, path: str, form: dict[str, str] | None = None) -> None:
    """A minute after `until` it is too late and nothing happens; at `until` itself it is done."""
    before = done(member)
    member.house.at(until + A_MINUTE)
    client.submit(path, form)
    assert done(member) == before, f"{path} still works after the moment that was printed"
    member.house.at(until)
    client.submit(path, form)
    assert len(done(member)) == len(before) + 1, f"{path} works no more at the moment that was printed"


def test_a_month_is_left_out_and_taken_back_until_the_moments_that_are_printed(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe)
    until, undo = moments(client.get("/billing/skip").text)
    press(client, member, until, "/billing/skip", {"months": "1"})
    assert moments(client.get("/billing").text) == [undo]
    press(client, member, undo, "/billing/skip/undo")


def test_a_date_is_moved_until_the_moment_that_is_printed(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe)
    (until,) = moments(client.get("/billing/date").text)
    press(client, member, until, "/billing/date", {"day": "2026-12-28"})


def test_a_plan_is_chosen_and_taken_back_until_the_moments_that_are_printed(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    member = signed_in(client, house, moving_stripe, plan="monthly_plus")
    (until,) = moments(client.get("/billing/plan").text)
    house.at(until)
    page = client.get("/billing/plan/monthly").text
    (undo,) = moments(page)
    press(client, member, until, "/billing/plan/monthly", hidden(page, "shown"))
    assert moments(client.get("/billing").text) == [undo]
    press(client, member, undo, "/billing/plan/undo")


def test_a_new_price_is_answered_until_the_moment_that_the_mail_and_the_page_print(
    app: Flask, client: Browser, house: House, moving_stripe: StandIn, settings: Settings
) -> None:
    member = signed_in(client, house, moving_stripe)
    with_changes(member, RISE)
    app.config["CATALOG"] = member.catalog
    house.at(datetime(2026, 12, 10, tzinfo=UTC))
    tell_price_changes(catalog=member.catalog, now=house.now)
    page = client.get("/billing/price").text
    (until,) = moments(page)
    with db.reading() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.template == "price_change")).one()
    facts = crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)
    mail = emails.render(settings, row.template, facts, given_name="Ana", locale="en")
    assert moments(mail.text) == moments(mail.html) == [until]
    form = {**hidden(page, "terms"), "agreed": "y"}
    house.at(until + A_MINUTE)
    client.submit("/billing/price", form)
    assert member.agreed() == [("start", 25000)]
    house.at(until)
    client.submit("/billing/price", form)
    assert member.agreed() == [("start", 25000), ("price", 26500)]
    app.config["CATALOG"] = replace(member.catalog, price_changes=())


def test_an_end_can_be_undone_to_its_last_minute(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = signed_in(client, house, moving_stripe)
    client.submit("/billing/cancel")
    assert "Your membership ends on December 23, 2026" in client.get("/billing").text
    member.pass_time(datetime(2026, 12, 23, 15, tzinfo=UTC) - A_MINUTE)
    client.submit("/billing/cancel/undo")
    assert not member.row.cancels_at_period_end
    member.pass_time(datetime(2026, 12, 23, 17, tzinfo=UTC))
    assert member.charged() == [25000, 25000]
