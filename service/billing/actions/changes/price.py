"""A yes to a new price: a box of its own, kept word for word."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import emails, queries, rules, writes
from service.billing.actions import intents
from service.billing.actions.changes.common import GateSaysNo, gate_refuses, lock_care, note, refuse
from service.billing.gateway import Gateway
from service.billing.models import Cancellation, Membership, PriceNotice
from service.billing.rules.prices import agree_until, first_charge
from service.billing.rules.terms import Terms
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.mail import writes as mail


def agree_to_price(
    *,
    patient_id: UUID,
    notice_id: UUID,
    terms: Terms,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> None:
    """Yes to the new price, from the charge that was told on. Nothing is charged now. Said twice it is said once.

    Where the membership was to end because nobody had answered, it goes on. Raises Conflict "too_late" after its time,
    "changed" for other terms than those of the notice, "nothing_to_undo" where there is nothing to answer;
    GateSaysNo where it may not go on.
    """
    intent_id: UUID | None = None
    codes: tuple[str, ...] = ()
    with db.transaction() as session:
        lock_care(session, patient_id)
        row = writes.live_membership(session, patient_id)
        if row is None:
            refuse("no_membership")
        notice = session.scalars(
            select(PriceNotice)
            .where(PriceNotice.id == notice_id, PriceNotice.membership_id == row.id)
            .with_for_update()
        ).one_or_none()
        if notice is None or notice.outcome not in (None, "agreed", "ended"):
            refuse("nothing_to_undo")
        if notice.outcome == "agreed":
            return
        if row.status not in rules.IN_CARE or (row.cancels_at_period_end and notice.outcome != "ended"):
            refuse("ending" if row.cancels_at_period_end else "payment_first")
        change = next((one for one in catalog.price_changes if one.key == notice.change_key), None)
        known = row.next_price_cents or row.price_cents
        if change is None or change.plan != (row.next_plan or row.plan) or known >= notice.new_cents:
            refuse("nothing_to_undo")  # about a plan they do not have any more
        if terms.amount_cents != notice.new_cents or terms.plan != (row.next_plan or row.plan):
            refuse("changed")
        last = row.period_ends_at if notice.outcome == "ended" else _until(notice, catalog)
        if last is None or now > last:
            refuse("too_late")
        if notice.outcome == "ended":  # to go on lets the next charge be made
            codes = gate_refuses(session, row, f"undo:{last:%Y-%m-%dT%H:%MZ}", catalog, now, charge_at=last)
        if not codes:
            intent_id = _say_yes(session, row, notice, terms, actor, now)
    if codes:
        raise GateSaysNo(codes)
    if intent_id is not None:
        intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def _say_yes(
    session: Session, row: Membership, notice: PriceNotice, terms: Terms, actor: Actor, now: datetime
) -> UUID | None:
    """Keep the yes and confirm it. The intent to go on, where the membership was to end."""
    note(session, actor, "agree_price", row, f"{terms.plan}:{notice.new_cents}")
    writes.keep_agreement(
        session,
        patient_id=row.patient_id,
        membership_id=row.id,
        terms=terms,
        time_zone=accounts.patient(session, row.patient_id).time_zone,
        actor=actor,
        now=now,
    )
    intent_id = None
    if notice.outcome == "ended":
        details = {"change": str(notice.id)}
        intent_id = intents.mean(session, row, "undo_cancel", details=details, actor=actor, now=now).id
        session.execute(
            update(Cancellation)
            .where(Cancellation.membership_id == row.id, Cancellation.undone_at.is_(None))
            .values(undone_at=now)
        )
    notice.outcome, notice.settled_at = "agreed", now
    _confirm(session, row, notice, now)
    return intent_id


def _until(notice: PriceNotice, catalog: Catalog) -> datetime:
    return agree_until(notice.applies_at, catalog.billing.changes.last_change)


def _confirm(session: Session, row: Membership, notice: PriceNotice, now: datetime) -> None:
    person = accounts.patient(session, row.patient_id)
    it = queries.running(row, queries.History(), person.time_zone)
    email = emails.membership_changed(
        "price_agreed",
        next_cents=notice.new_cents,
        charge_at=first_charge(it, notice.applies_at) if it else notice.applies_at,
        card=rules.card_words(row.card_brand, row.card_last4),
        time_zone=person.time_zone,
        locale=person.locale,
    )
    key = f"price_agreed:{notice.id}"
    mail.put(session, email, key=key, now=now, user_id=person.user_id, locale=person.locale)
