"""What a patient reads about their money is what happens: on pages and in mails, also where two things meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from service.billing import actions
from service.kit.errors import Conflict
from tests.billing.changing import Member, a_member
from tests.billing.stand_in import StandIn
from tests.client import Browser
from tests.conftest import House


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, moving_stripe: StandIn) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD", "CATALOG")}
    app.config["GATEWAY"] = moving_stripe.gateway()
    app.config["HOMEWARD"] = before["HOMEWARD"].model_copy(update={"checkout_origin": moving_stripe.url})
    yield
    app.config.update(before)


@pytest.fixture
def ana(client: Browser, house: House, moving_stripe: StandIn) -> Member:
    member = a_member(house, moving_stripe)
    client.sign_in(member.applicant.person.user_id)
    return member


def test_who_cancels_while_another_plan_is_coming_sees_the_page_and_can_stay(client: Browser, ana: Member) -> None:
    ana.pass_time(datetime(2026, 12, 8, 15, 0, tzinfo=UTC))
    ana.upgrade()
    actions.change_plan_later(plan_key="monthly", terms=None, **ana.about)
    client.submit("/billing/cancel")
    page = client.get("/billing")
    assert page.status_code == 200
    assert "Keep my membership" in page.text
    client.submit("/billing/cancel/undo")
    assert "begins with your charge on December 23, 2026" in client.get("/billing").text


def test_a_code_that_a_skipped_charge_spends_is_not_promised_for_the_next(client: Browser, ana: Member) -> None:
    actions.apply_promotion(code="WELCOME50", **ana.about)
    assert "Your discount does not wait" in client.get("/billing/skip").text
    actions.skip(months=1, **ana.about)
    assert ana.card.next_cents == 25000
    ana.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert ana.charged() == [25000, 25000]


def test_undone_in_time_the_code_still_counts(ana: Member) -> None:
    actions.apply_promotion(code="WELCOME50", **ana.about)
    actions.skip(months=1, **ana.about)
    actions.unskip(**ana.about)
    assert ana.card.next_cents == 20000
    ana.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert ana.charged() == [25000, 20000]


def test_no_code_is_spent_on_a_charge_that_is_left_out(client: Browser, ana: Member) -> None:
    actions.skip(months=1, **ana.about)
    assert "Use a code" not in client.get("/billing").text
    with pytest.raises(Conflict) as no:
        actions.apply_promotion(code="WELCOME50", **ana.about)
    assert no.value.code == "skipping"
    assert client.get("/billing/code").status_code == 303
    ana.pass_time(datetime(2026, 12, 24, tzinfo=UTC))  # the month that is left out: the charge after it is made
    actions.apply_promotion(code="WELCOME50", **ana.about)
    assert ana.card.next_cents == 20000
    ana.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert ana.charged() == [25000, 20000]
