"""Somebody was turned away. That is noted, but never at the cost of the page that tells them so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Uuid, column, func, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.audit import writes
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now

log = structlog.get_logger(__name__)
WITHIN = timedelta(minutes=1)
AT_MOST = 20  # refusals of one person in a minute; the last row says that more followed
# Whose record an id in an address leads to. By name: these live in rooms above this one.
WHOSE = {
    "patient_id": ("patients", "id"),
    "enrollment_id": ("enrollments", "patient_id"),
    "membership_id": ("memberships", "patient_id"),
    "visit_id": ("appointments", "patient_id"),
    "alert_id": ("alerts", "patient_id"),
    "hold_id": ("safety_holds", "patient_id"),
    "glass_id": ("break_glass", "patient_id"),
}


def note_refusal(actor: Actor, endpoint: str, code: str, ids: Mapping[str, UUID] | None = None) -> None:
    """Somebody who is signed in was turned away from a page. `endpoint` is a name of ours, never an address.

    `ids` are those in the address: where staff tried a record that is there, the row says whose.

    Twenty rows a minute for one person: knocking on doors must not fill the disk. Never raises for a database that
    is away: the refusal stands either way, and the log has it.
    """
    try:
        with db.transaction() as session:
            lately = session.scalar(
                select(func.count()).where(
                    AuditEntry.at > wall_now() - WITHIN,
                    AuditEntry.actor_id == actor.user_id,
                    AuditEntry.outcome == "refused",
                    AuditEntry.action.startswith("refused:"),
                )
            )
            if (lately or 0) >= AT_MOST:
                return
            reason = "too_many" if lately == AT_MOST - 1 else code
            writes.record(
                session,
                actor,
                f"refused:{endpoint}",
                "page",
                patient_id=_whose(session, ids or {}) if actor.kind == "staff" else None,
                reason=reason,
                outcome="refused",
            )
    except SQLAlchemyError as error:
        log.error("a refusal could not be noted", endpoint=endpoint, code=code, error=type(error).__name__)


def _whose(session: Session, ids: Mapping[str, UUID]) -> UUID | None:
    """The patient, or None for ids that lead nowhere: nobody fills the trail with patients that were never there."""
    for name, (where, whose) in WHOSE.items():
        if name in ids:
            rows = table(where, *(column(one, Uuid) for one in {"id", whose}))
            return session.scalar(select(rows.c[whose]).where(rows.c.id == ids[name]))
    return None
