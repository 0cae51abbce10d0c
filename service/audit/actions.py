"""What writes to the trail by itself, outside any other use case."""

from __future__ import annotations

from service.audit import writes
from service.kit import db
from service.kit.actor import Actor


def note_refusal(actor: Actor, endpoint: str, code: str) -> None:
    """Somebody who is signed in was turned away from a page. `endpoint` is a name of ours, never an address."""
    with db.transaction() as session:
        writes.record(session, actor, f"refused:{endpoint}", "page", reason=code, outcome="refused")
