"""One key, one effect: the first answer to a key is the answer (docs.stripe.com/api/idempotent_requests).

Declines and errors included. Answers given before an endpoint began (an unknown parameter) spend no key. Keys are
forgotten after 24 hours, so a caller must look up before it retries later than that.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from service.sandbox.stripe.errors import StripeError
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

FORGOTTEN_AFTER = 24 * 3600


def recall(world: World, key: str, path: str, raw: dict[str, Any]) -> tuple[int, Json] | None:
    """The first answer under this key, None for a new key. Raises when the key was used for something else."""
    kept = world.store.get("idempotency", key)
    if kept is None or world.now() >= kept["created"] + FORGOTTEN_AFTER:
        return None
    if kept["print"] != _print(path, raw):
        raise StripeError(
            400,
            "idempotency_error",
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            saved=False,
        )
    return kept["status"], kept["body"]


def remember(world: World, key: str, path: str, raw: dict[str, Any], status: int, body: Json) -> None:
    """Keep the answer for the next one with the same key."""
    world.store.put(
        "idempotency",
        {"id": key, "print": _print(path, raw), "status": status, "body": body, "created": world.now()},
    )


def _print(path: str, raw: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([path, raw], sort_keys=True).encode()).hexdigest()
