"""Coupons and promotion codes: what they take off, how often, and until when."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, DECLINED, HOUR, WORKS, StandIn, invoice_of, period_of


def coupon(standin: StandIn, **terms: Any) -> str:
    return str(standin.api.coupons.create(terms).id)  # type: ignore[arg-type]


def code(standin: StandIn, words: str, coupon_id: str, **more: Any) -> stripe.PromotionCode:
    asked: Any = {"promotion": {"type": "coupon", "coupon": coupon_id}, "code": words, **more}
    return standin.api.promotion_codes.create(asked)


def paid_with(standin: StandIn, discount: dict[str, str]) -> stripe.Subscription:
    session = standin.session(discounts=[discount])
    standin.press(session, card=WORKS)
    return standin.subscription(str(standin.api.checkout.sessions.retrieve(session.id).subscription))


def totals(standin: StandIn, subscription: stripe.Subscription, months: int) -> list[int]:
    for _ in range(months):
        standin.move_to(period_of(standin.subscription(subscription.id))[1] + 2 * HOUR)
    found = standin.api.invoices.list({"subscription": subscription.id, "limit": 100}).data
    return [one.amount_paid for one in found][::-1]


@pytest.mark.parametrize(
    ("terms", "months"),
    [
        ({"percent_off": 50, "duration": "once"}, [12500, 25000, 25000, 25000]),
        ({"amount_off": 4000, "currency": "usd", "duration": "once"}, [21000, 25000, 25000, 25000]),
        ({"percent_off": 10, "duration": "repeating", "duration_in_months": 2}, [22500, 22500, 25000, 25000]),
        ({"percent_off": 33.33, "duration": "forever"}, [16667, 16667, 16667, 16667]),
        (
            {"amount_off": 99999, "currency": "usd", "duration": "repeating", "duration_in_months": 1},
            [0, 25000, 25000, 25000],
        ),
    ],
)
def test_a_discount_takes_off_what_it_says_for_as_long_as_it_says(
    standin: StandIn, terms: dict[str, Any], months: list[int]
) -> None:
    subscription = paid_with(standin, {"coupon": coupon(standin, **terms)})
    assert totals(standin, subscription, 3) == months
    lasting = terms["duration"] == "forever"
    assert bool(standin.subscription(subscription.id).discounts) is lasting
    standin.settle()
    assert standin.shop.types().count("customer.discount.deleted") == (0 if lasting else 1)


def test_an_invoice_says_what_was_taken_off_and_by_what(standin: StandIn) -> None:
    promotion = code(standin, "WELCOME", coupon(standin, percent_off=20, duration="forever"))
    session = standin.session(discounts=[{"promotion_code": promotion.id}])
    assert (session.amount_subtotal, session.amount_total) == (25000, 20000)
    assert session.total_details
    assert session.total_details.amount_discount == 5000
    html = standin.page(str(session.url))[1]
    assert "$200.00" in html
    assert "$50.00 off" in html
    standin.press(session, card=WORKS)
    asked: Any = {"expand": ["latest_invoice", "discounts.source.coupon"]}
    done = standin.api.checkout.sessions.retrieve(session.id)
    subscription = standin.api.subscriptions.retrieve(str(done.subscription), asked)
    [discount] = subscription.discounts
    assert isinstance(discount, stripe.Discount)
    assert (discount.promotion_code, discount.checkout_session) == (promotion.id, session.id)
    assert isinstance(discount.source.coupon, stripe.Coupon)
    assert discount.source.coupon.percent_off == 20
    invoice = invoice_of(subscription)
    assert (invoice.subtotal, invoice.total, invoice.amount_paid) == (25000, 20000, 20000)
    assert invoice.total_discount_amounts
    assert [(one.amount, one.discount) for one in invoice.total_discount_amounts] == [(5000, discount.id)]
    [line] = standin.api.invoices.line_items.list(str(invoice.id)).data
    assert line.discount_amounts
    assert (line.amount, line.discount_amounts[0].amount) == (25000, 5000)


def test_a_code_is_found_by_its_words_and_counts_its_uses(standin: StandIn) -> None:
    promotion = code(standin, "Spring", coupon(standin, percent_off=20, duration="once"), max_redemptions=1)
    [found] = standin.api.promotion_codes.list({"code": "SPRING", "active": True}).data
    assert found.id == promotion.id
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        code(standin, "SPRING", str(found.promotion.coupon))
    first, second = (standin.session(discounts=[{"promotion_code": promotion.id}]) for _ in range(2))
    standin.press(first, card=DECLINED)
    assert standin.api.promotion_codes.retrieve(promotion.id).times_redeemed == 0
    standin.press(first, card=WORKS)
    assert standin.api.promotion_codes.retrieve(promotion.id).times_redeemed == 1
    assert standin.api.promotion_codes.list({"code": "spring", "active": True}).data == []
    assert standin.press(second, card=WORKS)[1].endswith("?problem=coupon_expired"), "used up by somebody else"
    assert len(standin.api.subscriptions.list().data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="cannot be redeemed"):
        standin.session(discounts=[{"promotion_code": promotion.id}])


def test_a_code_ends_at_its_date_or_when_switched_off(standin: StandIn) -> None:
    half = coupon(standin, percent_off=50, duration="once", redeem_by=standin.now() + 20 * DAY)
    dated = code(standin, "DATED", half, expires_at=standin.now() + DAY)
    switched = code(standin, "SWITCHED", half)
    standin.move_to(standin.now() + DAY)
    assert standin.api.promotion_codes.retrieve(dated.id).active is False
    with pytest.raises(stripe.InvalidRequestError, match="cannot be made active"):
        standin.api.promotion_codes.update(dated.id, {"active": True})
    assert standin.api.promotion_codes.update(switched.id, {"active": False}).active is False
    with pytest.raises(stripe.InvalidRequestError, match="cannot be redeemed"):
        standin.session(discounts=[{"promotion_code": switched.id}])
    assert standin.api.promotion_codes.update(switched.id, {"active": True}).active is True
    standin.move_to(standin.now() + 20 * DAY)
    assert standin.api.coupons.retrieve(half).valid is False
    assert standin.api.promotion_codes.retrieve(switched.id).active is False
    with pytest.raises(stripe.InvalidRequestError, match="Coupon expired"):
        standin.session(discounts=[{"coupon": half}])


def test_a_code_for_one_customer_is_nobody_elses(standin: StandIn) -> None:
    ana = standin.api.customers.create({})
    promotion = code(standin, "ANA", coupon(standin, percent_off=20, duration="once"), customer=ana.id)
    with pytest.raises(stripe.InvalidRequestError, match="not for this customer"):
        standin.session(discounts=[{"promotion_code": promotion.id}])
    assert standin.session(ana, discounts=[{"promotion_code": promotion.id}]).amount_total == 20000


def test_a_code_may_be_typed_on_the_page_when_the_shop_allows_it(standin: StandIn) -> None:
    code(standin, "TYPED", coupon(standin, percent_off=20, duration="once"))
    closed, opened = standin.session(), standin.session(allow_promotion_codes=True)
    assert "Promotion code" not in standin.page(str(closed.url))[1]
    assert standin.press(closed, "/code", code="TYPED")[1].endswith("?problem=code")
    assert standin.press(opened, "/code", code="other")[1].endswith("?problem=code")
    assert standin.press(opened, "/code", code=" typed ") == (303, f"/c/pay/{opened.id}")
    assert "$200.00" in standin.page(str(opened.url))[1]
    standin.press(opened, card=WORKS)
    assert standin.api.invoices.list().data[0].amount_paid == 20000


def test_a_comp_on_a_running_subscription_counts_from_the_next_month_once(standin: StandIn) -> None:
    subscription = standin.subscribed()
    free = coupon(standin, percent_off=100, duration="once")
    asked: Any = {"discounts": [{"coupon": free}]}
    after = standin.api.subscriptions.update(subscription.id, asked)
    assert len(after.discounts) == 1
    asked = {"subscription": subscription.id}
    assert standin.api.invoices.create_preview(asked).amount_due == 0
    assert totals(standin, subscription, 2) == [25000, 0, 25000]
    assert standin.subscription(subscription.id).discounts == []
    assert standin.api.coupons.retrieve(free).times_redeemed == 1


def test_discounts_are_replaced_by_a_list_left_by_an_empty_one_and_cleared_by_nothing(standin: StandIn) -> None:
    subscription = paid_with(standin, {"coupon": coupon(standin, percent_off=10, duration="forever")})
    [first] = subscription.discounts
    keep: Any = {"discounts": [{"discount": first}, {"coupon": coupon(standin, percent_off=50, duration="forever")}]}
    both = standin.api.subscriptions.update(subscription.id, keep)
    assert both.discounts[0] == first
    assert totals(standin, subscription, 1) == [22500, 11250], "ten per cent, and then half of the rest"
    cleared = standin.api.subscriptions.update(subscription.id, {"discounts": ""})
    assert cleared.discounts == []
    assert totals(standin, subscription, 1)[-1] == 25000


def test_a_discounted_month_is_credited_at_what_was_paid_for_it(standin: StandIn) -> None:
    subscription = paid_with(standin, {"coupon": coupon(standin, percent_off=50, duration="forever")})
    start, _ = period_of(subscription)
    item = subscription["items"].data[0].id
    asked: Any = {
        "items": [{"id": item, "price": standin.price(35000).id}],
        "proration_behavior": "always_invoice",
        "proration_date": start + 14 * DAY,
    }
    shown = standin.api.invoices.create_preview({"subscription": subscription.id, "subscription_details": asked})
    standin.api.subscriptions.update(subscription.id, asked)
    invoice = invoice_of(standin.subscription(subscription.id))
    assert [line.amount for line in invoice.lines.data] == [-6250, 8750]
    assert (invoice.total, invoice.amount_paid) == (shown.total, shown.amount_due) == (2500, 2500)


def test_a_preview_with_a_code_shows_it_and_uses_nothing_up(standin: StandIn) -> None:
    subscription = standin.subscribed()
    promotion = code(standin, "LOOK", coupon(standin, percent_off=20, duration="once"), max_redemptions=1)
    asked: Any = {"subscription": subscription.id, "discounts": [{"promotion_code": promotion.id}]}
    assert standin.api.invoices.create_preview(asked).amount_due == 20000
    assert standin.api.promotion_codes.retrieve(promotion.id).times_redeemed == 0
    assert standin.subscription(subscription.id).discounts == []


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({}, "exactly one"),
        ({"percent_off": 10, "amount_off": 5, "currency": "usd"}, "exactly one"),
        ({"percent_off": 0}, "percent_off"),
        ({"percent_off": 100.5}, "percent_off"),
        ({"percent_off": -5}, "Invalid decimal"),
        ({"amount_off": 500}, "currency"),
        ({"amount_off": 0, "currency": "usd"}, "positive"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 10, "duration": "once", "duration_in_months": 3}, "duration_in_months"),
        ({"percent_off": 10, "redeem_by": 1}, "future"),
        ({"percent_off": 10, "id": "a b"}, "letters"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(standin: StandIn, terms: dict[str, Any], words: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words):
        coupon(standin, **terms)
    assert standin.api.coupons.list().data == []
