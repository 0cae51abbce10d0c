"""What Stripe tells us, in our words, and how a call may fail. Money in cents, moments aware, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

CheckoutStatus = Literal["open", "completed", "expired"]
LineKind = Literal["month", "unused", "remaining", "other"]


class Declined(Exception):
    """The bank said no. Another card, or another day, may do. The text is Stripe's code, never its sentence."""


class NeedsAction(Exception):
    """The bank wants the patient themselves to confirm. Nothing was charged yet."""


class Bug(Exception):
    """Stripe understood us and refused, or answered what we do not understand. Trying again would not help."""


class PartlyRead(Bug):
    """A page of a list on which some are not as ours are: `ids`. The others are `facts`; the next begins at `after`."""

    def __init__(self, facts: list[Any], after: str | None, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} of a page could not be read")
        self.facts, self.after, self.ids = facts, after, ids


class NotGenuine(Exception):
    """A webhook that Stripe did not sign, or not lately."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line of an invoice. `kind`: a month, unused time given back (negative), remaining time charged, or other."""

    id: str
    kind: LineKind
    amount_cents: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """One charge. `attempts` counts tries to collect it; `occasion`: start, renewal, change, other."""

    id: str
    subscription_id: str | None
    status: str
    amount_due_cents: int
    amount_paid_cents: int
    issued_at: datetime
    paid_at: datetime | None
    attempts: int
    number: str | None = None
    occasion: str = "other"
    subtotal_cents: int = 0
    discount_cents: int = 0
    credit_used_cents: int = 0
    next_try_at: datetime | None = None
    payment_id: str | None = None
    lines: tuple[LineFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription as it is now. `membership_id` is what we wrote on it; `status` is one of ours.

    `anchor_at` is where Stripe counts months from. `trial` says that nothing is owed until the period's end: a date
    that was moved. `credit_cents` is None where it was not asked for, and so are a discount's figures (`discounted`
    says that there is one).
    """

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
    card_expires_on: date | None = None
    payment_method_id: str | None = None
    item_id: str = ""
    stopped_for: str | None = None
    trial: bool = False
    anchor_at: datetime | None = None
    collection_resumes_at: datetime | None = None
    credit_cents: int | None = None
    discounted: bool = False
    discount_percent: int | None = None
    discount_cents: int | None = None
    discount_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """Where the patient pays, or gives another card. `url` is None once it is no longer open.

    `checkout_id` is our own reference; `payment_method_id` the card a page for one took.
    """

    id: str
    url: str | None
    expires_at: datetime
    status: CheckoutStatus
    customer_id: str | None
    subscription_id: str | None
    checkout_id: UUID | None
    subscription: SubscriptionFacts | None = None
    payment_method_id: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would charge now. `credit_cents`: what it would put on the account instead."""

    amount_due_cents: int
    credit_cents: int
    lines: tuple[LineFacts, ...]


@dataclass(frozen=True, slots=True)
class Promotion:
    """A code that takes something off: a percentage, or cents, of one charge (`months` 1), several, or all (None)."""

    id: str
    code: str
    percent_off: int | None
    amount_off_cents: int | None
    months: int | None


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money given back. `status`: pending, requires_action, succeeded, failed, canceled. `refund_id` is ours."""

    id: str
    payment_id: str | None
    status: str
    amount_cents: int
    created_at: datetime
    refund_id: UUID | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A payment that the cardholder's bank asks about. `status` and `reason` are Stripe's words.

    `due_at`: until when an answer may be given there.
    """

    id: str
    payment_id: str | None
    amount_cents: int
    reason: str
    status: str
    created_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A genuine message from Stripe: something of this kind happened to that object. What is true now we ask for.

    `subject_id`: the subscription it is about, which never changes and says what to lock; else the object itself;
    None for an invoice of no subscription.
    `trouble`: why we may not act upon it, a code. `moves`: whether there is anything to do about it.
    """

    event_id: str
    kind: str
    object_id: str
    created_at: datetime
    subject_id: str | None = None
    trouble: str | None = None
    moves: bool = True
