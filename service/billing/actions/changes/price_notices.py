"""The two ticks of a price change: tell in time, and settle what nobody answered. Never a silent increase."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import emails, queries, writes
from service.billing.actions import intents
from service.billing.gateway import Bug, Declined, Gateway, NeedsAction
from service.billing.models import Cancellation, Membership, PriceNotice
from service.billing.rules import changes, prices
from service.billing.rules.leaving import TASK
from service.catalog.rules.changes import PriceChange
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import Conflict, TryAgain
from service.kit.ids import new_id
from service.mail import writes as mail
from service.safety import rules as safety_rules
from service.safety import writes as calls

log = structlog.get_logger(__name__)
BATCH = 200


def change_prices(*, gateway: Gateway, catalog: Catalog, now: datetime) -> int:
    """Tell of new prices in time, and settle those whose time has come. Returns how many notices moved."""
    return tell_price_changes(catalog=catalog, now=now) + settle_prices(gateway=gateway, catalog=catalog, now=now)


def tell_price_changes(*, catalog: Catalog, now: datetime) -> int:
    """Tell each member whose price is to rise, once for each change, at least 30 days before. Returns how many.

    A run tells at most 200 of each change; the next goes on.
    """
    told = 0
    for change in catalog.price_changes:
        with db.reading() as session:
            ids = queries.members_to_tell(session, change, now, catalog.billing.changes.tell_within, BATCH)
        for membership_id in ids:
            try:
                told += _tell(membership_id, change, catalog, now)
            except Exception:  # one that cannot be told leaves the others their turn
                log.exception("a price change could not be told", membership=str(membership_id))
    return told


def settle_prices(*, gateway: Gateway, catalog: Catalog, now: datetime) -> int:
    """What was agreed to begins with its charge; what nobody answered in time is settled. Returns how many moved."""
    with db.reading() as session:
        ids = queries.notices_to_settle(session, now, BATCH)
    moved = 0
    for notice_id in ids:
        try:
            intent_id, settled = _settle(notice_id, catalog, now)
            moved += settled
            if intent_id is not None:
                intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
        except (TryAgain, Conflict, Bug, Declined, NeedsAction) as error:
            log.warning("a price change could not be settled yet", notice=str(notice_id), error=type(error).__name__)
        except Exception:
            log.exception("a price change could not be settled", notice=str(notice_id))
    return moved


def _tell(membership_id: UUID, change: PriceChange, catalog: Catalog, now: datetime) -> int:
    rules = catalog.billing.changes
    with db.transaction() as session:
        row = writes.locked_membership(session, membership_id)
        if row is None:
            return 0
        person = accounts.patient(session, row.patient_id)
        it = _running(session, row, person.time_zone)
        if it is None or not prices.concerns(change, it, now, within=rules.tell_within):
            return 0
        first = prices.applies_at(change, it, told_at=now, notice=rules.price_notice)
        old_cents = it.next_price_cents or it.price_cents
        notice_id = session.execute(
            insert(PriceNotice)
            .values(
                id=new_id(),
                membership_id=row.id,
                patient_id=row.patient_id,
                change_key=change.key,
                old_cents=old_cents,
                new_cents=change.price_cents,
                applies_at=first,
                told_at=now,
            )
            .on_conflict_do_nothing(index_elements=["membership_id", "change_key"])
            .returning(PriceNotice.id)
        ).scalar()
        if notice_id is None:
            return 0
        audit.record(session, SYSTEM, "membership.price_told", "membership", row.id, patient_id=row.patient_id)
        email = emails.price_change(
            old_cents=old_cents,
            new_cents=change.price_cents,
            charge_at=first,
            until=prices.agree_until(first, rules.last_change),
            ends=change.without_consent == "end",
            time_zone=person.time_zone,
            locale=person.locale,
        )
        key = f"price_change:{notice_id}"
        mail.put(session, email, key=key, now=now, user_id=person.user_id, locale=person.locale)
        return 1


def _settle(notice_id: UUID, catalog: Catalog, now: datetime) -> tuple[UUID | None, int]:
    """The intent this asks for, if any, and 1 where the notice came to its end."""
    with db.transaction() as session:
        owner = session.scalar(select(PriceNotice.membership_id).where(PriceNotice.id == notice_id))
        row = writes.locked_membership(session, owner) if owner is not None else None
        notice = session.scalars(
            select(PriceNotice).where(PriceNotice.id == notice_id).with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None or notice is None:
            return None, 0
        zone = accounts.patient(session, row.patient_id).time_zone
        it = _running(session, row, zone)
        if it is None or row.status == "ended":
            return None, _end(notice, "overtaken", now) if notice.outcome is None else 0
        change = next((one for one in catalog.price_changes if one.key == notice.change_key), None)
        if notice.outcome == "agreed":
            return _apply(session, row, it, notice, change, now), 0
        until = prices.agree_until(it.charge_at, catalog.billing.changes.last_change)
        settled = prices.without_a_yes(change, it, applies_at=notice.applies_at, until=until, now=now)
        if notice.outcome is not None or settled is None:
            return None, 0
        if settled == "ended" and not row.cancels_at_period_end:
            if it.ends:  # they leave by their own wish, which Stripe has not heard yet: not because of the price
                return None, 0
            return _leave(session, row, catalog, now), _end(notice, settled, now)
        return None, _end(notice, settled, now)


def _running(session: Session, row: Membership, zone: str) -> changes.Running | None:
    """The membership as the rules see it. One whose end was asked for ends, whether Stripe has heard it or not."""
    return queries.running(row, queries.History(waiting=intents.unanswered(session, row.id)), zone)


def _end(notice: PriceNotice, outcome: prices.Settled, now: datetime) -> int:
    notice.outcome, notice.settled_at = outcome, now
    return 1


def _apply(
    session: Session,
    row: Membership,
    it: changes.Running,
    notice: PriceNotice,
    change: PriceChange | None,
    now: datetime,
) -> UUID | None:
    """Agreed to: Stripe hears the new price once the next charge is the first one at it, and never before."""
    known = (row.next_plan or row.plan, row.next_price_cents or row.price_cents)
    if change is None or known[0] != change.plan or known[1] >= notice.new_cents or it.ends:
        return None
    if row.status not in ("active", "grace") or not prices.takes_effect(it, applies_at=notice.applies_at):
        return None
    details = {
        "plan": change.plan,
        "price_cents": notice.new_cents,
        "price_key": change.stripe_lookup_key,
        "next_plan": row.next_plan,
        "next_price_cents": row.next_price_cents,
        "change": str(notice.id),
    }
    intent_id = intents.mean(session, row, "change_price", details=details, actor=SYSTEM, now=now).id
    row.next_plan, row.next_price_cents = change.plan, notice.new_cents
    return intent_id


def _leave(session: Session, row: Membership, catalog: Catalog, now: datetime) -> UUID:
    """Nobody answered, and the clinic keeps no old price: the paid month is the last. Its mail is that of an end."""
    session.add(
        Cancellation(
            id=new_id(),
            membership_id=row.id,
            patient_id=row.patient_id,
            asked_by="rule",
            reason="price",
            asked_at=now,
        )
    )
    audit.record(session, SYSTEM, "membership.cancel", "membership", row.id, patient_id=row.patient_id, reason="price")
    calls.raise_alert(  # as for everybody who leaves: nothing the patient needs stops overnight
        session,
        code=TASK,
        source_kind="membership",
        source_id=row.id,
        patient_id=row.patient_id,
        now=now,
        definition=safety_rules.definition(catalog, TASK),
    )
    return intents.mean(session, row, "cancel", actor=SYSTEM, now=now).id
