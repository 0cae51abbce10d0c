"""Is this message Stripe's, and what is it about? Everything else in it is read anew from Stripe itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from service.billing.gateway.facts import Bug, NotGenuine, Notice
from service.billing.gateway.reading import moment

AHEAD_SECONDS = 300  # the SDK looks only at the past; a message from the future is no more believable


def signed_at(header: str) -> int:
    """The moment in a signature header that was already verified."""
    return int(next(part for part in header.split(",") if part.startswith("t=")).removeprefix("t="))


def notice(event: Any) -> Notice:
    """What an event, as plain JSON, is about. Raises Bug where it is not an event as we know them."""
    try:
        return Notice(
            event_id=_text(event["id"]),
            kind=_text(event["type"]),
            object_id=_text(event["data"]["object"].get("id", "")),
            created_at=moment(event["created"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Bug("a signed message that is not an event") from None


def parsed(raw: bytes) -> Any:
    """The JSON of a message. Raises NotGenuine."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise NotGenuine("not JSON") from None


def as_text(event: Any) -> str:
    """An event as the text we would have received."""
    return json.dumps(event, sort_keys=True)


def secrets_of(text: str) -> Sequence[str]:
    """Every configured secret: two during a change. Raises ValueError for none: nothing could be trusted."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise ValueError("no webhook secret is configured")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not a text")
    return value
