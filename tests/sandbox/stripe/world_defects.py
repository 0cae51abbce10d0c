"""More mistakes, in what happens by itself: renewals, banks, clocks, messages. As in `defects`."""

from __future__ import annotations

from typing import Any

from tests.sandbox.stripe import (
    test_authentication,
    test_cards,
    test_disputes,
    test_renewals,
    test_test_clocks,
    test_trouble,
)
from tests.sandbox.stripe.defects import Defect, Function
from tests.sandbox.stripe.harness import DAY


def _twice(act: Function, *args: Any) -> Any:
    act(*args)
    return act(*args)


def _tries_a_paid_one_again(due_of: Function, kind: str, item: Any) -> Any:
    found = due_of(kind, item)
    if kind == "invoice" and item["status"] == "paid" and item["attempt_count"] == 2:
        found.append(("", item["status_transitions"]["paid_at"] + DAY, 4, "payment retried"))
    return found


def _leaves_a_cent(dispute: Function, *args: Any, **kwargs: Any) -> Any:
    made = dispute(*args, **kwargs)
    return {**made, "amount": made["amount"] - 1}


def _gives_it_back_all_the_same(decide: Function, world: Any, dispute: Any, outcome: str) -> None:
    decide(world, dispute, outcome)
    if outcome == "lost":
        world.emit("charge.dispute.funds_reinstated", dispute)


def _holds_nothing(holds: Function, *args: Any) -> bool:
    return False


def _looks_at_everybodys_clock(moment_of: Function, world: Any, *named: Any) -> Any:
    return world.now()


def _never_arrives(catch_up: Function, world: Any) -> None:
    return None


def _leaves_its_people(delete: Function, world: Any, clock: Any) -> Any:
    world.store.remove(clock["object"], clock["id"])
    return {"id": clock["id"], "object": clock["object"], "deleted": True}


def _never_expires(has_expired: Function, *args: Any) -> bool:
    return False


def _expires_a_month_early(has_expired: Function, card: Any, moment: int) -> Any:
    return has_expired(card, moment + 31 * DAY)


def _takes_no_for_yes(confirm: Function, world: Any, invoice: Any, sent: Any) -> Any:
    return confirm(world, invoice, {**sent, "outcome": "approve"})


def _asks_nobody(refusal: Function, world: Any, card: Any, customer: str, **how: Any) -> Any:
    return refusal(world, card, customer, **{**how, "authenticated": True})


def _gives_up_at_once(after_failure: Function, delivery: Any) -> Any:
    return {**after_failure(delivery), "gave_up": True}


WORLD_DEFECTS = (
    Defect(
        "a subscription is renewed twice",
        "renewals.renew",
        _twice,
        test_renewals.test_a_renewal_is_a_draft_for_an_hour_and_then_paid,
        'standin.step() == ["invoice finalised"]',
    ),
    Defect(
        "a paid invoice is tried again",
        "world.due_of",
        _tries_a_paid_one_again,
        test_renewals.test_what_was_paid_late_is_never_tried_again,
        'count("charge.succeeded") == 2',
    ),
    Defect(
        "a dispute is about another amount",
        "objects.disputes.dispute",
        _leaves_a_cent,
        test_disputes.test_a_disputed_payment_is_the_whole_charge_and_tells_so,
        '== ("needs_response", 25000, "fraudulent")',
    ),
    Defect(
        "a lost dispute gives the money back",
        "disputes.decide",
        _gives_it_back_all_the_same,
        test_disputes.test_giving_in_and_silence_both_lose,
        '"charge.dispute.funds_reinstated" not in',
    ),
    Defect(
        "a charge in dispute is refunded too",
        "disputes.holds",
        _holds_nothing,
        test_disputes.test_what_the_bank_took_back_is_not_given_back_once_more,
        "pytest.raises(stripe.InvalidRequestError)",
    ),
    Defect(
        "a customer's test clock is overlooked",
        "test_clocks.moment_of",
        _looks_at_everybodys_clock,
        test_test_clocks.test_a_subscription_lives_by_its_customers_clock_and_not_by_everybodys,
        "theirs.created == THERE",
    ),
    Defect(
        "a test clock never arrives",
        "test_clocks.catch_up",
        _never_arrives,
        test_test_clocks.test_a_subscription_lives_by_its_customers_clock_and_not_by_everybodys,
        '(ready.status, ready.frozen_time) == ("ready", to)',
    ),
    Defect(
        "a deleted test clock leaves its people behind",
        "test_clocks.delete",
        _leaves_its_people,
        test_test_clocks.test_a_clock_takes_three_customers_and_takes_them_along_when_it_goes,
        "standin.api.subscriptions.list().data] == [ours.id]",
    ),
    Defect(
        "a card never expires",
        "cards.has_expired",
        _never_expires,
        test_cards.test_a_card_is_good_through_its_month_and_not_a_day_longer,
        '== ("past_due", "open")',
    ),
    Defect(
        "a card expires before its month is over",
        "cards.has_expired",
        _expires_a_month_early,
        test_cards.test_a_card_is_good_through_its_month_and_not_a_day_longer,
        '== ("paid", "subscription_cycle")',
    ),
    Defect(
        "a payment the payer refused is made",
        "invoice_page._confirm",
        _takes_no_for_yes,
        test_authentication.test_a_refusal_leaves_it_open_and_another_card_pays_it,
        "problem=authentication",
    ),
    Defect(
        "a bank that always asks is not heard",
        "cards.refusal",
        _asks_nobody,
        test_cards.test_a_card_that_asks_always_cannot_pay_alone_but_on_the_page_it_can,
        '== "past_due"',
    ),
    Defect(
        "a message that was refused is given up",
        "delivery._after_failure",
        _gives_up_at_once,
        test_trouble.test_webhooks_are_repeated_until_they_are_taken,
        '== {"pending": 1}',
    ),
)
