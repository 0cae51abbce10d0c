"""What a message is about, asked of Stripe under the lock of what it moves. One line for each kind of object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from service.billing import rules, writes
from service.billing.actions import card_page, money_heard, sync
from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as we kept it. `subject_id`: the subscription, which never changes; None where it did not say."""

    kind: str
    object_id: str
    subject_id: str | None


def hear(
    session: Session,
    heard: Heard,
    *,
    others: Sequence[Heard] = (),
    gateway: Gateway,
    catalog: Catalog,
    now: datetime,
) -> None:
    """Ask what is true now and write it. A kind nobody listens to changes nothing. Raises `sync.Unclaimed`.

    The caller holds `writes.lock_object` of `subject_id`, where there is one.
    `others`: more messages of the same subscription, answered by the same look (`rules.together`).
    """
    if rules.of_a_subscription(heard.kind):
        _subscription(session, (heard, *others), gateway, catalog, now)
        return
    for begins, listen in LISTENERS:
        if heard.kind.startswith(begins):
            listen(session, heard, gateway, catalog, now)
            return


def _subscription(session: Session, told: Sequence[Heard], gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """A subscription and its charges. Nearly always its latest one, which comes with it: one call."""
    subject_id = told[0].subject_id or _subject(session, told[0], gateway)
    if subject_id is None:
        return
    facts = gateway.get_subscription(subject_id)
    latest = facts.latest_invoice.id if facts.latest_invoice is not None else None
    charges = dict.fromkeys(one.object_id for one in told if one.kind.startswith("invoice."))
    older = tuple(gateway.get_invoice(stripe_id) for stripe_id in charges if stripe_id != latest)
    if older or not sync.is_known(session, facts):
        sync.apply(session, facts, invoices=older, catalog=catalog, now=now)


def _subject(session: Session, heard: Heard, gateway: Gateway) -> str | None:
    """Whose it is, locked. Which subscription a charge belongs to never changes, so it may be asked before the lock."""
    found: str | None = heard.object_id
    if heard.kind.startswith("invoice."):
        found = gateway.get_invoice(heard.object_id).subscription_id
    if found is not None:
        writes.lock_object(session, found)
    return found


def _page(session: Session, heard: Heard, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """The page, and the subscription that somebody began on it."""
    page = gateway.get_checkout(heard.object_id)
    if page.subscription is not None and page.subscription.id == heard.subject_id:
        sync.apply(session, page.subscription, catalog=catalog, now=now)
    elif page.subscription_id is not None:
        sync.subscription_now(session, page.subscription_id, gateway=gateway, catalog=catalog, now=now)
    card_page.hear_card(session, page, now=now)
    sync.page_now(session, page)


def _refund(session: Session, heard: Heard, gateway: Gateway, catalog: Catalog, now: datetime) -> None:  # noqa: ARG001
    if heard.object_id.startswith("re_"):
        money_heard.refund_now(session, heard.object_id, gateway=gateway, now=now)


def _dispute(session: Session, heard: Heard, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    money_heard.dispute_now(session, heard.object_id, gateway=gateway, catalog=catalog, now=now)


LISTENERS: Final[tuple[tuple[str, Callable[[Session, Heard, Gateway, Catalog, datetime], None]], ...]] = (
    ("checkout.session.", _page),
    ("charge.dispute.", _dispute),
    ("refund.", _refund),
)
