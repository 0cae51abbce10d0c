"""What keeps the trail: refusals noted, entries sealed, the head anchored, old entries purged, everything verified."""

from __future__ import annotations

from service.audit.actions.anchor import AnchorBehind, AnchorForged, AnchorsLost, ChainChanged, anchor
from service.audit.actions.purge import Purged, purge
from service.audit.actions.refusals import note_refusal
from service.audit.actions.seal import seal
from service.audit.actions.verify import Verified, verify

__all__ = [
    "AnchorBehind",
    "AnchorForged",
    "AnchorsLost",
    "ChainChanged",
    "Purged",
    "Verified",
    "anchor",
    "note_refusal",
    "purge",
    "seal",
    "verify",
]
