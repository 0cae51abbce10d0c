"""What Stripe's words mean to us, when to try again, when to ask and remind, and what a step deserves."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

# Stripe's subscription status -> ours. "grace" and "stopped" end nothing: records, safety pages and messages stay open.
STATUS: Final = MappingProxyType(
    {
        "incomplete": "awaiting_payment",
        "trialing": "active",
        "active": "active",
        "past_due": "grace",
        "unpaid": "stopped",
        "paused": "stopped",
        "incomplete_expired": "ended",
        "canceled": "ended",
    }
)
LIVE: Final = ("active", "grace", "stopped")
IN_CARE: Final = ("active", "grace")
ALERT: Final = "BILLING-GATE"  # config/alerts.toml: a charge that needs a person
WISH_ALERT: Final = "BILLING-WISH"  # config/alerts.toml: somebody wished to end, and Stripe has not heard it
WISH_WAITS: Final = timedelta(hours=1)
MAY_RESUME: Final = ("coordinator", "owner")

# A charge is announced seven days ahead (domain.md 7.3), and the gate is asked then and again until it is made.
STAGES: Final = (("7d", timedelta(days=7)), ("24h", timedelta(hours=24)), ("1h", timedelta(hours=1)))
REMIND_BEFORE: Final = STAGES[0][1]
STOPPING_STAGES: Final = ("24h", "1h")
LAST_STAGE, LAST_BEFORE = STAGES[-1]
PERIOD_IN_SQL: Final = 'YYYY-MM-DD"T"HH24:MI"Z"'  # as `period_label` writes a moment in UTC

# From a few seconds to a day: Stripe itself delivers for three days (shared/stripe.md 1).
_WAITS: Final = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600, 86400))

HEAD_START: Final = timedelta(seconds=30)  # the job of a fresh message goes first; the sweeper only follows

# Stripe keeps a result under its key for at least 24 hours; an attempt this old is not replayed but replaced.
REPLAY_FOR: Final = timedelta(minutes=20)
# The pay page's life. Stripe allows 30 minutes to 24 hours; a short one means the gate's yes is still fresh.
PAGE_LIVES: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at Stripe changes: which mail it deserves, and whether care begins."""

    started: bool = False
    resumed: bool = False
    ending: bool = False
    ended: bool = False
    problem: bool = False


def membership_status(stripe_status: str) -> str:
    """Our word for Stripe's. Raises ValueError for one we do not know: guessing would open or close a door."""
    try:
        return STATUS[stripe_status]
    except KeyError:
        raise ValueError(f"Stripe has a status we do not know: {stripe_status}") from None


def step(before: str, after: str, *, was_active: bool, was_ending: bool = False, ends: bool = False) -> Step:
    """What moving from `before` to `after` means. `was_active`: whether it ever was, so that it starts once;
    `was_ending` and `ends`: whether the paid month was, and is now, to be the last.

    Payment problems are told for as long as they last; the mail's key makes each attempt one mail.
    """
    return Step(
        started=not was_active and after in IN_CARE,
        resumed=was_active and before == "stopped" and after in IN_CARE,
        ending=ends and not was_ending and after in LIVE,
        ended=was_active and after == "ended" and before != "ended",
        problem=after == "grace",
    )


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after the `attempts`-th failure (1 is the first); None: park it where people see it."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else None


def stage(now: datetime, charge_at: datetime) -> str | None:
    """Which asking of the gate is due for a charge at `charge_at`: the latest one whose time has come, or None."""
    if now >= charge_at:
        return None
    due = [name for name, before in STAGES if now >= charge_at - before]
    return due[-1] if due else None


def period_label(charge_at: datetime, stage_name: str) -> str:
    """The period of a renewal's gate record: the moment of the charge and which asking it was."""
    return f"{charge_at:%Y-%m-%dT%H:%MZ}/{stage_name}"


def card_words(brand: str | None, last4: str | None) -> str:
    """ "Visa ending 4242", or an empty text."""
    return f"{(brand or '').title()} ending {last4}".strip() if last4 else ""


def month_after(moment: datetime) -> datetime:
    """The same day and time of the next month, or its last day: how Stripe counts months. Keeps the zone."""
    year, month = moment.year + moment.month // 12, moment.month % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def customer_key(membership_id: UUID) -> str:
    """The idempotency key for the customer at Stripe: one per membership, so that a lost answer is found again."""
    return f"cus:{membership_id}"


def checkout_key(membership_id: UUID, number: int) -> str:
    """The idempotency key of the `number`-th attempt to pay. A new card or a new hour needs a new one."""
    return f"checkout:{membership_id}:{number}"


def expire_key(checkout_id: UUID) -> str:
    """The idempotency key for closing one pay page."""
    return f"expire:{checkout_id}"


def pause_key(gate_record_id: UUID) -> str:
    """The idempotency key of the pause that one recorded no calls for."""
    return f"pause:{gate_record_id}"


def cancel_key(intent_id: UUID) -> str:
    """The idempotency key of one wish to cancel or to stay. The same person may change their mind again."""
    return f"cancel:{intent_id}"


def end_key(intent_id: UUID) -> str:
    """The idempotency key for ending at once, beside `cancel_key` of the same wish: Stripe takes one call for each."""
    return f"cancel:{intent_id}:1"


def resume_key(intent_id: UUID) -> str:
    """The idempotency key of one decision of staff to let a membership go on."""
    return f"resume:{intent_id}"


def fulfilled(wish: str, status: str, *, ends: bool) -> bool:
    """Does what Stripe shows answer this wish? An ended membership has nothing left to wish for."""
    shown = {"cancel": ends, "undo_cancel": not ends, "resume": status != "stopped"}
    return status == "ended" or shown[wish]
