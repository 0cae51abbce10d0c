"""Stripe's messages for tests: genuine, and however somebody wants them bent."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import stripe as sdk

from service.billing.models import StripeEvent
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.ids import new_id

SECRET = "whsec_test"


def an_event(kind: str = "customer.subscription.updated", **changes: Any) -> dict[str, Any]:
    """What Stripe writes, with `changes` in it. `obj` replaces the object."""
    item = {"id": "sub_1", "object": "subscription"}
    event = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1795446000,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": changes.pop("obj", item)},
    }
    return {**event, **changes}


def signature(raw: bytes, *, at: float | None = None, secret: str = SECRET) -> str:
    """Stripe's header over these bytes."""
    header: str = sdk.WebhookSignature.generate_signature_header(raw.decode(), secret, int(at or time.time()))
    return header


def signed(event: Any, **options: Any) -> tuple[bytes, str]:
    """The bytes and the header."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return raw, signature(raw, **options)


def a_message(
    kind: str = "customer.subscription.updated",
    *,
    object_id: str = "sub_1",
    parked_for: str | None = None,
    attempts: int = 0,
    age: timedelta = timedelta(),
    handled: bool = False,
    body: str = '{"id": "evt_1"}',
    at: datetime | None = None,
) -> UUID:
    """One in the inbox, as if it had come `age` ago."""
    row_id, came = new_id(), (at or wall_now()) - age
    with db.transaction() as session:
        session.add(
            StripeEvent(
                id=row_id,
                stripe_event_id=f"evt_{row_id.hex}",
                kind=kind,
                object_id=object_id,
                subject_id=object_id,
                body_sealed=crypto.seal(body, "stripe_events", "body", row_id),
                received_at=came,
                try_at=came,
                attempts=attempts,
                last_error="TryAgain: stripe: away" if attempts else None,
                handled_at=came if handled else None,
                parked_at=came if parked_for else None,
                parked_for=parked_for,
            )
        )
    return row_id
