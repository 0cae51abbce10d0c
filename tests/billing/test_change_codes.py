"""Promotion codes: said in words before they count, once for each person, and never two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.billing import actions
from service.billing.rules.charges import charge_after, months_after
from service.billing.rules.giving import charges_before
from service.kit.errors import Conflict, Rejected, TryAgain
from tests.billing.changing import Member, a_member
from tests.billing.desk import trouble
from tests.billing.stand_in import StandIn
from tests.conftest import House


def find(member: Member, code: str, price_cents: int = 25000) -> actions.CodeOffer:
    about = {name: value for name, value in member.about.items() if name != "actor"}
    return actions.find_code(code=code, price_cents=price_cents, **about)


def use(member: Member, code: str) -> None:
    actions.apply_promotion(code=code, **member.about)


def test_a_code_says_the_first_amount_how_long_and_what_comes_after(house: House, stripe: StandIn) -> None:
    member = a_member(house, stripe)
    house.at(house.now + timedelta(hours=1))
    once, months = find(member, "welcome-50 "), find(member, "QUARTER20")
    assert (once.first_cents, once.months, once.after_cents, once.off_cents) == (20000, 1, 25000, 5000)
    assert (months.first_cents, months.months, months.after_cents, months.percent_off) == (20000, 3, 25000, 20)
    assert member.intents() == []


def test_over_a_short_month_a_code_says_how_many_charges_it_really_lowers(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    assert find(member, "QUARTER20").months == 2, "three months from the very moment of a charge end with the third"
    member.day_by_day(datetime(2026, 11, 24, 15, tzinfo=UTC))
    assert find(member, "QUARTER20").months == 3


@pytest.mark.parametrize(
    ("anchor", "now", "charges"),
    [
        ((2027, 1, 31, 12), (2027, 2, 28, 13), 2),  # until May 28: March 31, April 30
        ((2027, 1, 31, 12), (2027, 3, 1, 12), 3),  # until June 1: March 31, April 30, May 31
        ((2027, 1, 31, 12), (2027, 1, 30, 13), 4),  # until April 30, an hour later: January 31 too
    ],
)
def test_charges_are_counted_by_the_calendar(
    anchor: tuple[int, int, int, int], now: tuple[int, int, int, int], charges: int
) -> None:
    begun, moment = datetime(*anchor, tzinfo=UTC), datetime(*now, tzinfo=UTC)
    first = charge_after(begun, moment)
    assert charges_before(begun, first, months_after(moment, 3)) == charges


@pytest.mark.parametrize("then", ["nobody is there for hours", "they cancel, and stay"])
def test_a_code_whose_answer_was_lost_counts_once_all_the_same(house: House, moving_stripe: StandIn, then: str) -> None:
    member = a_member(house, moving_stripe)
    trouble(moving_stripe, kind="timeout", count=2, method="POST", path="/v1/subscriptions")
    with pytest.raises(TryAgain):
        use(member, "WELCOME50")
    if then == "they cancel, and stay":
        actions.cancel(**member.about)
        actions.undo_cancel(**member.about)
    else:
        house.at(house.now + timedelta(hours=5))
        member.tick()
    assert [status for kind, status in member.intents() if kind == "promotion"] != ["done"]
    member.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert member.charged() == [25000, 20000]
    with pytest.raises(Rejected) as again:
        use(member, "WELCOME50")
    assert again.value.code == "code_used"


def test_a_code_lowers_the_next_charge_and_then_no_more(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    use(member, "WELCOME50")
    assert member.card.next_cents == 20000
    assert len(member.mails()) == 1
    member.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert member.charged() == [25000, 20000, 25000] == member.kept()
    assert member.card.next_cents == 25000


def test_a_code_for_three_months_counts_three_times(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    use(member, "quarter20")
    member.day_by_day(datetime(2027, 2, 1, tzinfo=UTC))
    assert member.charged() == [25000, 20000, 20000]


@pytest.mark.parametrize(
    "code", ["", "NOBODY", "WELCOME50; DROP", "A" * 5000, "ＷＥＬＣＯＭＥ５０", "w\x00", "ana@example.com"]
)
def test_a_code_nobody_knows_never_reaches_stripe(house: House, stripe: StandIn, code: str) -> None:
    member = a_member(house, stripe)
    with pytest.raises(Rejected) as no:
        find(member, code)
    assert no.value.code == "unknown_code"


def test_one_that_is_over_says_so(house: House, stripe: StandIn) -> None:
    member = a_member(house, stripe)
    over = tuple(replace(one, last_on=date(2026, 11, 22)) for one in member.catalog.promotions)
    member.catalog = replace(member.catalog, promotions=over)
    with pytest.raises(Rejected) as no:
        use(member, "WELCOME50")
    assert no.value.code == "code_over"


def test_one_that_was_used_up_says_so_and_is_not_offered_anew(house: House, moving_stripe: StandIn) -> None:
    member, other = a_member(house, moving_stripe), a_member(house, moving_stripe)
    rare = replace(member.catalog.promotions[0], code="RARE", most_uses=1)
    for one in (member, other):
        one.catalog = replace(one.catalog, promotions=(rare,))
        actions.offer_prices(gateway=one.gateway, catalog=one.catalog)
    use(member, "RARE")
    with pytest.raises(Rejected) as no:
        use(other, "RARE")
    assert no.value.code == "code_used_up"
    actions.offer_prices(gateway=other.gateway, catalog=other.catalog)
    assert other.gateway.find_promotion("RARE") is None


def test_a_second_code_and_the_same_one_again_are_turned_down(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    use(member, "WELCOME50")
    for code in ("QUARTER20", "WELCOME50"):
        with pytest.raises(Conflict) as second:
            use(member, code)
        assert second.value.code == "second_code"
    member.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    with pytest.raises(Rejected) as again:
        use(member, "WELCOME50")
    assert again.value.code == "code_used"
    assert [kind for kind, _ in member.intents()] == ["promotion"]
