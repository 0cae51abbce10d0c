"""Why a message of Stripe's waits for a person, when somebody is called, and how far behind is too far. Pure."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Final

from service.kit.errors import words

LATE_AFTER: Final = timedelta(minutes=15)  # a message that waits longer calls a person
INBOX_ALERT: Final = "BILLING-INBOX"
SILENT_ALERT: Final = "BILLING-SILENT"
DRIFT_ALERT: Final = "BILLING-DRIFT"
MAY_WATCH: Final = ("owner", "billing")

PARKED_FOR: Final = MappingProxyType(
    {
        "another_account": words("It is about another Stripe account"),
        "another_mode": words("It is about test money and we take real money, or the other way round"),
        "unknown_version": words("It is in a version of Stripe's words that we have not read yet"),
        "unknown_kind": words("It is of a kind we have never heard of"),
        "unknown_object": words("It is about another thing than its kind says"),
        "not_an_event": words("It is not a message as Stripe writes them"),
        "unclaimed": words("Money moves for something that is not ours, or twice for one person"),
        "failed": words("It failed again and again for three days"),
    }
)
# Looking at these again could only do the same again: they are kept, and never acted upon.
NEVER_ACTED: Final = frozenset(
    {"another_account", "another_mode", "unknown_version", "unknown_kind", "unknown_object", "not_an_event"}
)
REPLAYS: Final = MappingProxyType(
    {
        "mended": words("What stood in the way is put right"),
        "look_again": words("I want to know whether it fails still"),
        "other": words("Something else"),
    }
)
DISMISSALS: Final = MappingProxyType(
    {
        "not_ours": words("It is not about us"),
        "settled_in_stripe": words("I put it right in Stripe"),
        "nothing_to_do": words("There is nothing to do about it"),
        "other": words("Something else"),
    }
)
LOOKS: Final = MappingProxyType(
    {
        "find_fault": words("I look for what went wrong"),
        "asked_by_stripe": words("Stripe asked about it"),
        "other": words("Something else"),
    }
)
SHELVES: Final = ("waiting", "failed", "parked", "done")
