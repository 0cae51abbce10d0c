"""More mistakes a stand-in could make with money: prorations, credits, discounts, dates. As in `defects`."""

from __future__ import annotations

import copy
from typing import Any

from tests.sandbox.stripe import (
    test_balances,
    test_dates,
    test_discounts,
    test_invoices,
    test_plan_changes,
    test_saving_a_card,
)
from tests.sandbox.stripe.defects import Defect, Function
from tests.sandbox.stripe.harness import DAY


def _counts_every_month_as_thirty_days(share: Function, amount: int, seconds: int, of: int) -> Any:
    return share(amount, seconds, 30 * DAY)


def _credits_twice(unused: Function, *args: Any) -> Any:
    return [copy.deepcopy(line) for line in unused(*args) * 2]


def _forgets_what_was_credited(debited: Function, *args: Any) -> Any:
    return [(line, line["amount"], line["period"]["end"]) for line, _, _ in debited(*args)]


def _credits_at_the_full_price(debited: Function, *args: Any) -> Any:
    return [(line, line["amount"], end) for line, _, end in debited(*args)]


def _overlooks_what_is_changing(renewal: Function, world: Any, subscription: Any, more: Any, used: Any) -> Any:
    return renewal(world, subscription, [], used)


def _asks_no_bank(ask_first: Function, *args: Any) -> None:
    return None


def _takes_it_off_twice(reductions: Function, *args: Any) -> Any:
    return [[{**one, "amount": 2 * one["amount"]} for one in line] for line in reductions(*args)]


def _never_spends_a_single_use(after_invoice: Function, *args: Any) -> None:
    return None


def _counts_no_redemptions(refreshed: Function, world: Any, promotion: Any) -> Any:
    return promotion


def _leaves_the_balance_as_it_was(use: Function, world: Any, customer: Any, invoice: Any) -> Any:
    before = customer["balance"]
    sums = use(world, customer, invoice)
    world.change(customer, balance=before)
    return sums


def _keeps_the_credit(give_back: Function, *args: Any) -> None:
    return None


def _voids_nothing(void: Function, *args: Any) -> None:
    return None


def _keeps_the_old_rhythm(rhythm: Function, *args: Any) -> Any:
    return {name: value for name, value in rhythm(*args).items() if name != "billing_cycle_anchor"}


def _announces_nothing(plan: Function, *args: Any) -> None:
    return None


def _charges_the_saved_card_from_now_on(save_card: Function, world: Any, session: Any, number: str) -> Any:
    refusal = save_card(world, session, number)
    intent = world.find("setup_intent", session["setup_intent"])
    for subscription in world.of("subscription", customer=session["customer"]):
        world.change(subscription, default_payment_method=intent["payment_method"])
    return refusal


MONEY_DEFECTS = (
    Defect(
        "every month has thirty days",
        "proration.share",
        _counts_every_month_as_thirty_days,
        test_plan_changes.test_an_upgrade_credits_the_old_price_and_charges_the_new_by_the_second,
        "amounts(invoice) == expected",
    ),
    Defect(
        "unused time is credited twice",
        "proration.unused",
        _credits_twice,
        test_plan_changes.test_a_downgrade_at_once_becomes_a_credit_that_the_next_month_uses,
        "credit.total, credit.amount_due",
    ),
    Defect(
        "a second change credits what the first one did",
        "proration._debited",
        _forgets_what_was_credited,
        test_plan_changes.test_two_changes_in_one_month_credit_each_stretch_of_time_once,
        "amounts(invoice_of(again))",
    ),
    Defect(
        "a discounted month is credited at the full price",
        "proration._debited",
        _credits_at_the_full_price,
        test_discounts.test_a_discounted_month_is_credited_at_what_was_paid_for_it,
        "[-6250, 8750]",
    ),
    Defect(
        "a preview shows another amount than is charged",
        "upcoming.renewal",
        _overlooks_what_is_changing,
        test_plan_changes.test_a_preview_of_the_next_renewal_is_what_the_renewal_charges,
        "preview(standin, subscription, {}).total == shown.total",
    ),
    Defect(
        "a declined upgrade goes through",
        "changing._ask_first",
        _asks_no_bank,
        test_plan_changes.test_a_declined_upgrade_changes_nothing_and_leaves_nothing_behind,
        "pytest.raises(stripe.CardError)",
    ),
    Defect(
        "a discount is taken off twice",
        "discounts.reductions",
        _takes_it_off_twice,
        test_discounts.test_an_invoice_says_what_was_taken_off_and_by_what,
        "== (25000, 20000)",
    ),
    Defect(
        "a single free month is free every month",
        "discounts.after_invoice",
        _never_spends_a_single_use,
        test_discounts.test_a_comp_on_a_running_subscription_counts_from_the_next_month_once,
        "== [25000, 0, 25000]",
    ),
    Defect(
        "a code for one is used by many",
        "discounts.refreshed",
        _counts_no_redemptions,
        test_discounts.test_a_code_is_found_by_its_words_and_counts_its_uses,
        '"spring", "active": True}).data == []',
    ),
    Defect(
        "a credit is used twice",
        "balances.use",
        _leaves_the_balance_as_it_was,
        test_balances.test_a_credit_pays_first_and_is_used_once,
        "for one in (first, second, third)",
    ),
    Defect(
        "a voided invoice keeps the credit it took",
        "balances.give_back",
        _keeps_the_credit,
        test_balances.test_a_voided_invoice_gives_the_credit_back,
        "balance == -10000",
    ),
    Defect(
        "a void is ignored",
        "collecting.void",
        _voids_nothing,
        test_invoices.test_a_hold_stops_a_draft_before_its_hour_is_over,
        'void_invoice(draft).status == "void"',
    ),
    Defect(
        "a moved date is forgotten after the first charge",
        "changes._rhythm",
        _keeps_the_old_rhythm,
        test_dates.test_a_moved_date_is_a_trial_until_then_and_the_rhythm_from_then_on,
        '== ("trialing", later, later)',
    ),
    Defect(
        "a renewal comes unannounced",
        "announcing.plan",
        _announces_nothing,
        test_dates.test_no_renewal_is_announced_that_will_not_come,
        "it will come after all",
    ),
    Defect(
        "a saved card is charged before anybody said so",
        "checkout.save_card",
        _charges_the_saved_card_from_now_on,
        test_saving_a_card.test_a_saved_card_becomes_the_one_that_is_charged_once_the_shop_says_so,
        "saving alone changes nothing",
    ),
)
