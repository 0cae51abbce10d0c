"""Promotion codes: said in words before they count, once for each person, and never two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from service.billing import actions
from service.kit.errors import Conflict, Rejected
from tests.billing.changing import Member, a_member
from tests.billing.stand_in import StandIn
from tests.conftest import House


def find(member: Member, code: str, price_cents: int = 25000) -> actions.CodeOffer:
    about = {name: value for name, value in member.about.items() if name != "actor"}
    return actions.find_code(code=code, price_cents=price_cents, **about)


def use(member: Member, code: str) -> None:
    actions.apply_promotion(code=code, **member.about)


def test_a_code_says_the_first_amount_how_long_and_what_comes_after(house: House, stripe: StandIn) -> None:
    member = a_member(house, stripe)
    once, months = find(member, "welcome-50 "), find(member, "QUARTER20")
    assert (once.first_cents, once.months, once.after_cents, once.off_cents) == (20000, 1, 25000, 5000)
    assert (months.first_cents, months.months, months.after_cents, months.percent_off) == (20000, 3, 25000, 20)
    assert member.intents() == []


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
