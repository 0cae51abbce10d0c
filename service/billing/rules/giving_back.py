"""How much of what was paid is given back when a membership ends. Pure; whole cents, moments aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from service.catalog.rules.refunds import Share

Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Payment:
    """One charge that was paid: what is left of it to give back, and the time it was for."""

    left_cents: int
    starts_at: datetime
    ends_at: datetime


def refund_due(share: Share, payments: Mapping[Id, Payment], *, stopped_at: datetime) -> dict[Id, int]:
    """What to give back of each payment, in cents; payments of which nothing is due are left out.

    `stopped_at` is when the patient could no longer use what they had paid for. A plan change in the month is a payment
    of its own, for the rest of it: each is shared out by its own time, and so they add up to the unused part of both.
    """
    due = {key: _of_one(share, one, stopped_at) for key, one in payments.items()}
    return {key: cents for key, cents in due.items() if cents > 0}


def _of_one(share: Share, one: Payment, stopped_at: datetime) -> int:
    if share == "none" or one.left_cents <= 0:
        return 0
    if share == "everything":
        return one.left_cents
    if one.ends_at <= stopped_at:
        return 0  # a month that is over was had
    return one.left_cents if share == "month" else _unused(one, stopped_at)


def _unused(one: Payment, stopped_at: datetime) -> int:
    """Rounded up: a cent of doubt is the patient's."""
    whole, to_come = one.ends_at - one.starts_at, one.ends_at - max(stopped_at, one.starts_at)
    if whole <= timedelta(0):
        return one.left_cents
    return min(one.left_cents, -(-one.left_cents * _micros(to_come) // _micros(whole)))


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
