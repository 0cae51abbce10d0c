"""Another card: given on Stripe's own page, used for the charges to come. The old one stays until the new one is on.

Whichever comes first, the patient or Stripe's message, keeps what is meant; a crash in between is found by the tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions import intents, sync
from service.billing.gateway import Bug, CheckoutPage, Declined, Gateway, NeedsAction
from service.billing.models import Checkout, Membership
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import Conflict, NotFound, TryAgain, words
from service.kit.ids import new_id

log = structlog.get_logger(__name__)
RETURN = "/billing/card/return?session_id="
TRIES = 3
NO_CARD = Conflict("no_card_here", words("There is no membership whose card you could change."))
Taken = Literal["changed", "waiting", "not_changed"]


@dataclass(frozen=True, slots=True)
class _Meant:
    membership_id: UUID
    customer_id: str
    checkout_id: UUID
    session_id: str | None
    key: str
    expires_at: datetime


def start_card(*, patient_id: UUID, gateway: Gateway, actor: Actor, now: datetime) -> str:
    """Where the patient gives another card. Pressing twice leads to the same page.

    Raises Conflict where there is no membership that charges, TryAgain and Bug of the gateway (nothing is changed).
    """
    for _ in range(TRIES):
        meant = _mean(patient_id, actor, now)
        if meant.session_id is not None:
            page = gateway.get_checkout(meant.session_id)
        else:
            page = gateway.start_card_update(
                customer_id=meant.customer_id,
                membership_id=meant.membership_id,
                checkout_id=meant.checkout_id,
                expires_at=meant.expires_at,
                key=meant.key,
            )
        if page.status == "completed":
            return RETURN + page.id
        with db.transaction() as session:
            sync.page_now(session, page)
        if page.status == "open" and page.url:
            return page.url
    raise TryAgain("the card page changed under our hands three times")


def card_given(
    *, session_id: str, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Taken:
    """Back from the page for a card, before the message or after it. Raises NotFound for a page of somebody else."""
    with db.reading() as session:
        known = session.execute(
            select(Membership.patient_id, Checkout.kind)
            .join(Checkout, Checkout.membership_id == Membership.id)
            .where(Checkout.stripe_session_id == session_id)
        ).one_or_none()
    if known is None or known.patient_id != patient_id or known.kind != "card":
        raise NotFound("no_such_page", words("We could not find that page."))
    try:
        page = gateway.get_checkout(session_id)
        with db.transaction() as session:
            meant = hear_card(session, page, actor=actor, now=now)
            sync.page_now(session, page)
        if meant is not None:
            intents.perform(meant, gateway=gateway, catalog=catalog, now=now)
    except (Declined, NeedsAction, Bug) as error:
        log.warning("a card could not be used", session=session_id, error=type(error).__name__)
        return "not_changed"
    except TryAgain:
        return "waiting"
    return "changed" if page.status == "completed" else "not_changed"


def hear_card(session: Session, page: CheckoutPage, *, now: datetime, actor: Actor = SYSTEM) -> UUID | None:
    """What a finished page for a card means: that charges go to it. Joins; returns the intent that is not done yet.

    Once for each page, whoever hears of it first. Called before `sync.page_now`, which closes our record of the page.
    """
    if page.status != "completed" or page.payment_method_id is None:
        return None
    found = session.scalars(
        select(Checkout)
        .where(Checkout.kind == "card", or_(Checkout.stripe_session_id == page.id, Checkout.id == page.checkout_id))
        .limit(1)
    ).first()
    if found is None:
        return None
    row = writes.locked_membership(session, found.membership_id)
    page_row = session.get_one(Checkout, found.id, with_for_update=True, populate_existing=True)
    if row is None or row.status not in rules.LIVE or row.stripe_subscription_id is None:
        return None
    if page_row.status == "completed":
        return intents.standing(session, row.id, "use_card", lane="card")
    details = {"payment_method": page.payment_method_id, "page": str(page_row.id)}
    meant = intents.mean(session, row, "use_card", details=details, lane="card", actor=actor, now=now)
    if meant.tries == 0:
        meant.try_at = now  # whoever means it performs it; if they die before, the tick does without waiting
    audit.record(session, actor, "membership.card", "membership", row.id, patient_id=row.patient_id)
    return meant.id


def _mean(patient_id: UUID, actor: Actor, now: datetime) -> _Meant:
    with db.transaction() as session:
        row = writes.live_membership(session, patient_id)
        if row is None or row.status not in rules.LIVE or row.stripe_customer_id is None:
            raise NO_CARD
        standing = session.scalars(
            select(Checkout)
            .where(Checkout.membership_id == row.id, Checkout.kind == "card", Checkout.status.in_(("meant", "open")))
            .with_for_update()
        ).one_or_none()
        if standing is not None and now - standing.meant_at > rules.REPLAY_FOR and standing.status == "meant":
            standing.status = "expired"  # nobody ever saw its page, and its key may be forgotten
            standing = None
            session.flush()
        if standing is None:
            standing = Checkout(
                id=new_id(),
                membership_id=row.id,
                idempotency_key=rules.checkout_key(row.id, writes.next_attempt_number(session, row.id)),
                kind="card",
                status="meant",
                meant_at=now,
                expires_at=now + rules.PAGE_LIVES,
            )
            session.add(standing)
            audit.record(session, actor, "checkout.card", "checkout", standing.id, patient_id=patient_id)
            session.flush()
        assert standing.expires_at is not None
        return _Meant(
            row.id,
            row.stripe_customer_id,
            standing.id,
            standing.stripe_session_id,
            standing.idempotency_key,
            standing.expires_at,
        )
