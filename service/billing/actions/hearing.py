"""What a message is about, asked of Stripe under the lock of what it moves. One line for each kind of object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from service.billing import writes
from service.billing.actions import card_page, money_heard, sync
from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as we kept it. `subject_id`: the subscription, which never changes; None where it did not say."""

    kind: str
    object_id: str
    subject_id: str | None


def hear(session: Session, heard: Heard, *, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Lock, ask what is true now, write it. A kind nobody listens to changes nothing. Raises `sync.Unclaimed`."""
    for begins, listen in LISTENERS:
        if heard.kind.startswith(begins):
            listen(session, heard, gateway, catalog, now)
            return


def _subscription(session: Session, heard: Heard, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    writes.lock_object(session, heard.object_id)
    facts = gateway.get_subscription(heard.object_id)
    if not sync.is_known(session, facts):
        sync.apply(session, facts, catalog=catalog, now=now)


def _invoice(session: Session, heard: Heard, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Nearly always the latest one of its subscription, which comes with it: one call."""
    # Which subscription an invoice belongs to never changes, so it may be asked before anything is locked.
    subject_id = heard.subject_id or gateway.get_invoice(heard.object_id).subscription_id
    if subject_id is None:
        return
    writes.lock_object(session, subject_id)
    facts = gateway.get_subscription(subject_id)
    latest = facts.latest_invoice
    older = () if latest is not None and latest.id == heard.object_id else (gateway.get_invoice(heard.object_id),)
    if older or not sync.is_known(session, facts):
        sync.apply(session, facts, invoices=older, catalog=catalog, now=now)


def _page(session: Session, heard: Heard, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """The page, and the subscription that somebody began on it."""
    if heard.subject_id is not None:
        writes.lock_object(session, heard.subject_id)
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
    ("customer.subscription.", _subscription),
    ("checkout.session.", _page),
    ("invoice.", _invoice),
    ("charge.dispute.", _dispute),
    ("refund.", _refund),
)
