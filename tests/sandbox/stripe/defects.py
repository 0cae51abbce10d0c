"""Mistakes a stand-in could make with money, each with the test of the suite that has to notice it.

A defect wraps one function of the stand-in while the test runs; the product itself has no switch for any of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from service.sandbox.stripe.cards import WORKS
from service.sandbox.stripe.months import moment_after
from tests.sandbox.stripe import test_changes, test_checkout, test_renewals, test_trouble
from tests.sandbox.stripe.harness import DAY, StandIn

Function = Callable[..., Any]


@dataclass(frozen=True)
class Defect:
    """`wrong` is given the sound function and its arguments; `notices` is part of the statement that has to fail."""

    name: str
    target: str
    wrong: Function
    check: Callable[[StandIn], None]
    notices: str

    def plant(self, patch: pytest.MonkeyPatch) -> list[str]:
        """Put it in place. Returns a list that grows with each call. AttributeError when the target is gone."""
        module, _, name = self.target.rpartition(".")
        home = importlib.import_module(f"service.sandbox.stripe.{module}")
        sound, calls = getattr(home, name), list[str]()

        def planted(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return self.wrong(sound, *args, **kwargs)

        patch.setattr(home, name, planted)
        return calls


def _stays_payable(pay: Function, world: Any, session: Any, number: str) -> Any:
    refusal = pay(world, session, number)
    world.change(session, status="open")
    return refusal


def _subscribes_the_declined(pay: Function, world: Any, session: Any, number: str) -> Any:
    refusal = pay(world, session, number)
    if refusal:
        pay(world, {**session}, WORKS)
        world.store.put("checkout.session", session)  # its page stays open, as it should
    return refusal


def _charges_twice(attempt: Function, *args: Any, first: bool = False, **kwargs: Any) -> Any:
    refusal = attempt(*args, first=first, **kwargs)
    return refusal if first or refusal else attempt(*args, **kwargs)


def _loses_paid(post: Function, url: str, payload: bytes, signed: str) -> Any:
    return b'"type": "invoice.paid"' in payload or post(url, payload, signed)


def _signs_something_else(sign: Function, secret: str, moment: int, payload: bytes) -> Any:
    return sign(secret, moment, payload.replace(b"\n", b""))


def _ignores_the_key(recall: Function, *args: Any) -> None:
    return None


def _overlooks_what_was_asked(fingerprint: Function, path: str, raw: Any) -> Any:
    return fingerprint(path, {})


def _forgets_what_was_given_back(charge: Function, *args: Any) -> Any:
    return {**charge(*args), "amount_refunded": 0}


def _leaves_it_active(payment_failed: Function, *args: Any, **kwargs: Any) -> None:
    return None


def _counts_from_the_period_before(containing: Function, anchor: int, interval: str, count: int, moment: int) -> Any:
    return moment, moment_after(moment, interval, count, 1)


def _credits_a_day_too_little(set_aside: Function, world: Any, subscription: Any, start: int, **kwargs: Any) -> Any:
    return set_aside(world, subscription, start + DAY, **kwargs)


def _speaks_an_older_version(shape: Function, *args: Any, until: int, **kwargs: Any) -> Any:
    return {**shape(*args, until=until, **kwargs), "current_period_end": until}


def _repeats_the_cursors_row(found: Function, world: Any, kind: str, params: Any, url: str, **more: Any) -> Any:
    answer = found(world, kind, params, url, **more)
    repeated = [one for one in world.store.all(kind) if one["id"] == params.get("starting_after")]
    return {**answer, "data": repeated + answer["data"]}


DEFECTS = (
    Defect(
        "a second press on the page charges again",
        "checkout.pay",
        _stays_payable,
        test_checkout.test_pressing_twice_pays_once,
        "len(standin.api.invoices.list().data) == 1",
    ),
    Defect(
        "a renewal is charged twice",
        "collecting.attempt",
        _charges_twice,
        test_renewals.test_a_renewal_is_a_draft_for_an_hour_and_then_paid,
        'count("charge.succeeded") == 2',
    ),
    Defect(
        "an event is lost on its way",
        "delivery._post",
        _loses_paid,
        test_checkout.test_the_bodies_of_webhooks_are_what_the_list_of_events_says,
        "told.keys() == listed.keys()",
    ),
    Defect(
        "the signature is that of another body",
        "delivery.signature",
        _signs_something_else,
        test_checkout.test_a_paid_checkout_becomes_an_active_subscription_and_tells_so,
        "standin.shop.types()",
    ),
    Defect(
        "an idempotency key is ignored",
        "idempotency.recall",
        _ignores_the_key,
        test_trouble.test_a_repeated_key_repeats_the_answer_and_not_the_work,
        "once.id == again.id",
    ),
    Defect(
        "a key repeats its answer to another question",
        "idempotency._print",
        _overlooks_what_was_asked,
        test_trouble.test_a_key_used_for_something_else_is_a_conflict,
        "pytest.raises(stripe.IdempotencyError)",
    ),
    Defect(
        "more is given back than was taken",
        "api.payments._charge",
        _forgets_what_was_given_back,
        test_changes.test_more_is_never_given_back_than_was_taken,
        'match="greater than unrefunded amount"',
    ),
    Defect(
        "a failed renewal stays active",
        "standing.payment_failed",
        _leaves_it_active,
        test_renewals.test_a_failed_renewal_is_past_due_retried_and_in_the_end_canceled,
        '== ("past_due", "open", 1)',
    ),
    Defect(
        "the 31st is lost in February",
        "renewals.period_containing",
        _counts_from_the_period_before,
        test_renewals.test_each_month_end_is_counted_from_the_first_day,
        "[(2, 28), (3, 31), (4, 30), (5, 31)]",
    ),
    Defect(
        "a day too little of unused time is credited",
        "proration.set_aside",
        _credits_a_day_too_little,
        test_changes.test_by_default_unused_time_is_credited_and_resuming_waits_for_the_payment,
        "12490 <= invoice.amount_due <= 12510",
    ),
    Defect(
        "a period is where older versions had it",
        "checkout.subscription",
        _speaks_an_older_version,
        test_checkout.test_a_period_is_found_on_the_items,
        "standin.subscribed()",
    ),
    Defect(
        "a declined card still makes a subscription",
        "checkout.pay",
        _subscribes_the_declined,
        test_checkout.test_a_declined_card_charges_nothing_and_leaves_the_page_open,
        "not standin.api.subscriptions.list().data",
    ),
    Defect(
        "a page of a list repeats a row",
        "api.customers.found",
        _repeats_the_cursors_row,
        test_changes.test_lists_come_a_page_at_a_time,
        "first.auto_paging_iter()",
    ),
)
