"""Trouble on demand, for the next matching requests, payments or webhooks.

`POST /_standin/faults` with one object or a list of them:

    {"kind": "500", "count": 2, "method": "POST", "path": "/v1/refunds"}

kind: `500` and `429` answer so before anything is done; `timeout` does and commits the work, then keeps silent for
`seconds` (default 0) and closes the connection; `decline` fails the next payments (`decline_code`, default
`insufficient_funds`; `customer` narrows it); `webhook_drop`, `webhook_duplicate`, `webhook_delay` (`seconds`),
`webhook_shuffle` (holds them for half a second, then newest first) and `webhook_tamper` (a wrong signature on the
first attempt) trouble the next events (`event_type` narrows it). count defaults to 1. `path` is a prefix.
`GET` lists what is left, `DELETE` clears it. Faults live in memory: a restart clears them too.
"""

from __future__ import annotations

from typing import Any

KINDS = frozenset(
    {
        "429",
        "500",
        "decline",
        "timeout",
        "webhook_delay",
        "webhook_drop",
        "webhook_duplicate",
        "webhook_shuffle",
        "webhook_tamper",
    }
)
FIELDS = frozenset(("kind", "count", "method", "path", "seconds", "decline_code", "customer", "event_type"))


class Faults:
    """What is still to go wrong."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        self.release_at = 0.0

    def plan(self, wanted: Any) -> None:
        """Add one fault or several. Raises ValueError, in words, for one that could never happen."""
        for one in wanted if isinstance(wanted, list) else [wanted]:
            if not isinstance(one, dict) or one.get("kind") not in KINDS:
                raise ValueError(f"a fault needs a kind out of {', '.join(sorted(KINDS))}")
            if unknown := set(one) - FIELDS:
                raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
            if not isinstance(one.get("count", 1), int) or one.get("count", 1) < 1:
                raise ValueError("count is a whole number of 1 or more")
            self.waiting.append({**one, "count": one.get("count", 1)})

    def take(self, kind: str, **about: str) -> dict[str, Any] | None:
        """The first fault of this kind that fits, used up by one; None when all is well."""
        for fault in self.waiting:
            if fault["kind"] == kind and _fits(fault, about):
                fault["count"] -= 1
                if not fault["count"]:
                    self.waiting.remove(fault)
                return fault
        return None


def _fits(fault: dict[str, Any], about: dict[str, str]) -> bool:
    for name, value in about.items():
        wanted = fault.get(name)
        if wanted is None:
            continue
        if not (value.startswith(wanted) if name == "path" else value == wanted):
            return False
    return True
