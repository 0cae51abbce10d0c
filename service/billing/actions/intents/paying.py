"""What a patient does about a charge and a card: pay an open one now, and let charges go to another card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import emails, rules
from service.billing.actions.intents.changes import YES_COUNTS
from service.billing.actions.intents.kinds import Kind, Told
from service.billing.actions.intents.stopping import keep_charge
from service.billing.gateway import Gateway, InvoiceFacts
from service.billing.models import Membership
from service.mail import writes as mail


def _pay(gateway: Gateway, told: Told) -> InvoiceFacts:
    return gateway.pay_invoice(str(told.details["invoice"]), key=told.key)


def _paid(gateway: Gateway, told: Told) -> InvoiceFacts | None:
    found = gateway.get_invoice(str(told.details["invoice"]))
    return found if found.status == "paid" else None


def _use(gateway: Gateway, told: Told) -> None:
    gateway.use_card(told.subscription_id, payment_method_id=str(told.details["payment_method"]), key=told.key)


def _used(gateway: Gateway, told: Told) -> bool | None:
    found = gateway.get_subscription(told.subscription_id).payment_method_id
    return found == told.details["payment_method"] or None


def _tell(session: Session, told: Told, answer: Any, now: datetime) -> None:  # noqa: ARG001
    """The new card is on: its owner hears of it, for it may have been somebody else."""
    row = session.get_one(Membership, told.membership_id)
    person = accounts.patient(session, row.patient_id)
    mail.put(
        session,
        emails.card_changed(card=rules.card_words(row.card_brand, row.card_last4)),
        key=f"card_changed:{told.intent_id}",
        now=now,
        user_id=person.user_id,
        locale=person.locale,
    )


PAYING: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "pay": Kind(_pay, done=keep_charge, shown=_paid, charges=True, yes_counts=YES_COUNTS),
        "use_card": Kind(_use, done=_tell, shown=_used),
    }
)
