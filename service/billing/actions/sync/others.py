"""A subscription that says it is for a membership of ours, and is one too many: a second one, or one after the end."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions.halting import call_billing
from service.billing.actions.intents.keep import mean
from service.billing.actions.refunds import give_by_rule
from service.billing.gateway import InvoiceFacts, SubscriptionFacts
from service.billing.models import Invoice, Membership
from service.catalog.rules.whole import Catalog
from service.kit.actor import SYSTEM

log = structlog.get_logger(__name__)


def end_other(session: Session, row: Membership, facts: SubscriptionFacts, catalog: Catalog, now: datetime) -> None:
    """Keep what ends it and what gives its money back, and call a person. Seen again, it is the same.

    The membership stays as it is. Both rows, the membership's and its enrollment's, are locked.
    """
    live = facts.status in rules.LIVE
    if live:
        details = {"subscription": facts.id}
        meant = mean(session, row, "end_other", details=details, lane=f"other:{facts.id}", actor=SYSTEM, now=now)
        meant.try_at = min(meant.try_at, now) if meant.tries == 0 else meant.try_at
    paid = facts.latest_invoice
    back = paid is not None and paid.amount_paid_cents > 0 and _give_back(session, row, paid, now)
    if not live and not back:
        return  # an attempt that came to nothing
    log.error("a subscription too many", subscription=facts.id, membership=str(row.id))
    call_billing(session, row, catalog, now)


def _give_back(session: Session, row: Membership, paid: InvoiceFacts, now: datetime) -> bool:
    """Whether there was something to give back. The charge is kept and booked like any other: the money did come."""
    paid_until = row.paid_until
    writes.keep_invoice(session, row, paid, now)
    row.paid_until = paid_until  # it was for no month of this membership
    invoice = session.scalars(select(Invoice).where(Invoice.stripe_invoice_id == paid.id)).one()
    invoice.judged_at = invoice.judged_at or now
    why = "paid_after_end" if row.status == "ended" else "paid_twice"
    if give_by_rule(session, row, invoice.id, reason=why, now=now) is None:
        return False
    audit.record(session, SYSTEM, "refund.by_rule", "membership", row.id, patient_id=row.patient_id, reason=why)
    return True
