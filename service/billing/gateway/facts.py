"""What Stripe tells us, in our words, and how a call may fail. Money in cents, moments aware, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

CheckoutStatus = Literal["open", "completed", "expired"]


class Declined(Exception):
    """The bank said no. Another card, or another day, may do. The text is Stripe's code, never its sentence."""


class NeedsAction(Exception):
    """The bank wants the patient themselves to confirm. Nothing was charged yet."""


class Bug(Exception):
    """Stripe understood us and refused, or answered what we do not understand. Trying again would not help."""


class NotGenuine(Exception):
    """A webhook that Stripe did not sign, or not lately."""


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """Where the patient pays. `url` is None once it is no longer open; `checkout_id` is our own reference."""

    id: str
    url: str | None
    expires_at: datetime
    status: CheckoutStatus
    customer_id: str | None
    subscription_id: str | None
    checkout_id: UUID | None


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """One month's charge. `attempts` counts tries to collect it."""

    id: str
    subscription_id: str | None
    status: str
    amount_due_cents: int
    amount_paid_cents: int
    issued_at: datetime
    paid_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription as it is now. `membership_id` is what we wrote on it; `status` is one of ours."""

    id: str
    customer_id: str
    membership_id: UUID | None
    status: str
    price_key: str | None
    price_cents: int
    period_starts_at: datetime
    period_ends_at: datetime
    cancels_at_period_end: bool
    latest_invoice: InvoiceFacts | None
    card_brand: str | None
    card_last4: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A genuine message from Stripe: something of this kind happened to that object. What is true now we ask for."""

    event_id: str
    kind: str
    object_id: str
    created_at: datetime
