"""Another plan: exactly what was shown is charged, or nothing; and what begins with the next charge can be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from service.billing import actions
from service.billing.forms.changes import Reader, changing_plan
from service.billing.gateway import Declined, Gateway, NeedsAction
from service.kit.errors import Conflict, TryAgain
from tests.billing.changing import MIAMI, Member, a_member
from tests.billing.stand_in import ALWAYS_ASKS, FAILS_LATER, KEY, SECRET, StandIn
from tests.conftest import House
from tests.factories.billing import a_hold

MID = datetime(2026, 12, 8, 15, 0, tzinfo=UTC)


def later(member: Member, plan: str = "monthly") -> None:
    actions.change_plan_later(plan_key=plan, terms=None, **member.about)


def refused(member: Member, code: str, shown: actions.PlanReview) -> None:
    with pytest.raises(Conflict) as no:
        member.upgrade(shown)
    assert no.value.code == code


def test_what_is_shown_is_charged_to_the_cent(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    assert shown.preview is not None
    due = shown.preview.amount_due_cents
    assert due == sum(line.amount_cents for line in shown.lines)
    assert {line.kind for line in shown.lines} == {"unused", "remaining"}
    assert 4700 < due < 5200, "half of the month's difference of 99 dollars"
    moving_stripe.move_to(MID + timedelta(minutes=9))
    house.at(MID + timedelta(minutes=9))
    member.upgrade(shown)
    assert member.charged() == [25000, due] == member.kept()
    assert (member.row.plan, member.row.price_cents, member.row.next_price_cents) == ("monthly_plus", 34900, None)
    assert member.agreed()[-1] == ("plan", 34900)
    assert len(member.mails()) == 1
    assert member.charge_on == datetime(2026, 12, 23, tzinfo=UTC).date()
    member.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert member.charged() == [25000, due, 34900]


def test_pressed_twice_and_in_two_tabs_it_is_one_charge(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    first, second = member.review(), member.review()
    member.upgrade(first)
    for again in (first, second):
        refused(member, "same_plan", again)
    assert len(member.charged()) == 2
    assert [kind for kind, _ in member.intents()] == ["change_plan"]


@pytest.mark.parametrize("late", [timedelta(minutes=15, seconds=1), timedelta(days=2), timedelta(minutes=-1)])
def test_an_amount_stands_for_fifteen_minutes(house: House, moving_stripe: StandIn, late: timedelta) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    house.at(MID + late)
    refused(member, "changed", shown)
    assert member.charged() == [25000]


def test_an_amount_that_changed_meanwhile_is_not_charged(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    assert shown.preview is not None
    member.gateway.give_credit(
        member.row.stripe_customer_id or "", amount_cents=1000, credit_id=member.row.id, key=f"credit:{member.row.id}"
    )
    refused(member, "changed", shown)
    assert member.charged() == [25000]
    assert member.agreed()[-1][0] == "start"
    fresh = member.upgrade()
    assert fresh.preview is not None
    assert fresh.preview.amount_due_cents == shown.preview.amount_due_cents - 1000
    assert member.charged() == [25000, fresh.preview.amount_due_cents]


@pytest.mark.parametrize("due", [0, -500, 1, 2**62])
def test_an_amount_somebody_made_up_is_not_charged(house: House, moving_stripe: StandIn, due: int) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    assert shown.preview is not None
    refused(member, "changed", replace(shown, preview=replace(shown.preview, amount_due_cents=due)))
    refused(member, "changed", replace(shown, plan=replace(shown.plan, price_cents=34800)))
    assert member.charged() == [25000]


def test_somebody_elses_review_counts_for_nobody(house: House, stripe: StandIn) -> None:
    mine, other = a_member(house, stripe), a_member(house, stripe)
    house.at(house.now + timedelta(minutes=1))
    refused(mine, "changed", other.review())
    assert (mine.charged(), other.charged()) == ([25000], [25000])


@pytest.mark.parametrize(("card", "error"), [(FAILS_LATER, Declined), (ALWAYS_ASKS, NeedsAction)])
def test_a_card_that_is_not_charged_leaves_the_old_plan(
    house: House, moving_stripe: StandIn, card: str, error: type[Exception]
) -> None:
    member = a_member(house, moving_stripe, card=card)
    member.pass_time(MID)
    with pytest.raises(error):
        member.upgrade()
    row = member.row
    assert (row.plan, row.price_cents, row.next_plan, row.next_price_cents) == ("monthly", 25000, None, None)
    assert member.at_stripe().price_cents == 25000
    assert member.charged() == [25000]
    assert member.intents()[-1] == ("change_plan", "refused")
    assert (row.status, member.mails()) == ("active", [])
    with pytest.raises(error):  # the next try is another one, and nothing stands in its way
        member.upgrade()


def test_the_gate_is_asked_before_a_dearer_plan_is_charged(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    a_hold(house, member.applicant)
    with pytest.raises(actions.GateSaysNo):
        member.upgrade(shown)
    assert member.charged() == [25000]
    assert member.intents() == []


class Lost(Gateway):
    """Stripe did it, or never heard it; no answer came."""

    calls = 0
    heard = True

    def change_plan(self, subscription_id: str, **arguments: object) -> None:
        self.calls += 1
        if self.heard:
            super().change_plan(subscription_id, **arguments)  # type: ignore[arg-type]
        raise TryAgain("lost")


@pytest.mark.parametrize("heard", [True, False])
def test_a_lost_answer_is_looked_up_and_never_called_for_twice(
    house: House, moving_stripe: StandIn, heard: bool
) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    lost = Lost(key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin="x", site="https://x")
    lost.heard = heard
    sound, member.gateway = member.gateway, lost
    with pytest.raises(TryAgain):
        member.upgrade(shown)
    with pytest.raises(Conflict) as busy:
        actions.skip(months=1, **member.about)
    assert busy.value.code == "busy"
    house.at(house.now + timedelta(minutes=6))
    actions.ask_again(gateway=member.gateway, catalog=member.catalog, now=house.now)
    assert lost.calls == 1
    member.gateway = sound
    assert len(member.charged()) == (2 if heard else 1)
    assert member.row.plan == ("monthly_plus" if heard else "monthly")
    assert member.row.next_plan is None
    assert member.row.price_cents == member.at_stripe().price_cents
    assert len(member.mails()) == (1 if heard else 0)


def test_a_cheaper_plan_begins_with_the_next_charge(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe, plan="monthly_plus")
    member.pass_time(MID)
    shown = member.review("monthly")
    assert (shown.step, shown.preview, shown.asks_consent) == ("next", None, False)
    later(member)
    assert (member.row.plan, member.row.next_plan, member.card.next_cents) == ("monthly_plus", "monthly", 25000)
    assert member.charged() == [34900]
    member.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert member.charged() == [34900, 25000] == member.kept()
    assert (member.row.plan, member.row.price_cents, member.row.next_plan) == ("monthly", 25000, None)


def test_a_coming_plan_can_be_taken_back_until_a_day_before(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe, plan="monthly_plus")
    later(member)
    actions.keep_plan(**member.about)
    assert (member.row.next_plan, member.row.next_price_cents, member.at_stripe().price_cents) == (None, None, 34900)
    with pytest.raises(Conflict) as no:
        actions.keep_plan(**member.about)
    assert no.value.code == "nothing_to_undo"
    later(member)
    house.at(member.charge_at - timedelta(hours=23))
    with pytest.raises(Conflict) as no:
        actions.keep_plan(**member.about)
    assert no.value.code == "too_late"


@pytest.mark.parametrize("plan", ["golden", "", "monthly\x00", "monthly"])
def test_a_plan_that_is_not_sold_or_is_theirs_is_no_choice(house: House, stripe: StandIn, plan: str) -> None:
    member = a_member(house, stripe)
    with pytest.raises(Conflict) as no:
        member.review(plan)
    assert no.value.code in ("no_such_choice", "same_plan")
    with pytest.raises(Conflict):
        later(member, plan)
    assert member.intents() == []


def test_a_dearer_plan_from_the_next_charge_on_needs_its_own_yes(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    actions.skip(months=1, **member.about)
    shown = member.review()
    assert (shown.step, shown.asks_consent) == ("next", True)
    with pytest.raises(Conflict) as no:
        later(member, "monthly_plus")
    assert no.value.code == "changed"
    terms = changing_plan(shown, Reader(MIAMI, "en", ""))
    actions.change_plan_later(plan_key="monthly_plus", terms=terms, **member.about)
    assert member.agreed()[-1] == ("plan", 34900)
    member.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert member.charged() == [25000, 34900]


def test_the_words_beside_the_box_name_every_line_and_the_sum(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    member.pass_time(MID)
    shown = member.review()
    terms = changing_plan(shown, Reader(MIAMI, "en", "Visa ending 4242"))
    assert shown.preview is not None
    due = f"${shown.preview.amount_due_cents / 100:.2f}"
    assert f"You pay today: {due}, Visa ending 4242" in terms.text
    assert (
        f"I agree to be charged {due} today, and $349.00 each month from December 23, 2026 until I cancel" in terms.box
    )
    assert "Next charge: $349.00 on December 23, 2026" in terms.text


def test_who_stays_after_all_has_the_plan_that_was_promised_though_stripe_never_heard_of_it(
    house: House, moving_stripe: StandIn
) -> None:
    member = a_member(house, moving_stripe, plan="monthly_plus")
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/subscriptions"}
    requests.post(f"{moving_stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()
    with pytest.raises(TryAgain):
        later(member)
    requests.delete(f"{moving_stripe.url}/_standin/faults", timeout=5).raise_for_status()
    actions.cancel(**member.about)
    assert (member.row.next_plan, member.at_stripe().price_cents) == ("monthly", 34900)
    actions.undo_cancel(**member.about)
    assert (member.card.next_cents, member.at_stripe().price_cents) == (25000, 25000)
    member.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert member.charged() == [34900, 25000]
    assert (member.row.plan, member.row.next_plan) == ("monthly", None)
