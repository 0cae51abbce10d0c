"""The steps of a night: each takes a page, says what differs on it and what agrees, and where the next begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog

from service.billing.actions.watching.looking import compared, look, unknown
from service.billing.gateway import Bug, Gateway, InvoiceFacts, PartlyRead, RefundFacts, SubscriptionFacts
from service.billing.queries import watching
from service.billing.queries.watching import OurCharge, Ours
from service.billing.rules import refund_outcome
from service.billing.rules.drift import (
    CHARGES_BACK,
    OF_SUBSCRIPTION,
    SETTLES,
    WHOSE,
    Difference,
)
from service.kit import db

log = structlog.get_logger(__name__)
PAGE = 100
T = TypeVar("T")


@dataclass(slots=True)
class Page:
    """What one page showed. `ids`: what was compared on it; `after`: None at the end of the step."""

    ids: list[str]
    fields: tuple[str, ...]
    after: str | None
    found: list[Difference] = field(default_factory=list)
    failed: int = 0
    listed: bool = False  # these subscriptions were named by Stripe's own list


@dataclass(frozen=True, slots=True)
class Night:
    """One comparison: when it began, and when now is."""

    began_at: datetime
    now: datetime
    gateway: Gateway


def theirs(night: Night, after: str | None) -> Page:
    """Every subscription that Stripe has against ours: what it says of ours, and those we do not know."""
    facts, following, odd = _read(night.gateway.list_subscriptions, after)
    page = Page([one.id for one in facts] + odd, (*OF_SUBSCRIPTION, *WHOSE), following, listed=True)
    with db.reading() as session:
        ours = watching.of_subscriptions(session, page.ids)
        strange = [one.membership_id for one in facts if one.id not in ours and one.membership_id is not None]
        named = watching.of_memberships(session, strange) if strange else {}
        suspects = [one.id for one in facts if _suspect(one, ours.get(one.id), named)]
        waiting = watching.on_its_way(session, suspects) if suspects else set()
    page.ids = [one for one in page.ids if one not in waiting]  # neither agree nor differ: they are about to change
    for subscription_id in [*suspects, *odd]:
        if subscription_id not in waiting:
            _again(page, subscription_id, night.gateway)
    page.found += [Difference(one, "unread", None, None) for one in odd if one not in ours]
    return page


def _read(
    ask: Callable[..., tuple[list[T], str | None]], *about: datetime | str | None
) -> tuple[list[T], str | None, list[str]]:
    """A page of Stripe's list, where the next begins, and the ids of those on it that are not as ours are."""
    try:
        return *ask(*about), []
    except PartlyRead as error:
        return error.facts, error.after, error.ids


def _count(page: Page, odd: list[str]) -> None:
    """One that cannot be read is counted, and stops none of the others."""
    page.failed += len(odd)
    for object_id in odd:
        log.error("Stripe's list holds what we cannot read", object=object_id)


def _suspect(facts: SubscriptionFacts, ours: Ours | None, named: dict[UUID, Ours]) -> bool:
    if ours is not None:
        return bool(compared(ours, facts))
    return bool(unknown(facts, named.get(facts.membership_id) if facts.membership_id else None))


def ours(night: Night, after: str | None) -> Page:
    """Everything we believe to be live and that Stripe's list did not name: is it there at all?"""
    with db.reading() as session:
        rows = watching.live_after(session, UUID(after) if after else None, not_seen_since=night.began_at, limit=PAGE)
        waiting = watching.on_its_way(session, [row.subscription_id or "" for row in rows])
    page = Page(
        [row.subscription_id for row in rows if row.subscription_id and row.subscription_id not in waiting],
        (*OF_SUBSCRIPTION, *WHOSE),
        str(rows[-1].id) if len(rows) == PAGE else None,
    )
    for subscription_id in list(page.ids):
        _again(page, subscription_id, night.gateway)
    return page


def _again(page: Page, subscription_id: str, gateway: Gateway) -> None:
    try:
        page.found += look(subscription_id, gateway=gateway)
    except Bug as error:
        page.failed += 1
        page.ids.remove(subscription_id)
        log.error("a comparison with Stripe failed", object=subscription_id, error=str(error))


def charges(night: Night, after: str | None) -> Page:
    """What was charged in the last weeks, against our charges and the ledger."""
    facts, following, odd = _read(night.gateway.list_charges, night.began_at - CHARGES_BACK, after)
    facts = [one for one in facts if one.status != "draft" and _rests(one, night.now)]
    page = Page([one.id for one in facts], ("charge", "paid"), following)
    _count(page, odd)
    with db.reading() as session:
        known = watching.charges_of(session, page.ids)
        of = watching.of_subscriptions(session, {one.subscription_id for one in facts if one.subscription_id})
        waiting = watching.on_its_way(session, {one.subscription_id for one in facts if one.subscription_id})
    for one in facts:
        if one.subscription_id in waiting:
            page.ids.remove(one.id)
        else:
            page.found += charge_differences(one, known.get(one.id), of.get(one.subscription_id or ""))
    return page


def _rests(facts: InvoiceFacts, now: datetime) -> bool:
    """Did nothing happen to it just now?"""
    return max(facts.issued_at, facts.paid_at or facts.issued_at) < now - SETTLES


def charge_differences(facts: InvoiceFacts, ours: OurCharge | None, whose: Ours | None) -> list[Difference]:
    """Where a charge of ours, and what the ledger says of it, differ from Stripe's."""
    if ours is None:
        wanted = whose is not None and facts.amount_paid_cents > 0
        return [Difference(facts.id, "paid", None, str(facts.amount_paid_cents), whose.id)] if wanted and whose else []
    found = []
    if ours.status != facts.status:
        found.append(Difference(facts.id, "charge", ours.status, facts.status, ours.membership_id))
    for cents in (ours.paid_cents, ours.booked_cents):
        if cents != facts.amount_paid_cents:
            found.append(Difference(facts.id, "paid", str(cents), str(facts.amount_paid_cents), ours.membership_id))
            break
    return found


def refunds(night: Night, after: str | None) -> Page:
    """What was given back in the last weeks, against the ledger: also what somebody gave back in Stripe itself."""
    facts, following, odd = _read(night.gateway.list_given_back, night.began_at - CHARGES_BACK, after)
    settled = [one for one in facts if refund_outcome(one.status) != "waiting" and one.created_at < night.now - SETTLES]
    page = Page([one.id for one in settled], ("refund",), following)
    _count(page, odd)
    with db.reading() as session:
        whose = watching.payments_known(session, {one.payment_id for one in settled if one.payment_id})
        booked = watching.given_back(session, page.ids)
    for one in settled:
        membership_id = whose.get(one.payment_id or "")
        ours, their = str(booked.get(one.id, 0)), _given_back(one)
        if membership_id is not None and ours != their:
            page.found.append(Difference(one.id, "refund", ours, their, membership_id))
    return page


def _given_back(facts: RefundFacts) -> str:
    """The cents that a refund moved; Stripe's own word where nobody knows what it means."""
    outcome = refund_outcome(facts.status)
    if outcome == "unknown":
        return facts.status
    return str(facts.amount_cents if outcome == "done" else 0)


def books(_: Night, after: str | None) -> Page:
    """Of each membership: does the ledger add up to what was paid less what was given back?"""
    with db.reading() as session:
        rows = watching.sums_after(session, UUID(after) if after else None, limit=PAGE)
    page = Page(
        [one.subscription_id or str(one.membership_id) for one in rows],
        ("ledger",),
        str(rows[-1].membership_id) if len(rows) == PAGE else None,
    )
    for one in rows:
        if one.ledger_cents != one.charges_cents:
            name = one.subscription_id or str(one.membership_id)
            ours, their = str(one.ledger_cents), str(one.charges_cents)
            page.found.append(Difference(name, "ledger", ours, their, one.membership_id))
    return page


STEPS: Final[dict[str, Callable[[Night, str | None], Page]]] = {
    "theirs": theirs,
    "ours": ours,
    "charges": charges,
    "refunds": refunds,
    "books": books,
}
