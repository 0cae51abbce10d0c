"""Another price in the middle of a month: previewed, charged, credited, refused, to the cent."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, FAILS_LATER, HOUR, StandIn, invoice_of, period_of

MONTH = 28 * DAY  # from 31 January to 28 February


def change(standin: StandIn, subscription: stripe.Subscription, cents: int, **more: Any) -> Any:
    item = subscription["items"].data[0].id
    return {"items": [{"id": item, "price": standin.price(cents).id}], **more}


def strictly(asked: Any) -> Any:
    return {**asked, "payment_behavior": "error_if_incomplete"}


def upgraded(standin: StandIn, subscription: stripe.Subscription, cents: int, **more: Any) -> stripe.Subscription:
    asked = change(standin, subscription, cents, proration_behavior="always_invoice", **more)
    standin.api.subscriptions.update(subscription.id, asked)
    return standin.subscription(subscription.id)


def preview(
    standin: StandIn, subscription: stripe.Subscription, details: dict[str, Any], **more: Any
) -> stripe.Invoice:
    asked: Any = {"subscription": subscription.id, "subscription_details": details, **more}
    return standin.api.invoices.create_preview(asked)


def amounts(invoice: stripe.Invoice) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def test_an_upgrade_credits_the_old_price_and_charges_the_new_by_the_second(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, _ = period_of(subscription)
    after = upgraded(standin, subscription, 35000, proration_date=start + 10 * DAY + 1)
    left = MONTH - 10 * DAY - 1
    invoice = invoice_of(after)
    expected = [-round(25000 * left / MONTH), round(35000 * left / MONTH)]
    assert amounts(invoice) == expected == [-16071, 22500]
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert invoice.amount_paid == 6429
    assert after["items"].data[0].price.unit_amount == 35000
    assert period_of(after) == period_of(subscription)


@pytest.mark.parametrize("cents", [35000, 15000, 25001])
@pytest.mark.parametrize("seconds", [0, 1, 12 * DAY + 7, MONTH - 1])
def test_what_was_previewed_is_charged_to_the_cent(standin: StandIn, cents: int, seconds: int) -> None:
    subscription = standin.subscribed()
    moment = period_of(subscription)[0] + seconds
    asked = change(standin, subscription, cents, proration_behavior="always_invoice", proration_date=moment)
    shown = preview(standin, subscription, asked)
    assert len(standin.api.invoices.list().data) == 1
    standin.api.subscriptions.update(subscription.id, strictly(asked))
    charged = invoice_of(standin.subscription(subscription.id))
    assert (charged.total, charged.amount_due, charged.ending_balance) == (
        shown.total,
        shown.amount_due,
        min(shown.total, 0) if abs(shown.total) >= 50 else shown.total,
    )
    assert amounts(charged) == amounts(shown)


def test_a_preview_of_the_next_renewal_is_what_the_renewal_charges(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.move_to(period_of(subscription)[0] + 14 * DAY)
    asked = change(standin, subscription, 35000, proration_date=standin.now())
    shown = preview(standin, subscription, asked)
    standin.api.subscriptions.update(subscription.id, asked)
    assert len(standin.api.invoices.list().data) == 1, "create_prorations waits for the renewal"
    assert preview(standin, subscription, {}).total == shown.total
    standin.step()
    standin.step()
    charged = invoice_of(standin.subscription(subscription.id))
    assert amounts(charged) == amounts(shown)
    assert (charged.status, charged.amount_paid, len(amounts(charged))) == ("paid", shown.amount_due, 3)


def test_a_downgrade_at_once_becomes_a_credit_that_the_next_month_uses(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, _ = period_of(subscription)
    after = upgraded(standin, subscription, 15000, proration_date=start + 14 * DAY)
    credit = invoice_of(after)
    assert (credit.total, credit.amount_due, credit.status, credit.ending_balance) == (-5000, 0, "paid", -5000)
    assert standin.api.customers.retrieve(str(subscription.customer)).balance == -5000
    standin.step()
    standin.step()
    renewed = invoice_of(standin.subscription(subscription.id))
    assert (renewed.total, renewed.starting_balance, renewed.amount_paid) == (15000, -5000, 10000)
    assert standin.api.customers.retrieve(str(subscription.customer)).balance == 0


def test_two_changes_in_one_month_credit_each_stretch_of_time_once(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, _ = period_of(subscription)
    upgraded(standin, subscription, 35000, proration_date=start + 7 * DAY)
    after = upgraded(standin, subscription, 25000, proration_date=start + 14 * DAY)
    # A quarter was used at 250, a quarter at 350, and half of the month is left at 250.
    assert [one.total for one in standin.api.invoices.list({"subscription": subscription.id}).data][::-1] == [
        25000,
        7500,
        -5000,
    ]
    # Back to the seventh day once more: what was credited already is not credited again.
    again = upgraded(standin, after, 35000, proration_date=start + 7 * DAY)
    assert amounts(invoice_of(again)) == [-8750, -12500, 26250]


def test_a_change_without_proration_shows_at_the_next_renewal_only(standin: StandIn) -> None:
    subscription = standin.subscribed()
    asked = change(standin, subscription, 15000, proration_behavior="none")
    after = standin.api.subscriptions.update(subscription.id, asked)
    assert after["items"].data[0].price.unit_amount == 15000
    assert after.latest_invoice == subscription.latest_invoice
    standin.step()
    assert invoice_of(standin.subscription(subscription.id)).amount_due == 15000


def test_a_declined_upgrade_changes_nothing_and_leaves_nothing_behind(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    standin.price(35000)
    standin.settle()
    heard = len(standin.shop.heard)
    before = standin.subscription(subscription.id).to_dict(for_json=True)
    asked = change(standin, subscription, 35000, proration_behavior="always_invoice")
    with pytest.raises(stripe.CardError) as refused:
        standin.api.subscriptions.update(subscription.id, strictly(asked))
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert standin.subscription(subscription.id).to_dict(for_json=True) == before
    assert len(standin.api.invoices.list().data) == 1
    standin.settle()
    assert len(standin.shop.heard) == heard


def test_without_that_rule_a_declined_upgrade_stands_and_is_past_due(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    after = upgraded(standin, subscription, 35000)
    assert (after.status, invoice_of(after).status) == ("past_due", "open")
    assert after["items"].data[0].price.unit_amount == 35000


def test_a_bank_that_asks_first_stops_an_upgrade_and_says_why(standin: StandIn) -> None:
    subscription = standin.subscribed()
    card = standin.api.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": str(subscription.customer)}
    )
    asked = change(standin, subscription, 35000, proration_behavior="always_invoice", default_payment_method=card.id)
    with pytest.raises(stripe.CardError) as refused:
        standin.api.subscriptions.update(subscription.id, strictly(asked))
    assert refused.value.code == "subscription_payment_intent_requires_action"
    assert standin.subscription(subscription.id).default_payment_method == subscription.default_payment_method


def test_a_month_that_was_voided_gives_no_credit(standin: StandIn) -> None:
    subscription = standin.subscribed()
    _, end = period_of(subscription)
    skip: Any = {"pause_collection": {"behavior": "void", "resumes_at": end + 20 * DAY}}
    standin.api.subscriptions.update(subscription.id, skip)
    standin.move_to(end + 2 * HOUR)
    standin.api.subscriptions.update(subscription.id, {"pause_collection": ""})
    after = upgraded(standin, subscription, 35000, proration_date=end + 3600)
    assert [amount > 0 for amount in amounts(invoice_of(after))] == [True]


def test_a_month_begun_anew_is_charged_in_full_from_now(standin: StandIn) -> None:
    subscription = standin.subscribed()
    _, end = period_of(subscription)
    standin.api.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": end + 20 * DAY}}
    )
    standin.move_to(end + 5 * DAY)
    asked: Any = {
        "pause_collection": "",
        "billing_cycle_anchor": {"type": "now"},
        "proration_behavior": "none",
        "payment_behavior": "error_if_incomplete",
    }
    shown = preview(standin, subscription, {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"})
    after = standin.api.subscriptions.update(subscription.id, asked)
    begun = period_of(after)[0]
    assert begun >= end + 5 * DAY
    assert (after.billing_cycle_anchor, after.pause_collection) == (begun, None)
    paid = invoice_of(standin.subscription(subscription.id))
    assert (paid.status, paid.amount_paid, shown.amount_due) == ("paid", 25000, 25000)


def test_an_early_start_credits_the_rest_of_the_old_month_unless_told_not_to(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, _ = period_of(subscription)
    standin.move_to(start + 14 * DAY)
    asked: Any = {"billing_cycle_anchor": {"type": "now"}, "proration_date": start + 14 * DAY}
    standin.api.subscriptions.update(subscription.id, asked)
    assert amounts(invoice_of(standin.subscription(subscription.id))) == [-12500, 25000]


def test_an_end_with_the_period_leaves_nothing_to_preview(standin: StandIn) -> None:
    subscription = standin.subscribed()
    with pytest.raises(stripe.InvalidRequestError) as none:
        preview(standin, subscription, {"cancel_at_period_end": True})
    assert (none.value.code, none.value.http_status) == ("invoice_upcoming_none", 404)
    assert preview(standin, subscription, {}).total == 25000


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"proration_date": 1}, "outside the current billing period"),
        ({"items": [{"price": "PRICE"}]}, "adding an item"),
        ({"items": [{"id": "si_other", "price": "PRICE"}]}, "No such subscription item"),
        ({"items": [{"id": "ITEM", "price": "price_none"}]}, "No such price"),
        ({"items": [{"id": "ITEM", "quantity": 0}]}, "positive"),
        ({"items": [{"id": "ITEM", "deleted": True}]}, "unknown parameter"),
        ({"items": [{"id": "ITEM", "price": "YEARLY"}]}, "another rhythm"),
        ({"payment_behavior": "pending_if_incomplete"}, "does not do"),
        ({"trial_end": 5}, "in the future"),
        ({"trial_end": "now"}, "without a trial"),
        ({"trial_end": 99999999999}, "two years"),
        ({"cancel_at": 1893456000}, "unknown parameter"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_changes(
    standin: StandIn, asked: dict[str, Any], words: str
) -> None:
    subscription = standin.subscribed()
    product = standin.price().product
    yearly = standin.api.prices.create(
        {"currency": "usd", "product": str(product), "unit_amount": 1, "recurring": {"interval": "year"}}
    )
    names = {"PRICE": standin.price(35000).id, "ITEM": subscription["items"].data[0].id, "YEARLY": yearly.id}
    sent = {key: _named(value, names) for key, value in asked.items()}
    before = standin.subscription(subscription.id).to_dict(for_json=True)
    with pytest.raises(stripe.InvalidRequestError, match=words):
        standin.api.subscriptions.update(subscription.id, sent)  # type: ignore[arg-type]
    assert standin.subscription(subscription.id).to_dict(for_json=True) == before


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [{key: names.get(str(one), one) for key, one in item.items()} for item in value]
    return value


def test_an_upgrade_after_an_agreed_downgrade_credits_what_was_really_paid(standin: StandIn) -> None:
    subscription = standin.subscribed()
    start, _ = period_of(subscription)
    standin.api.subscriptions.update(subscription.id, change(standin, subscription, 15000, proration_behavior="none"))
    after = upgraded(standin, subscription, 35000, proration_date=start + 14 * DAY)
    assert amounts(invoice_of(after)) == [-12500, 17500]


def test_a_change_in_the_hour_of_a_draft_leaves_the_draft_as_it_is(standin: StandIn) -> None:
    subscription = standin.subscribed()
    _, end = period_of(subscription)
    standin.step()
    draft = str(invoice_of(standin.subscription(subscription.id)).id)
    after = upgraded(standin, subscription, 35000, proration_date=end)
    assert amounts(invoice_of(after)) == [-25000, 35000]
    assert standin.api.invoices.retrieve(draft).amount_due == 25000
    standin.step()
    paid = standin.api.invoices.list({"subscription": subscription.id, "status": "paid"}).data
    assert [one.amount_paid for one in paid] == [10000, 25000, 25000]
    assert standin.subscription(subscription.id).status == "active"
