"""Test cards and what the bank says to them (docs.stripe.com/testing). No real card number is ever taken.

A card is named by its number, with `-expiring` behind it for one that is good until the end of this month only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.sandbox.stripe.objects import people
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

WORKS = "4242424242424242"
DECLINED = "4000000000000002"
AUTHENTICATE = "4000002500003155"
#: Stripe's 0341 attaches well and fails when charged. Ours pays the first time, so that one can watch a renewal fail.
FAILS_LATER = "4000000000000341"
ALWAYS_AUTHENTICATE = "4000002760003184"
DISPUTED = "4000000000000259"
EXPIRING = WORKS + "-expiring"
#: Those for which the bank wants the payer's word on a page, before anything is charged.
ASKS = (AUTHENTICATE, ALWAYS_AUTHENTICATE)

#: docs.stripe.com/testing#cards: ready-made payment methods for `attach`.
TOKENS = {
    "pm_card_visa": WORKS,
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_chargeCustomerFail": FAILS_LATER,
    "pm_card_authenticationRequired": ALWAYS_AUTHENTICATE,
    "pm_card_createDispute": DISPUTED,
}
#: What is offered on a page: the card, the button, the ending, and what will happen.
OFFERED = (
    (WORKS, "Pay", "Visa ending 4242", "The payment succeeds."),
    (AUTHENTICATE, "Pay with a card that asks first", "Visa ending 3155", "The bank wants to know it is you."),
    (ALWAYS_AUTHENTICATE, "Pay with a card that always asks", "Visa ending 3184", "It asks now, and at each renewal."),
    (DECLINED, "Pay with a declined card", "Visa ending 0002", "The bank says no."),
    (FAILS_LATER, "Pay now, fail at renewal", "Visa ending 0341", "Succeeds today, is declined from next month."),
    (EXPIRING, "Pay with a card that expires", "Visa ending 4242", "Good until the end of this month."),
    (DISPUTED, "Pay, then dispute it", "Visa ending 0259", "Succeeds, and the bank takes the money back."),
)
MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "expired_card": "Your card has expired.",
}
#: Declines that are an error code of their own (docs.stripe.com/error-codes).
CODES = ("authentication_required", "expired_card")


def made(world: World, choice: str, customer_id: str | None) -> Json:
    """A card for one of the choices, kept, with the event that it was attached."""
    number, _, expiring = choice.partition("-")
    card = people.card(world.now(), number, customer_id)
    if expiring:
        today = datetime.fromtimestamp(world.now(), UTC)
        card["card"].update(exp_month=today.month, exp_year=today.year)
    remember_number(world, card, number)
    return world.add(card, "payment_method.attached")


def remember_number(world: World, card: Json, number: str) -> None:
    """How this card behaves follows from its number, of which only the last four digits are shown."""
    world.private(card["id"])["last4"] = number[-4:]


def is_one_of(world: World, card_id: str | None, *numbers: str) -> bool:
    """Whether this card behaves as one of these numbers."""
    return bool(card_id) and world.private(str(card_id)).get("last4") in [number[-4:] for number in numbers]


def refusal(
    world: World, card: Json | None, customer_id: str, *, first: bool = False, authenticated: bool = False
) -> dict[str, Any] | None:
    """What the bank says to a charge: None for yes, else code, decline_code and message.

    `authenticated`: the payer is there and has just told the bank that it is they.
    """
    fault = world.faults.take("decline", customer=customer_id)
    if fault:
        return failure(str(fault.get("decline_code", "insufficient_funds")))
    if card is None:
        return failure("generic_decline", "This customer has no attached payment source or default payment method.")
    if world.faults.take("card_update", customer=customer_id):
        renewed(world, card)
    if has_expired(card, world.now()):
        return failure("expired_card")
    ending = world.private(card["id"]).get("last4")
    if ending == DECLINED[-4:]:
        return failure("generic_decline")
    if ending == FAILS_LATER[-4:] and not first:
        return failure("insufficient_funds")
    if ending == ALWAYS_AUTHENTICATE[-4:] and not (authenticated or first):
        return failure("authentication_required")
    return None


def has_expired(card: Json, moment: int) -> bool:
    """A card is good through the last day of the month printed on it."""
    today = datetime.fromtimestamp(moment, UTC)
    return (today.year, today.month) > (card["card"]["exp_year"], card["card"]["exp_month"])


def renewed(world: World, card: Json) -> None:
    """The network tells of a card's successor (docs.stripe.com/payments/cards/overview#automatic-card-updates)."""
    later = datetime.fromtimestamp(world.now(), UTC).year + 4
    printed = {**card["card"], "exp_month": card["card"]["exp_month"], "exp_year": later}
    world.change(card, "payment_method.automatically_updated", card=printed)


def expire_with(world: World, card: Json, month: int, year: int) -> None:
    """Print another date on it, without a word: what a test needs, and no call of Stripe's."""
    world.change(card, card={**card["card"], "exp_month": month, "exp_year": year})


def failure(decline_code: str, message: str = "") -> dict[str, Any]:
    """A decline in Stripe's words (docs.stripe.com/declines/codes)."""
    return {
        "code": decline_code if decline_code in CODES else "card_declined",
        "decline_code": decline_code,
        "message": message or MESSAGES.get(decline_code, MESSAGES["generic_decline"]),
    }
