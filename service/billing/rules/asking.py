"""When a charge to come is announced and asked about, and who is called about what was found. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

ALERT: Final = "BILLING-GATE"  # config/alerts.toml: a charge that needs a person
BUG_ALERT: Final = "BILLING-REFUSED"  # config/alerts.toml: Stripe refused what we asked
WISH_ALERT: Final = "BILLING-WISH"  # config/alerts.toml: somebody wished to end, and Stripe has not heard it
WISH_WAITS: Final = timedelta(hours=1)
MAY_RESUME: Final = ("coordinator", "owner")


# A charge is announced seven days ahead (domain.md 7.3), and the gate is asked then and again until it is made.
STAGES: Final = (("7d", timedelta(days=7)), ("24h", timedelta(hours=24)), ("1h", timedelta(hours=1)))
REMIND_BEFORE: Final = STAGES[0][1]
STOPPING_STAGES: Final = ("24h", "1h")
LAST_STAGE, LAST_BEFORE = STAGES[-1]
PERIOD_IN_SQL: Final = 'YYYY-MM-DD"T"HH24:MI"Z"'  # as `period_label` writes a moment in UTC


def stage(now: datetime, charge_at: datetime) -> str | None:
    """Which asking of the gate is due for a charge at `charge_at`: the latest one whose time has come, or None."""
    if now >= charge_at:
        return None
    due = [name for name, before in STAGES if now >= charge_at - before]
    return due[-1] if due else None


def period_label(charge_at: datetime, stage_name: str) -> str:
    """The period of a renewal's gate record: the moment of the charge and which asking it was."""
    return f"{charge_at:%Y-%m-%dT%H:%MZ}/{stage_name}"


def try_label(stripe_invoice_id: str, status: str, attempts: int) -> str:
    """The period of the gate record of one try to collect an invoice: drafted, or open after so many tries."""
    return f"{stripe_invoice_id}/{status}/{attempts}"
