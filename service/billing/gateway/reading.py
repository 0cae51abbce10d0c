"""From the SDK's objects to our words. A field that is missing or of another kind is a Bug, not a guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

from service.billing.gateway.facts import Bug, CheckoutPage, CheckoutStatus, InvoiceFacts, SubscriptionFacts
from service.billing.rules import membership_status

if TYPE_CHECKING:  # only the gateway's api file speaks to the SDK
    import stripe

P = ParamSpec("P")
T = TypeVar("T")
_CHECKOUT: dict[str, CheckoutStatus] = {"open": "open", "complete": "completed", "expired": "expired"}


def _strict(read: Callable[P, T]) -> Callable[P, T]:
    @wraps(read)
    def reader(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise Bug(f"Stripe's answer has another shape: {read.__name__}, {type(error).__name__}") from None

    return reader


def moment(seconds: int) -> datetime:
    """A Unix time as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def _id(value: Any) -> str | None:
    """The id of something that may be expanded."""
    return value if value is None or isinstance(value, str) else str(value.id)


@_strict
def checkout(session: stripe.checkout.Session) -> CheckoutPage:
    """A Checkout session."""
    return CheckoutPage(
        id=session.id,
        url=session.url,
        expires_at=moment(session.expires_at),
        status=_CHECKOUT[str(session.status)],
        customer_id=_id(session.customer),
        subscription_id=_id(session.subscription),
        checkout_id=UUID(session.client_reference_id) if session.client_reference_id else None,
    )


@_strict
def invoice(found: stripe.Invoice) -> InvoiceFacts:
    """An invoice. Its subscription hangs under its parent."""
    details = found.parent.subscription_details if found.parent else None
    paid_at = found.status_transitions.paid_at
    return InvoiceFacts(
        id=str(found.id),
        subscription_id=_id(details.subscription) if details else None,
        status=str(found.status),
        amount_due_cents=int(found.amount_due),
        amount_paid_cents=int(found.amount_paid),
        issued_at=moment(found.created),
        paid_at=moment(paid_at) if paid_at is not None else None,
        attempts=int(found.attempt_count),
    )


@_strict
def subscription(found: stripe.Subscription) -> SubscriptionFacts:
    """A subscription with exactly one price. The current period is the item's."""
    (item,) = found.items.data
    if item.price.unit_amount is None or item.quantity != 1:
        raise ValueError("a membership is one price, once")
    latest, card = found.latest_invoice, _card(found.default_payment_method)
    return SubscriptionFacts(
        id=found.id,
        customer_id=str(_id(found.customer)),
        membership_id=_membership(found.metadata),
        status=membership_status(str(found.status)),
        price_key=item.price.lookup_key,
        price_cents=item.price.unit_amount,
        period_starts_at=moment(item.current_period_start),
        period_ends_at=moment(item.current_period_end),
        cancels_at_period_end=found.cancel_at_period_end or found.cancel_at is not None,
        latest_invoice=None if latest is None or isinstance(latest, str) else invoice(latest),
        card_brand=card[0],
        card_last4=card[1],
    )


def _membership(metadata: Any) -> UUID | None:
    text = metadata.to_dict().get("membership")
    return UUID(text) if text else None


def _card(method: Any) -> tuple[str | None, str | None]:
    """Brand and last four digits: all we ever keep of a card."""
    card = None if method is None or isinstance(method, str) else getattr(method, "card", None)
    return (None, None) if card is None else (str(card.brand), str(card.last4))
