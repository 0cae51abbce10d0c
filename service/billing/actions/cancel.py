"""Ending the monthly charge, and staying after all. As easy as it was to begin."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import queries, rules, writes
from service.billing.actions import intents
from service.billing.actions.changes.common import GateSaysNo, gate_refuses, lock_care
from service.billing.actions.halting import end
from service.billing.actions.refunds import due_by_policy
from service.billing.actions.stop import close_pages
from service.billing.actions.stops.performing import perform_all
from service.billing.gateway import Gateway
from service.billing.models import Cancellation, Membership
from service.billing.rules.leaving import ASKED, TASK, reason_kept
from service.billing.rules.prices import price_key
from service.catalog.rules.refunds import Delivered, EndRule, end_rule
from service.catalog.rules.whole import Catalog
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, TryAgain, words
from service.kit.ids import new_id
from service.safety import rules as safety_rules
from service.safety import writes as calls

# Nobody here knows what reached the patient this month: no parcels are recorded, and a medicine that was sent cannot
# come back (domain.md 7.3, rule 5). So an end at once by themselves is refunded as if something had, as the page says
# before the button, with whom to call: staff who know that nothing did end it for them, and give back more.
DELIVERED: Delivered = "this_month"


def cancel(
    *,
    patient_id: UUID,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    comment: str = "",
) -> None:
    """No further charge; care goes on to the end of the paid month. Saying it twice changes nothing.

    `reason` is one of `rules.leaving.WHY` or nothing. Raises NotFound without a membership, Conflict before the first
    payment, TryAgain when Stripe cannot be asked: the wish is kept and heard as soon as it can be.
    """
    meant = _mean(patient_id, "cancel", catalog, actor, now, reason, comment)
    if meant is not None:
        intents.perform(meant, gateway=gateway, catalog=catalog, now=now)


def undo_cancel(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Stay after all, until the last day. Raises as `cancel` does, and GateSaysNo: then it stays cancelled.

    It lets the next charge be made, so the gate is asked about that one first.
    """
    meant = _mean(patient_id, "undo_cancel", catalog, actor, now)
    if meant is not None:
        intents.perform(meant, gateway=gateway, catalog=catalog, now=now)


def end_now(
    *,
    patient_id: UUID,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    comment: str = "",
) -> bool:
    """End it today: nothing open is collected, and what the policy says is given back. Twice is once.

    For somebody who is about to pay, the page to pay on closes. False while Stripe has not answered everything: it is
    asked again by itself. Raises NotFound, and for an open page TryAgain.
    """
    close_pages(patient_id, gateway, catalog, now)
    with db.transaction() as session:
        lock_care(session, patient_id)
        row = writes.live_membership(session, patient_id)
        if row is None:
            raise NotFound("no_membership", words("You have no membership to cancel."))
        if row.stripe_subscription_id is None:
            audit.record(session, actor, "membership.cancel", "membership", row.id, patient_id=patient_id)
            _keep_why(session, row, reason, comment, now)
            if not writes.end_unpaid(session, patient_id, now):
                raise TryAgain("another page to pay on was opened a moment ago")
            return True
        meant = end(
            session,
            row,
            _rule(catalog, now),
            delivered=DELIVERED,
            stopped_at=now,
            actor=actor,
            now=now,
            note=comment.strip(),
        )
        if meant and (why := reason_kept(reason)) is not None:
            _latest(session, row).reason = why
        call_care(session, row, catalog, now)
    return perform_all(meant, gateway=gateway, catalog=catalog, now=now)


def given_back_now(*, patient_id: UUID, catalog: Catalog, now: datetime) -> int:
    """What an end today gives back by the policy, in cents; nothing on a day without one, which is no end at once."""
    rule = end_rule(catalog.ends, ASKED, now.date())
    if rule is None:
        return 0
    with db.reading() as session:
        row = session.scalars(
            select(Membership).where(Membership.patient_id == patient_id, Membership.status != "ended")
        ).one_or_none()
        if row is None or row.stripe_subscription_id is None:
            return 0
        return sum(due_by_policy(session, row, rule.share(DELIVERED), stopped_at=now).values())


def call_care(session: Session, row: Membership, catalog: Catalog, now: datetime) -> None:
    """A clinician sees to it that nothing the patient needs stops overnight. One call while one is open."""
    calls.raise_alert(
        session,
        code=TASK,
        source_kind="membership",
        source_id=row.id,
        patient_id=row.patient_id,
        now=now,
        definition=safety_rules.definition(catalog, TASK),
    )


def _mean(
    patient_id: UUID,
    what: Literal["cancel", "undo_cancel"],
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    comment: str = "",
) -> UUID | None:
    """Keep the wish before Stripe hears it. None when it stands so already."""
    codes: tuple[str, ...] = ()
    with db.transaction() as session:
        lock_care(session, patient_id)
        row = writes.live_membership(session, patient_id)
        if row is None:
            raise NotFound("no_membership", words("You have no membership to cancel."))
        if row.stripe_subscription_id is None or row.status not in rules.LIVE:
            raise Conflict("not_started", words("Your membership has not started, so there is nothing to cancel."))
        audit.record(session, actor, f"membership.{what}", "membership", row.id, patient_id=patient_id)
        # A wish to cancel that Stripe may have heard is no longer "stays as it is".
        stands = row.cancels_at_period_end == (what == "cancel")
        if stands and intents.unanswered(session, row.id) in (None, what):
            return None
        if what == "undo_cancel" and queries.ended_by_price(session, row.id):
            raise Conflict("price_first", words("Look at the new price first. If you agree to it, you can stay."))
        if what == "undo_cancel":
            charge_at = max(row.period_ends_at or now, now)
            codes = gate_refuses(session, row, f"undo:{charge_at:%Y-%m-%dT%H:%MZ}", catalog, now, charge_at=charge_at)
            for one in () if codes else _standing(session, row):
                one.undone_at = now
        elif not _standing(session, row):
            _keep_why(session, row, reason, comment, now)
            call_care(session, row, catalog, now)
        if not codes:
            details = _promised(row, catalog) if what == "undo_cancel" else {}
            return intents.mean(session, row, what, details=details, actor=actor, now=now).id
    raise GateSaysNo(codes)


def _promised(row: Membership, catalog: Catalog) -> dict[str, Any]:
    """The plan that begins with the next charge, by which it is said to Stripe; nothing where none does."""
    if row.next_plan is None or row.next_price_cents is None:
        return {}
    key = price_key(catalog, row.next_plan, row.next_price_cents)
    return {} if key is None else {"price_key": key, "price_cents": row.next_price_cents}


def _keep_why(session: Session, row: Membership, reason: str | None, comment: str, now: datetime) -> None:
    row_id, said = new_id(), comment.strip()
    session.add(
        Cancellation(
            id=row_id,
            membership_id=row.id,
            patient_id=row.patient_id,
            asked_by="patient",
            reason=reason_kept(reason),
            comment_sealed=crypto.seal(said, "cancellations", "comment", row_id) if said else None,
            asked_at=now,
        )
    )
    session.flush()


def _standing(session: Session, row: Membership) -> list[Cancellation]:
    query = select(Cancellation).where(Cancellation.membership_id == row.id, Cancellation.undone_at.is_(None))
    return list(session.scalars(query))


def _latest(session: Session, row: Membership) -> Cancellation:
    query = select(Cancellation).where(Cancellation.membership_id == row.id)
    return session.scalars(query.order_by(Cancellation.asked_at.desc(), Cancellation.id.desc()).limit(1)).one()


def _rule(catalog: Catalog, now: datetime) -> EndRule:
    rule = end_rule(catalog.ends, ASKED, now.date())
    if rule is None:
        raise Conflict(
            "no_policy", words("We cannot end it at once today. Cancel with the end of the month, or call us.")
        )
    return rule
