"""From the SDK's objects to our words. A field that is missing or of another kind is a Bug, not a guess."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

from service.billing.gateway.facts import (
    Bug,
    CheckoutPage,
    CheckoutStatus,
    DisputeFacts,
    InvoiceFacts,
    LineFacts,
    LineKind,
    PartlyRead,
    Preview,
    Promotion,
    RefundFacts,
    SubscriptionFacts,
)
from service.billing.rules import MOST_CENTS, membership_status

if TYPE_CHECKING:  # only the gateway's api file speaks to the SDK
    import stripe

P = ParamSpec("P")
T = TypeVar("T")
_CHECKOUT: dict[str, CheckoutStatus] = {"open": "open", "complete": "completed", "expired": "expired"}
_OCCASIONS = {"subscription_create": "start", "subscription_cycle": "renewal", "subscription_update": "change"}
EARLIER = timedelta(hours=1)


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


def _dollars(found: Any) -> None:
    """Raises ValueError for money in another currency: its amount is no amount of ours."""
    if found.currency != "usd":
        raise ValueError("not in dollars")


def _cents(value: Any, *, least: int = -MOST_CENTS) -> int:
    """An amount as Stripe has it. Raises ValueError for one that is no whole number of cents, below `least`, or larger
    than what we can write down: it is looked at by a person, never cut or wrapped.
    """
    if type(value) is not int or not least <= value <= MOST_CENTS:
        raise ValueError("an amount that cannot be")
    return value


def id_of(value: Any) -> str | None:
    """The id of something that may be expanded."""
    return value if value is None or isinstance(value, str) else str(value.id)


@_strict
def checkout(session: stripe.checkout.Session) -> CheckoutPage:
    """A Checkout session, for a membership or for a card."""
    whole, setup = session.subscription, session.setup_intent
    return CheckoutPage(
        id=session.id,
        url=session.url,
        expires_at=moment(session.expires_at),
        status=_CHECKOUT[str(session.status)],
        customer_id=id_of(session.customer),
        subscription_id=id_of(session.subscription),
        checkout_id=UUID(session.client_reference_id) if session.client_reference_id else None,
        subscription=None if whole is None or isinstance(whole, str) else subscription(whole),
        payment_method_id=None if setup is None or isinstance(setup, str) else id_of(setup.payment_method),
    )


@_strict
def invoice(found: stripe.Invoice) -> InvoiceFacts:
    """An invoice. Its subscription hangs under its parent."""
    _dollars(found)
    details = found.parent.subscription_details if found.parent else None
    paid_at, next_try = found.status_transitions.paid_at, found.next_payment_attempt
    ending = found.ending_balance
    return InvoiceFacts(
        id=str(found.id),
        subscription_id=id_of(details.subscription) if details else None,
        status=str(found.status),
        amount_due_cents=_cents(found.amount_due, least=0),
        amount_paid_cents=_cents(found.amount_paid, least=0),
        issued_at=moment(found.created),
        paid_at=moment(paid_at) if paid_at is not None else None,
        attempts=int(found.attempt_count),
        number=found.number,
        occasion=_OCCASIONS.get(str(found.billing_reason), "other"),
        subtotal_cents=_cents(found.subtotal),
        discount_cents=sum(_cents(one.amount, least=0) for one in found.total_discount_amounts or []),
        credit_used_cents=0 if ending is None else max(0, _cents(ending) - _cents(found.starting_balance)),
        next_try_at=moment(next_try) if next_try is not None else None,
        payment_id=_payment(found),
        lines=tuple(_line(one) for one in found.lines.data),
    )


def _payment(found: stripe.Invoice) -> str | None:
    """The payment that paid it, where payments were asked for."""
    for one in getattr(found, "payments", None) or ():
        if one.status == "paid" and one.payment.type == "payment_intent":
            return id_of(one.payment.payment_intent)
    return None


def _line(found: Any) -> LineFacts:
    details = found.parent.subscription_item_details if found.parent else None
    kind: LineKind = "other"
    if details is not None:
        kind = "month" if not details.proration else ("unused" if found.amount < 0 else "remaining")
    return LineFacts(
        id=str(found.id),
        kind=kind,
        amount_cents=_cents(found.amount),
        starts_at=moment(found.period.start),
        ends_at=moment(found.period.end),
    )


@_strict
def preview(found: stripe.Invoice) -> Preview:
    """What an invoice would be: what is due, and what of it the account would be credited instead."""
    lines = tuple(_line(one) for one in found.lines.data)
    return Preview(_cents(found.amount_due, least=0), max(0, -_cents(found.total)), lines)


@_strict
def subscription(found: stripe.Subscription) -> SubscriptionFacts:
    """A subscription with exactly one price. The current period is the item's."""
    (item,) = found.items.data
    if item.price.unit_amount is None or item.quantity != 1 or item.price.currency != "usd":
        raise ValueError("a membership is one price in dollars, once")
    latest, card, customer = found.latest_invoice, _card(found.default_payment_method), found.customer
    pause = found.pause_collection
    resumes_at = pause.resumes_at if pause is not None else None  # an hour early: `Subscriptions.skip` says why
    discount = _discount(found)
    return SubscriptionFacts(
        id=found.id,
        customer_id=str(id_of(customer)),
        membership_id=ours(found.metadata, "membership"),
        status=membership_status(str(found.status)),
        price_key=item.price.lookup_key,
        price_cents=_cents(item.price.unit_amount, least=1),
        period_starts_at=moment(item.current_period_start),
        period_ends_at=moment(item.current_period_end),
        cancels_at_period_end=found.cancel_at_period_end or found.cancel_at is not None,
        latest_invoice=None if latest is None or isinstance(latest, str) else invoice(latest),
        card_brand=card[0],
        card_last4=card[1],
        card_expires_on=card[2],
        payment_method_id=id_of(found.default_payment_method),
        item_id=item.id,
        stopped_for=str(found.status) if found.status in ("paused", "unpaid") else None,
        trial=found.status == "trialing",
        anchor_at=moment(found.billing_cycle_anchor),
        collection_resumes_at=moment(resumes_at) + EARLIER if resumes_at is not None else None,
        credit_cents=None if customer is None or isinstance(customer, str) else max(0, -_balance(customer)),
        discounted=bool(found.discounts),
        discount_percent=discount[0],
        discount_cents=discount[1],
        discount_ends_at=discount[2],
    )


def _balance(customer: Any) -> int:
    """The account's balance in cents; below zero is the customer's credit."""
    return _cents(getattr(customer, "balance", None) or 0)


def _discount(found: stripe.Subscription) -> tuple[int | None, int | None, datetime | None]:
    """Per cent, cents and last moment of the discounts on a subscription, where they were asked for."""
    percents, cents, ends = [], [], []
    for one in found.discounts or []:
        coupon = None if isinstance(one, str) else one.source.coupon
        if isinstance(one, str) or coupon is None or isinstance(coupon, str):
            continue
        if coupon.percent_off is not None:
            percents.append(round(coupon.percent_off))
        if coupon.amount_off is not None:
            cents.append(int(coupon.amount_off))
        if one.end is not None:
            ends.append(moment(one.end))
    return max(percents, default=None), sum(cents) or None, min(ends, default=None)


def ours(metadata: Any, name: str) -> UUID | None:
    """The id of ours that we wrote on an object, or None."""
    text = metadata.to_dict().get(name) if metadata is not None else None
    return UUID(text) if text else None


def _card(method: Any) -> tuple[str | None, str | None, date | None]:
    """Brand, last four digits and last good day: all we ever keep of a card."""
    card = None if method is None or isinstance(method, str) else getattr(method, "card", None)
    if card is None:
        return None, None, None
    year, month = int(card.exp_year), int(card.exp_month)
    return str(card.brand), str(card.last4), date(year, month, monthrange(year, month)[1])


@_strict
def promotion(found: stripe.PromotionCode) -> Promotion:
    """A promotion code with its coupon."""
    coupon = found.promotion.coupon
    if coupon is None or isinstance(coupon, str):
        raise TypeError("a code without its coupon")
    months = {"once": 1, "repeating": coupon.duration_in_months, "forever": None}[str(coupon.duration)]
    return Promotion(
        id=found.id,
        code=found.code,
        percent_off=None if coupon.percent_off is None else round(coupon.percent_off),
        amount_off_cents=coupon.amount_off,
        months=months,
    )


@_strict
def refund(found: stripe.Refund) -> RefundFacts:
    """A refund."""
    _dollars(found)
    return RefundFacts(
        id=found.id,
        payment_id=id_of(found.payment_intent),
        status=str(found.status),
        amount_cents=_cents(found.amount, least=1),
        created_at=moment(found.created),
        refund_id=ours(found.metadata, "refund"),
        failure=getattr(found, "failure_reason", None),
    )


@_strict
def dispute(found: stripe.Dispute) -> DisputeFacts:
    """A dispute."""
    _dollars(found)
    return DisputeFacts(
        id=found.id,
        payment_id=id_of(found.payment_intent),
        amount_cents=_cents(found.amount, least=1),
        reason=str(found.reason),
        status=str(found.status),
        created_at=moment(found.created),
        due_at=moment(due) if (due := getattr(found.evidence_details, "due_by", None)) else None,
    )


def page(found: Any, read: Callable[[Any], T]) -> tuple[list[T], str | None]:
    """A page of a list, and where the next begins. Raises PartlyRead, with the rest, where some cannot be read."""
    after = str(found.data[-1].id) if found.has_more and found.data else None
    facts: list[T] = []
    odd: list[str] = []
    for one in found.data:
        try:
            facts.append(read(one))
        except Bug:
            odd.append(str(one.id))
    if odd:
        raise PartlyRead(facts, after, odd)
    return facts, after
