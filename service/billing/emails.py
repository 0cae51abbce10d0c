"""The mails about money: an amount, a day, a card, how to cancel. Never what the membership is for."""

from __future__ import annotations

from datetime import date, datetime

from service.kit.format import day, moment, money
from service.mail.rules import Email

BILLING = "/billing"
CANCEL = "/billing/cancel"
PRICE = "/billing/price"


def _day(when: datetime, time_zone: str, locale: str) -> str:
    return moment(when, time_zone, "day-only long", locale)


def membership_started(
    *, price_cents: int, next_cents: int, next_charge_at: datetime, time_zone: str, locale: str
) -> Email:
    """Welcome, what it costs, when the next charge is and what it comes to, how to cancel."""
    return Email(
        "membership_started",
        {
            "amount": money(price_cents),
            "next_amount": money(next_cents),
            "next_charge": _day(next_charge_at, time_zone, locale),
            "path": "/home",
            "cancel_path": CANCEL,
        },
    )


def payment_receipt(*, amount_cents: int, paid_at: datetime, card: str, time_zone: str, locale: str) -> Email:
    """Our own receipt; Stripe sends none. The full one is behind the sign-in."""
    return Email(
        "payment_receipt",
        {
            "amount": money(amount_cents),
            "paid_on": _day(paid_at, time_zone, locale),
            "card": card,
            "path": BILLING,
        },
    )


def payment_problem(*, amount_cents: int, card: str) -> Email:
    """A charge failed. Care goes on while it is sorted out."""
    return Email("payment_problem", {"amount": money(amount_cents), "card": card, "path": BILLING})


def renewal_reminder(*, price_cents: int, charge_at: datetime, card: str, time_zone: str, locale: str) -> Email:
    """Seven days before each charge (domain.md 7.3)."""
    return Email(
        "renewal_reminder",
        {
            "amount": money(price_cents),
            "charge_on": _day(charge_at, time_zone, locale),
            "card": card,
            "path": BILLING,
            "cancel_path": CANCEL,
        },
    )


def membership_ending(*, ends_at: datetime, for_price: bool = False, time_zone: str, locale: str) -> Email:
    """Confirms a cancellation at once, with the last day and the way back. `for_price`: nobody asked for it, a new
    price had no yes in time.
    """
    return Email(
        "membership_ending",
        {
            "ends_on": _day(ends_at, time_zone, locale),
            "for_price": for_price,
            "path": PRICE if for_price else BILLING,
        },
    )


def membership_ended() -> Email:
    """No more charges. Records, safety pages and messages stay open."""
    return Email("membership_ended", {"path": BILLING, "home_path": "/home"})


def membership_changed(
    what: str,
    *,
    paid_today_cents: int | None = None,
    next_cents: int,
    charge_at: datetime | None,
    card: str,
    time_zone: str,
    locale: str,
) -> Email:
    """Confirms at once what somebody changed: `what` is a code that the template has words for."""
    return Email(
        "membership_changed",
        {
            "what": what,
            "paid_today": None if paid_today_cents is None else money(paid_today_cents),
            "amount": money(next_cents),
            "charge_on": None if charge_at is None else _day(charge_at, time_zone, locale),
            "card": card,
            "path": BILLING,
        },
    )


def price_change(
    *, old_cents: int, new_cents: int, charge_at: datetime, until: datetime, ends: bool, time_zone: str, locale: str
) -> Email:
    """At least 30 days before the first charge at a new price (domain.md 7.3). `ends`: what happens without a yes."""
    return Email(
        "price_change",
        {
            "old_amount": money(old_cents),
            "amount": money(new_cents),
            "charge_on": _day(charge_at, time_zone, locale),
            "answer_until": moment(until, time_zone, "long", locale),
            "ends": ends,
            "path": PRICE,
            "cancel_path": CANCEL,
        },
    )


def refund_sent(*, amount_cents: int) -> Email:
    """Money is on its way back to the card."""
    return Email("refund_sent", {"amount": money(amount_cents), "path": BILLING})


def refund_returned(*, amount_cents: int) -> Email:
    """The bank did not take the money back; we find another way."""
    return Email("refund_returned", {"amount": money(amount_cents), "path": BILLING})


def credit_given(*, amount_cents: int) -> Email:
    """Money off the next charge."""
    return Email("credit_given", {"amount": money(amount_cents), "path": BILLING})


def months_given(*, months: int) -> Email:
    """The next months cost nothing."""
    return Email("months_given", {"months": months, "path": BILLING})


def charge_dropped(*, amount_cents: int) -> Email:
    """A charge that had failed is not asked for any more."""
    return Email("charge_dropped", {"amount": money(amount_cents), "path": BILLING})


def membership_stopped() -> Email:
    """Staff stopped the charges; somebody lets them go on."""
    return Email("membership_stopped", {"path": BILLING})


def membership_unpaid() -> Email:
    """Every try to collect failed: no parcels until it is paid. Records, safety pages and messages stay open."""
    return Email("membership_unpaid", {"path": BILLING})


def membership_back() -> Email:
    """Paid after all: it goes on."""
    return Email("membership_back", {"path": BILLING})


def card_expires(*, card: str, expires_on: date, charge_at: datetime, time_zone: str, locale: str) -> Email:
    """The card will be out of date at the next charge. Sent once for each such charge."""
    return Email(
        "card_expires",
        {
            "card": card,
            "expires_on": day(expires_on, "long", locale),
            "charge_on": _day(charge_at, time_zone, locale),
            "path": BILLING,
        },
    )


def card_changed(*, card: str) -> Email:
    """Charges go to another card from now on: whoever did not do this hears of it."""
    return Email("card_changed", {"card": card, "path": BILLING})
