"""What a patient changes about a running membership: each call, and what its answer means to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import emails, rules
from service.billing.actions.intents.kinds import Kind, Told
from service.billing.gateway import Gateway
from service.billing.models import Membership
from service.billing.rules.charges import coming_cents, next_charge
from service.mail import writes as mail

# The gate's yes to a charge counts for so long. An unknown outcome is then looked at, never called for again.
YES_COUNTS: Final = timedelta(minutes=4)


def at(told: Told, name: str) -> datetime:
    """A moment among the details."""
    return datetime.fromisoformat(str(told.details[name]))


def _plan_now(gateway: Gateway, told: Told) -> None:
    gateway.change_plan(
        told.subscription_id,
        item_id=gateway.get_subscription(told.subscription_id).item_id,
        price_key=str(told.details["price_key"]),
        price_cents=int(told.details["price_cents"]),
        at=at(told, "at"),
        key=told.key,
    )


def _plan_next(gateway: Gateway, told: Told) -> None:
    gateway.change_price(
        told.subscription_id,
        item_id=gateway.get_subscription(told.subscription_id).item_id,
        price_key=str(told.details["price_key"]),
        price_cents=int(told.details["price_cents"]),
        key=told.key,
    )


def stay(gateway: Gateway, told: Told) -> None:
    """Go on after all. A plan that was promised for the next charge is said again first: the cancellation may have
    overtaken that change before Stripe heard of it.
    """
    if "price_key" in told.details:
        _plan_next(gateway, replace(told, key=f"{told.key}:1"))
    gateway.undo_cancel(told.subscription_id, key=told.key)


def _price_shown(gateway: Gateway, told: Told) -> bool | None:
    return gateway.get_subscription(told.subscription_id).price_cents == told.details["price_cents"] or None


def _restarted(gateway: Gateway, told: Told) -> bool | None:
    return gateway.get_subscription(told.subscription_id).collection_resumes_at is None or None


def _plan_now_done(session: Session, told: Told, answer: Any, now: datetime) -> None:  # noqa: ARG001
    row = session.get_one(Membership, told.membership_id)
    row.plan, row.price_cents = str(told.details["plan"]), int(told.details["price_cents"])
    row.next_plan = row.next_price_cents = None
    tell(session, told, "plan_now", now, paid_today_cents=int(told.details["due_cents"]))


def _plan_next_done(session: Session, told: Told, answer: Any, now: datetime) -> None:  # noqa: ARG001
    row = session.get_one(Membership, told.membership_id)
    plan, price = str(told.details["plan"]), int(told.details["price_cents"])
    same = (plan, price) == (row.plan, row.price_cents)
    row.next_plan, row.next_price_cents = (None, None) if same else (plan, price)
    if told.details.get("change") is None:  # an agreed price was confirmed when it was agreed to
        tell(session, told, "plan_kept" if same else "plan_next", now)


def _put_back(session: Session, told: Told, code: str, now: datetime) -> None:  # noqa: ARG001
    """Stripe said no: what was coming before comes after all."""
    row = session.get_one(Membership, told.membership_id)
    if (row.next_plan, row.next_price_cents) != (told.details["plan"], told.details["price_cents"]):
        return  # something else was chosen since
    row.next_plan = told.details.get("next_plan")
    row.next_price_cents = told.details.get("next_price_cents")


def _restart_done(session: Session, told: Told, answer: Any, now: datetime) -> None:  # noqa: ARG001
    row = session.get_one(Membership, told.membership_id)
    if row.next_plan is not None and row.next_price_cents is not None:
        row.plan, row.price_cents = row.next_plan, row.next_price_cents
        row.next_plan = row.next_price_cents = None
    tell(session, told, "restarted", now, paid_today_cents=int(told.details["due_cents"]))


def says(what: str) -> Any:
    """What confirms it once Stripe has done it; a new price that was agreed to was confirmed when it was agreed to."""

    def done(session: Session, told: Told, answer: Any, now: datetime) -> None:  # noqa: ARG001
        if told.details.get("change") is not None:
            return
        tell(session, told, what, now)

    return done


def tell(session: Session, told: Told, what: str, now: datetime, *, paid_today_cents: int | None = None) -> None:
    """Confirm it by mail, once for each intent."""
    row = session.get_one(Membership, told.membership_id)
    person = accounts.patient(session, row.patient_id)
    charge_at = None
    if row.period_ends_at is not None and not row.cancels_at_period_end:
        charge_at = next_charge(row.period_ends_at, row.anchor_at, row.collection_resumes_at)
    email = emails.membership_changed(
        what,
        paid_today_cents=paid_today_cents,
        next_cents=coming_cents(row, charge_at),
        charge_at=charge_at,
        card=rules.card_words(row.card_brand, row.card_last4),
        time_zone=person.time_zone,
        locale=person.locale,
    )
    key = f"membership_changed:{told.intent_id}"
    mail.put(session, email, key=key, now=now, user_id=person.user_id, locale=person.locale)


CHANGES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "change_plan": Kind(
            _plan_now, done=_plan_now_done, refused=_put_back, shown=_price_shown, charges=True, yes_counts=YES_COUNTS
        ),
        "change_price": Kind(_plan_next, done=_plan_next_done, refused=_put_back, shown=_price_shown),
        "skip": Kind(
            lambda gateway, told: gateway.skip(told.subscription_id, until=at(told, "until"), key=told.key),
            done=says("skipped"),
        ),
        "unskip": Kind(
            lambda gateway, told: gateway.unskip(told.subscription_id, key=told.key), done=says("unskipped")
        ),
        "restart": Kind(
            lambda gateway, told: gateway.restart(told.subscription_id, key=told.key),
            done=_restart_done,
            shown=_restarted,
            charges=True,
            yes_counts=YES_COUNTS,
        ),
        "move_date": Kind(
            lambda gateway, told: gateway.move_date(told.subscription_id, to=at(told, "to"), key=told.key),
            done=says("moved"),
        ),
        "promotion": Kind(
            lambda gateway, told: gateway.apply_promotion(
                told.subscription_id, promotion_id=str(told.details["promotion_id"]), key=told.key
            ),
            done=says("discount"),
        ),
    }
)
