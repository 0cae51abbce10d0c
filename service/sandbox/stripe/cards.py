"""Test cards and what the bank says to them (docs.stripe.com/testing). No real card number is ever taken."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

WORKS = "4242424242424242"
DECLINED = "4000000000000002"
AUTHENTICATE = "4000002500003155"
#: Stripe's 0341 attaches well and fails when charged. Ours pays the first time, so that one can watch a renewal fail.
FAILS_LATER = "4000000000000341"
ALWAYS_AUTHENTICATE = "4000002760003184"

#: docs.stripe.com/testing#cards: ready-made payment methods for `attach`.
TOKENS = {
    "pm_card_visa": WORKS,
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_chargeCustomerFail": FAILS_LATER,
    "pm_card_authenticationRequired": ALWAYS_AUTHENTICATE,
}

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def remember_number(world: World, card: Json, number: str) -> None:
    """How this card behaves follows from its number, of which only the last four digits are shown."""
    world.private(card["id"])["last4"] = number[-4:]


def refusal(world: World, card: Json | None, customer_id: str, *, first: bool = False) -> dict[str, Any] | None:
    """What the bank says to a charge: None for yes, else code, decline_code and message."""
    fault = world.faults.take("decline", customer=customer_id)
    if fault:
        return failure(str(fault.get("decline_code", "insufficient_funds")))
    if card is None:
        return failure("generic_decline", "This customer has no attached payment source or default payment method.")
    ending = world.private(card["id"]).get("last4")
    if ending == DECLINED[-4:]:
        return failure("generic_decline")
    if ending == FAILS_LATER[-4:] and not first:
        return failure("insufficient_funds")
    if ending == ALWAYS_AUTHENTICATE[-4:]:
        return failure("authentication_required")
    return None


def failure(decline_code: str, message: str = "") -> dict[str, Any]:
    """A decline in Stripe's words (docs.stripe.com/declines/codes)."""
    code = "authentication_required" if decline_code == "authentication_required" else "card_declined"
    return {
        "code": code,
        "decline_code": decline_code,
        "message": message or MESSAGES.get(decline_code, MESSAGES["generic_decline"]),
    }
