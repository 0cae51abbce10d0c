"""How a membership may stand after each look at Stripe. The table below is all there is; docs/billing.md draws it, a
test compares them.

The words are ours for what a look shows, not Stripe's messages, which come late, twice and in any order: so two looks
may lie several steps apart, and the table says where one may find a membership, not by which way it came there.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

# What a subscription shows: nothing paid yet; paid; a charge failed and is tried again; every try failed; paused by
# us; over. Stripe's own word stands beside each in SHOWN.
WAITS, PAYS, FAILS, GIVES_UP, PAUSES, ENDS = "waits", "pays", "fails", "gives_up", "pauses", "ends"
SHOWN: Final = MappingProxyType(
    {
        "incomplete": WAITS,
        "trialing": PAYS,
        "active": PAYS,
        "past_due": FAILS,
        "unpaid": GIVES_UP,
        "paused": PAUSES,
        "incomplete_expired": ENDS,
        "canceled": ENDS,
    }
)
LEADS_TO: Final = {
    WAITS: "awaiting_payment",
    PAYS: "active",
    FAILS: "grace",
    GIVES_UP: "stopped",
    PAUSES: "stopped",
    ENDS: "ended",
}
_BEGUN: Final = (PAYS, FAILS, GIVES_UP, PAUSES, ENDS)
# (status, what a look shows) -> next status. Once paid, never back to waiting; once ended, never back at all: a
# subscription that lives on after that is not obeyed but stopped, given back and shown to a person.
TABLE: Final = MappingProxyType(
    {("awaiting_payment", shown): LEADS_TO[shown] for shown in (WAITS, *_BEGUN)}
    | {(status, shown): LEADS_TO[shown] for status in ("active", "grace", "stopped") for shown in _BEGUN}
    | {("ended", ENDS): "ended"}
)
STATUSES: Final = tuple(dict.fromkeys([status for status, _ in TABLE] + list(TABLE.values())))

# What stays open, whatever becomes of the money: a payment never cuts somebody off from their record or from help.
ALWAYS_OPEN: Final = frozenset({"record", "safety", "messages", "receipts"})
# What goes on in each status beside that. A parcel or a session needs the gate's yes on top.
GOES_ON: Final = MappingProxyType(
    {
        "awaiting_payment": frozenset({"pay"}),
        "active": frozenset({"check_ins", "visits", "parcels", "charges"}),
        "grace": frozenset({"check_ins", "visits", "parcels", "retries"}),
        "stopped": frozenset({"visits"}),
        "ended": frozenset({"return"}),
    }
)


class NoSuchMove(ValueError):
    """Stripe shows what cannot have become of a membership as we know it."""


def shown(stripe_status: str) -> str:
    """What a subscription of this status shows. Raises NoSuchMove for a word nobody knows: never guess a door open."""
    try:
        return SHOWN[stripe_status]
    except KeyError:
        raise NoSuchMove(f"a status nobody knows: {stripe_status}") from None


def shows(status: str, stopped_for: str | None) -> str:
    """The same of our own words for a subscription: a status, and why it is stopped ("paused" or "unpaid")."""
    if status == "stopped":
        return PAUSES if stopped_for == "paused" else GIVES_UP
    return next(what for what, leads_to in LEADS_TO.items() if leads_to == status)


def move(status: str, what: str) -> str:
    """How a membership stands after a look that shows `what`. Raises NoSuchMove."""
    try:
        return TABLE[(status, what)]
    except KeyError:
        raise NoSuchMove(f"{status} cannot become what {what} shows") from None


def allows(status: str, what: str) -> bool:
    """Does `what` go on for a member of this status, as far as money decides?"""
    return what in ALWAYS_OPEN or what in GOES_ON[status]


def diagram() -> str:
    """The table as a Mermaid state diagram, for docs/billing.md: what leaves things as they are is left out."""
    lines = ["stateDiagram-v2", "    [*] --> awaiting_payment"]
    lines += [f"    {before} --> {after}: {what}" for (before, what), after in TABLE.items() if before != after]
    return "\n".join([*lines, "    ended --> [*]"])
