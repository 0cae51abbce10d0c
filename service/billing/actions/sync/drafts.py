"""Stripe has drafted a charge: the last moment at which it can still not be made. So the gate is asked once more."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.billing import rules, writes
from service.billing.actions.halting import call_billing, halt
from service.billing.gateway import InvoiceFacts
from service.billing.models import GateRecord, Membership
from service.catalog.rules.whole import Catalog

log = structlog.get_logger(__name__)


def ask_about(
    session: Session, row: Membership, invoices: tuple[InvoiceFacts, ...], catalog: Catalog, now: datetime
) -> None:
    """Ask about each draft that will cost something, once, and on a no keep the calls that stop it. Rows are locked."""
    for invoice in invoices:
        if invoice.status != "draft" or invoice.amount_due_cents <= 0 or row.status not in rules.LIVE:
            continue
        period = rules.try_label(invoice.id, invoice.status, invoice.attempts)
        if _asked(session, row, period):
            continue
        answer, record_id = writes.ask_gate(
            session,
            patient_id=row.patient_id,
            enrollment_id=row.enrollment_id,
            period=period,
            charge_at=now,
            catalog=catalog,
            now=now,
        )
        if not answer.yes:
            log.error("the gate refuses a draft", answer=str(record_id))  # why says something of the patient
            call_billing(session, row, catalog, now)
            halt(session, row, now=now)


def _asked(session: Session, row: Membership, period: str) -> bool:
    asked = exists().where(
        GateRecord.patient_id == row.patient_id, GateRecord.action == "charge", GateRecord.period == period
    )
    return bool(session.scalar(select(asked)))
