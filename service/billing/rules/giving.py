"""Who may give money back, why, and when one person is not enough. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from service.billing.rules.charges import charge_after, months_after
from service.kit.errors import words

MAY_SEE: Final = ("owner", "coordinator", "billing")
MAY_ASK: Final = MAY_SEE
MAY_GIVE: Final = ("owner", "billing")
NOTE_MAX: Final = 2000
SAME_PRESS: Final = timedelta(minutes=10)  # within it the same from the same person is a second press of one button
ASKED_ALERT: Final = "BILLING-ASKED"  # config/alerts.toml: a second person decides
REFUND_ALERT: Final = "BILLING-REFUND"  # config/alerts.toml: money that was given back did not arrive
DISPUTE_ALERT: Final = "BILLING-DISPUTE"  # config/alerts.toml: a bank takes a payment back, or asks about it

DISPUTE_CLOSED: Final = ("won", "lost", "warning_closed", "prevented")  # Stripe's words for one that is over
DISPUTE_LOST: Final = "lost"  # the bank keeps it for the cardholder: there is nothing left to give back

# Why staff give a charge back. None of them says anything about anybody's health.
REFUND_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "charged_twice": words("Charged twice, or by mistake"),
        "wrong_amount": words("The amount was wrong"),
        "not_received": words("Something they paid for did not come"),
        "unused": words("Time they paid for and cannot use"),
        "goodwill": words("Goodwill"),
        "other": words("Another reason: say which in the note"),
    }
)
CREDIT_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mistake": words("Our mistake"),
        "not_received": words("Something they paid for did not come"),
        "goodwill": words("Goodwill"),
        "hardship": words("They cannot pay at the moment"),
        "other": words("Another reason: say which in the note"),
    }
)
# What a rule gave back by itself, in words for the same lists.
BY_RULE: Final = words("By the refund policy")


def months_to_run(now: datetime, charges: Sequence[datetime]) -> int:
    """How many months a discount from `now` on must run for these next charges, in order, to cost nothing.

    Stripe ends it by the calendar and does not count charges: after the 28th of a short month, and while months are
    left out, as many months as charges would end before the last of them.
    """
    count = len(charges)
    while months_after(now, count) <= charges[-1]:
        count += 1
    return count


def charges_before(anchor: datetime, first: datetime, until: datetime) -> int:
    """How many charges of the rhythm are made from the one at `first` on, before `until`."""
    found, count = first, 0
    while found < until:
        found, count = charge_after(anchor, found), count + 1
    return count


def takes_two(cents: int, role: str | None, *, above: int, alone_so_far: int = 0) -> bool:
    """Does a second person decide about `cents`? Above the limit, and always for whoever only asks.

    `alone_so_far`: what was given on the same charge by one person each; in small pieces it is no smaller.
    """
    return role not in MAY_GIVE or cents + alone_so_far > above
