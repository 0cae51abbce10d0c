"""Keeping, inside the caller's transaction, the calls that let no charge of a membership be made."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules
from service.billing.actions.intents.keep import mean
from service.billing.actions.refunds import due_by_policy, give_by_rule
from service.billing.models import Cancellation, Intent, Membership
from service.billing.queries.stopping import uncollected
from service.catalog.rules.refunds import Delivered, EndRule
from service.catalog.rules.whole import Catalog
from service.kit import crypto
from service.kit.actor import SYSTEM, Actor
from service.kit.ids import new_id
from service.safety import rules as safety_rules
from service.safety import writes as calls


def halt(session: Session, row: Membership, *, now: datetime) -> list[UUID]:
    """Pause, and collect nothing that is drafted or open. The row is locked. Returns the intents to perform."""
    if row.status not in rules.IN_CARE:
        return _at_once(_collect_nothing(session, row, SYSTEM, now), now)
    audit.record(session, SYSTEM, "membership.halt", "membership", row.id, patient_id=row.patient_id)
    return pause(session, row, actor=SYSTEM, now=now)


def pause(session: Session, row: Membership, *, actor: Actor, now: datetime) -> list[UUID]:
    """As `halt`, for whoever says so: Stripe goes on trying what was made before a pause, unless it is voided."""
    meant = [mean(session, row, "pause", lane="stop", actor=actor, now=now)]
    return _at_once([*meant, *_collect_nothing(session, row, actor, now)], now)


def end(
    session: Session,
    row: Membership,
    rule: EndRule,
    *,
    delivered: Delivered,
    stopped_at: datetime,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> list[UUID]:
    """End a membership that has a subscription, at once, and give back what `rule` says. The row is locked.

    Returns the intents to perform. Said again, it is the same end: nothing is given back twice.
    """
    before = session.scalars(
        select(Intent).where(
            Intent.membership_id == row.id, Intent.kind == "end", Intent.details["reason"].astext.is_not(None)
        )
    ).all()
    if any(one.status in ("meant", "done") for one in before):
        return [one.id for one in before if one.status == "meant"]
    # By these a charge that Stripe collected and nobody here knew of yet is given back later (`stops.judge`).
    details = {"reason": rule.reason, "share": rule.share(delivered), "stopped_at": stopped_at.isoformat()}
    meant = [mean(session, row, "end", details=details, actor=actor, now=now)]
    meant += _collect_nothing(session, row, actor, now)
    if before:
        return _at_once(meant, now)  # Stripe refused it before: it is asked anew, and what goes back went back then
    row_id = new_id()
    session.add(
        Cancellation(
            id=row_id,
            membership_id=row.id,
            patient_id=row.patient_id,
            asked_by={"staff": "staff", "patient": "patient"}.get(actor.kind, "rule"),
            reason=rule.reason,
            comment_sealed=crypto.seal(note, "cancellations", "comment", row_id) if note else None,
            asked_at=now,
        )
    )
    due = due_by_policy(session, row, rule.share(delivered), stopped_at=stopped_at)
    for invoice_id, cents in sorted(due.items()):
        back = give_by_rule(session, row, invoice_id, reason=rule.reason, cents=cents, actor=actor, now=now)
        meant += [back] if back is not None else []
    audit.record(session, actor, "membership.end", "membership", row.id, patient_id=row.patient_id, reason=rule.reason)
    return _at_once(meant, now)


def call_billing(session: Session, row: Membership, catalog: Catalog, now: datetime) -> None:
    """Somebody looks at a charge that was stopped or given back. One call while one is open."""
    calls.raise_alert(
        session,
        code=rules.ALERT,
        source_kind="payment",
        source_id=row.id,
        patient_id=row.patient_id,
        now=now,
        definition=safety_rules.definition(catalog, rules.ALERT),
    )


def _collect_nothing(session: Session, row: Membership, actor: Actor, now: datetime) -> list[Intent]:
    return [
        mean(
            session,
            row,
            "stop_invoice",
            details={"invoice": stripe_id},
            lane=f"invoice:{invoice_id}",
            actor=actor,
            now=now,
        )
        for invoice_id, stripe_id in uncollected(session, row.id)
    ]


def _at_once(meant: list[Intent], now: datetime) -> list[UUID]:
    """Whoever meant them performs them now; if they die before, the tick does without waiting."""
    for one in meant:
        one.try_at = min(one.try_at, now) if one.tries == 0 else one.try_at
    return [one.id for one in meant]
