"""What is due, and when: read off an object, so that the store can keep all of it in order.

Each entry is (test clock or "", moment, rank among ties, what). The words name the function in `renewals` that acts.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json

#: Subscriptions that go on by themselves: a paused or an ended one does nothing.
LIVE = ("active", "past_due", "trialing", "unpaid")
#: An invoice of an incomplete subscription can be paid for 23 hours (docs.stripe.com/billing/subscriptions/overview).
INCOMPLETE_FOR = 23 * 3600
RANKS = (
    "announced",
    "collection resumed",
    "subscription ended",
    "subscription renewed",
    "invoice finalised",
    "payment retried",
    "checkout expired",
    "resumption expired",
    "dispute lost",
    "first payment missing",
)
Entry = tuple[str, int, int, str]


def due_of(kind: str, item: Json) -> list[Entry]:
    """Everything this object will do by itself, as it stands."""
    look = LOOKS.get(kind)
    if look is None:
        return []
    clock = item.get("test_clock") or ""
    return [(clock, moment, RANKS.index(what), what) for moment, what in look(item)]


def _subscription(subscription: Json) -> Iterator[tuple[int, str]]:
    if subscription["status"] == "incomplete":
        yield subscription["created"] + INCOMPLETE_FOR, "first payment missing"
    if subscription["status"] not in LIVE:
        return
    pause = subscription["pause_collection"]
    if pause and pause["resumes_at"]:
        yield pause["resumes_at"], "collection resumed"
    if subscription["cancel_at"]:
        yield subscription["cancel_at"], "subscription ended"
    yield period(subscription)[1], "subscription renewed"


def _invoice(invoice: Json) -> Iterator[tuple[int, str]]:
    if not invoice["auto_advance"]:
        return
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
        yield invoice["automatically_finalizes_at"], "invoice finalised"
    elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
        yield invoice["next_payment_attempt"], "payment retried"


def _session(session: Json) -> Iterator[tuple[int, str]]:
    if session["status"] == "open":
        yield session["expires_at"], "checkout expired"


def _private(private: Json) -> Iterator[tuple[int, str]]:
    """A dispute does not say by which clock it lives, so that is noted where nobody sees it."""
    if private.get("disputed_until"):
        yield private["disputed_until"], "dispute lost"


def _announcement(note: Json) -> Iterator[tuple[int, str]]:
    yield note["at"], "announced"


def _resumption(note: Json) -> Iterator[tuple[int, str]]:
    yield note["at"], "resumption expired"


LOOKS = {
    "resumption": _resumption,
    "announcement": _announcement,
    "subscription": _subscription,
    "invoice": _invoice,
    "checkout.session": _session,
    "private": _private,
}
