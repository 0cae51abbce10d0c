"""Somebody was turned away. That is noted, but never at the cost of the page that tells them so."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service.audit import writes
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now

log = structlog.get_logger(__name__)
WITHIN = timedelta(minutes=1)
AT_MOST = 20  # refusals of one person in a minute; the last row says that more followed


def note_refusal(actor: Actor, endpoint: str, code: str) -> None:
    """Somebody who is signed in was turned away from a page. `endpoint` is a name of ours, never an address.

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
            writes.record(session, actor, f"refused:{endpoint}", "page", reason=reason, outcome="refused")
    except SQLAlchemyError as error:
        log.error("a refusal could not be noted", endpoint=endpoint, code=code, error=type(error).__name__)
