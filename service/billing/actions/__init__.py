"""What people and Stripe do about memberships."""

from __future__ import annotations

from service.billing.actions.cancel import cancel, end_now, given_back_now, undo_cancel
from service.billing.actions.card_page import card_given, start_card
from service.billing.actions.cards import warn_of_cards
from service.billing.actions.changes import (
    CodeOffer,
    GateSaysNo,
    PlanReview,
    agree_to_price,
    apply_promotion,
    change_plan,
    change_plan_later,
    change_prices,
    find_code,
    keep_plan,
    move_date,
    restart,
    review_plan,
    skip,
    unskip,
)
from service.billing.actions.checkout import NotYet, start_checkout
from service.billing.actions.confirm import Confirmed, confirm_checkout
from service.billing.actions.events import handle_event, handle_events, sweep_events
from service.billing.actions.intake import receive
from service.billing.actions.intents import poll as ask_again
from service.billing.actions.money_heard import call_about_failed_refunds
from service.billing.actions.pages import close_refused_pages
from service.billing.actions.paying import bank_page, look_again, pay_now
from service.billing.actions.prices import offer_prices
from service.billing.actions.renewals import ask_before_renewals
from service.billing.actions.resume import Resumed, resume
from service.billing.actions.stop import stop_charges
from service.billing.actions.stops import end_overdue, judge_payments, stop_refused
from service.billing.actions.trouble import call_about_refusal
from service.billing.actions.watch import open_membership
from service.billing.actions.watching import Reconciled, billing_pace, compare_all, reconcile, watch_billing

__all__ = [
    "CodeOffer",
    "Confirmed",
    "GateSaysNo",
    "NotYet",
    "PlanReview",
    "Reconciled",
    "Resumed",
    "agree_to_price",
    "apply_promotion",
    "ask_again",
    "ask_before_renewals",
    "bank_page",
    "billing_pace",
    "call_about_failed_refunds",
    "call_about_refusal",
    "cancel",
    "card_given",
    "change_plan",
    "change_plan_later",
    "change_prices",
    "close_refused_pages",
    "compare_all",
    "confirm_checkout",
    "end_now",
    "end_overdue",
    "find_code",
    "given_back_now",
    "handle_event",
    "handle_events",
    "judge_payments",
    "keep_plan",
    "look_again",
    "move_date",
    "offer_prices",
    "open_membership",
    "pay_now",
    "receive",
    "reconcile",
    "restart",
    "resume",
    "review_plan",
    "skip",
    "start_card",
    "start_checkout",
    "stop_charges",
    "stop_refused",
    "sweep_events",
    "undo_cancel",
    "unskip",
    "warn_of_cards",
    "watch_billing",
]
