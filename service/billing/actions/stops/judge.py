"""A payment landed: should it have been made? What slipped through goes back whole, once, and a person looks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import queries, rules, writes
from service.billing.actions.halting import call_billing, halt
from service.billing.actions.refunds import due_by_policy, give_by_rule
from service.billing.actions.stops.performing import perform_all
from service.billing.gateway import Gateway
from service.billing.models import Intent, Invoice, Membership, Refund
from service.billing.queries import stopping
from service.billing.rules.stopping import A_SECOND, BY_THE_DAY, needed
from service.catalog.rules.refunds import Share
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.enrollment.rules.gate import may
from service.kit import db
from service.kit.actor import SYSTEM

log = structlog.get_logger(__name__)
BATCH = 200
BEGUN = ("active", "declined", "ended")  # care that began, or is over: since when, `Standing` says


def judge_payments(*, gateway: Gateway, catalog: Catalog, now: datetime, limit: int = BATCH) -> int:
    """Ask about each payment, once, whether it should have been made. Returns how many go back.

    Each in its own transaction: two workers at once judge each once, and one that breaks leaves the others their turn.
    """
    with db.reading() as session:
        waiting = stopping.unjudged(session, limit)
    given = in_a_row = 0
    for invoice_id in waiting:
        try:
            meant = _judge(invoice_id, catalog, now)
            if in_a_row < rules.ENOUGH:  # else Stripe is away: it is kept all the same, and asked of it by the tick
                in_a_row = 0 if perform_all(meant, gateway=gateway, catalog=catalog, now=now) else in_a_row + 1
            given += bool(meant)
        except Exception:
            log.exception("a payment could not be judged", invoice=str(invoice_id))
    return given


def _judge(invoice_id: UUID, catalog: Catalog, now: datetime) -> list[UUID]:
    with db.transaction() as session:
        row = stopping.membership_of_invoice(session, invoice_id)
        enrolled = enrollment.locked(session, row.enrollment_id)
        locked = writes.locked_membership(session, row.id)
        invoice = writes.refunds.locked_invoice(session, invoice_id)
        assert locked is not None
        assert invoice is not None
        if invoice.judged_at is not None or invoice.paid_at is None:
            return []
        invoice.judged_at = now
        facts = queries.charge_facts(session, locked.enrollment_id, catalog, invoice.paid_at)
        said = may("charge", facts, invoice.paid_at)
        wrong = _wrong(session, locked, invoice, invoice.paid_at, enrolled.status, said.codes, catalog)
        if wrong is None:
            return _due_at_the_end(session, locked, invoice, now)
        if not said.yes:
            _keep_the_no(session, locked, invoice, invoice.paid_at, catalog, now)
        return _give_back(session, locked, invoice, wrong, catalog, now)


def _due_at_the_end(session: Session, row: Membership, invoice: Invoice, now: datetime) -> list[UUID]:
    """Collected just before the end, and unknown here as it was decided: by the same policy, once."""
    ended = session.scalars(
        select(Intent)
        .where(
            Intent.membership_id == row.id,
            Intent.kind == "end",
            Intent.status.in_(("meant", "done")),
            Intent.details["share"].astext.is_not(None),
        )
        .limit(1)
    ).first()
    by_rule = exists().where(Refund.invoice_id == invoice.id, Refund.source == "rule")
    if ended is None or session.scalar(select(by_rule)):
        return []
    share, stopped_at = cast(Share, ended.details["share"]), datetime.fromisoformat(str(ended.details["stopped_at"]))
    cents = due_by_policy(session, row, share, stopped_at=stopped_at).get(invoice.id, 0)
    reason = str(ended.details["reason"])
    back = give_by_rule(session, row, invoice.id, reason=reason, cents=cents, now=now)
    return [] if back is None else [back.id]


def _wrong(
    session: Session,
    row: Membership,
    invoice: Invoice,
    paid_at: datetime,
    care: str,
    codes: Collection[str],
    catalog: Catalog,
) -> str | None:
    """Why this payment should not have been made, in the words of a refund; None for one that is right.

    What stood already as it was paid counts, not what came after: a month that was rightly paid is no slip. `codes`:
    why the gate says no to a charge at that moment. What it reads off a calendar counts where nobody asked in the day
    before: then we were away, and what would have stopped the charge ran out unseen.
    """
    if invoice.amount_paid_cents <= 0:
        return None
    if row.ended_at is not None and row.ended_at < paid_at:
        return "paid_after_end"
    reasons = stopping.standing_of(session, row.id, needed(catalog)).reasons(paid_at + A_SECOND)
    if "closed" in reasons or "care_over" in reasons:
        return "paid_after_end"
    if "hold" in reasons:
        return "paid_on_hold"
    if row.status in rules.LIVE and care not in BEGUN:
        return "paid_out_of_turn"
    if "moved" in reasons or ("withdrawn" in reasons and "consents" in codes):
        return "paid_on_no"
    if not BY_THE_DAY.isdisjoint(codes) and not stopping.said_yes_before(session, row.patient_id, paid_at):
        return "paid_on_no"
    return None


def _keep_the_no(
    session: Session, row: Membership, invoice: Invoice, paid_at: datetime, catalog: Catalog, now: datetime
) -> None:
    """The gate's answer beside what goes back: staff read in it why the membership is stopped."""
    writes.ask_gate(
        session,
        patient_id=row.patient_id,
        enrollment_id=row.enrollment_id,
        period=f"paid:{invoice.stripe_invoice_id}",
        charge_at=paid_at,
        catalog=catalog,
        now=now,
    )


def _give_back(
    session: Session, row: Membership, invoice: Invoice, wrong: str, catalog: Catalog, now: datetime
) -> list[UUID]:
    # Why stands in the refund: beside a membership in a log it would tell of somebody's health.
    log.error("a payment goes back: it should not have been made", invoice=str(invoice.id), membership=str(row.id))
    audit.record(session, SYSTEM, "refund.by_rule", "membership", row.id, patient_id=row.patient_id, reason=wrong)
    call_billing(session, row, catalog, now)
    meant = halt(session, row, now=now) if row.status in rules.LIVE else []
    back = give_by_rule(session, row, invoice.id, reason=wrong, now=now)
    return meant if back is None else [*meant, back.id]
