"""The machine's own calls: a charge that must not be collected, and a subscription that has no business here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from service.billing import writes
from service.billing.actions.intents.kinds import Kind, Told
from service.billing.gateway import Gateway, InvoiceFacts
from service.billing.models import Membership


def _stop(gateway: Gateway, told: Told) -> InvoiceFacts:
    """Void it, draft or open. One that was paid meanwhile says so: its money is looked at like any other's."""
    return gateway.stop_invoice(str(told.details["invoice"]), key=told.key)


def _stopped(gateway: Gateway, told: Told) -> InvoiceFacts | None:
    """Was it stopped, or paid, already?"""
    found = gateway.get_invoice(str(told.details["invoice"]))
    return None if found.status in ("draft", "open") else found


def keep_charge(session: Session, told: Told, answer: InvoiceFacts, now: datetime) -> None:
    """Keep what became of it: the look that follows every call sees only the latest invoice."""
    writes.keep_invoice(session, session.get_one(Membership, told.membership_id), answer, now)


def _end_other(gateway: Gateway, told: Told) -> None:
    gateway.cancel(str(told.details["subscription"]), at_period_end=False, key=told.key)


def _other_ended(gateway: Gateway, told: Told) -> bool | None:
    return gateway.get_subscription(str(told.details["subscription"])).status == "ended" or None


STOPPING: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "stop_invoice": Kind(_stop, done=keep_charge, shown=_stopped, lasting=True),
        # Another subscription that says it is for this membership: it ends, whatever becomes of the membership's own.
        "end_other": Kind(_end_other, shown=_other_ended, lasting=True),
    }
)
