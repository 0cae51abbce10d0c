"""Stripe's messages come in: kept once, sealed, with what they are about. Nothing is acted upon here."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.dialects.postgresql import insert

from service.billing import rules
from service.billing.gateway import Notice
from service.billing.models import StripeEvent
from service.kit import crypto, queue
from service.kit.commands import Command, params
from service.kit.ids import new_id

log = structlog.get_logger(__name__)
_KEEP = Command(
    insert(StripeEvent)
    .values(
        attempts=0,
        **params(
            *(StripeEvent.id, StripeEvent.stripe_event_id, StripeEvent.kind, StripeEvent.object_id),
            *(StripeEvent.subject_id, StripeEvent.body_sealed, StripeEvent.received_at, StripeEvent.try_at),
            *(StripeEvent.handled_at, StripeEvent.parked_at, StripeEvent.parked_for),
        ),
    )
    .on_conflict_do_nothing(index_elements=[StripeEvent.stripe_event_id])
    .returning(StripeEvent.id)
)


def receive(*, notice: Notice, body: str, wall_now: datetime) -> bool:
    """Put a genuine message into the inbox. False when it is there already: then nothing happens again.

    One about nothing of ours to do is done with at once; one that we may not act upon waits for a person.
    """
    row_id = new_id()
    acts = notice.moves and notice.trouble is None
    kept = {
        "id": row_id,
        "stripe_event_id": notice.event_id,
        "kind": notice.kind,
        "object_id": notice.object_id,
        "subject_id": notice.subject_id,
        "body_sealed": crypto.seal_long(body, "stripe_events", "body", row_id),
        "received_at": wall_now,
        "try_at": wall_now + rules.HEAD_START,
        "handled_at": None if acts or notice.trouble else wall_now,
        "parked_at": wall_now if notice.trouble else None,
        "parked_for": notice.trouble,
    }
    if _KEEP.run_alone(**kept) is None:
        return False
    if acts:
        queue.publish([queue.Job("billing.handle_event", {"event_id": str(row_id)}, together=True)])
    if notice.trouble is not None:
        log.error("a message from Stripe is kept for a person", inbox=str(row_id), parked_for=notice.trouble)
    return True
