"""Is this message Stripe's, and what is it about? Everything else in it is read anew from Stripe itself."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from service.billing.gateway.facts import NotGenuine, Notice
from service.billing.gateway.reading import moment

WITHIN_SECONDS = 300  # as Stripe's SDK has it for the past; a message from the future is no more believable
VERSIONS: Final = ("2026-10-28.endive",)  # the installed SDK's own; during an upgrade the one before it as well

# What we act upon: how the kind begins, the object's name, and how its id begins. Longer beginnings first.
ACTED: Final = (
    ("customer.subscription.", "subscription", ("sub_",)),
    ("checkout.session.", "checkout.session", ("cs_",)),
    ("charge.dispute.", "dispute", ("dp_", "du_")),
    ("invoice.", "invoice", ("in_",)),
    ("refund.", "refund", ("re_", "pyr_")),
)
# What an endpoint that was told to hear everything hears as well, and what says nothing that we do not ask for.
IGNORED: Final = (
    *("account.", "balance.", "billing_portal.", "charge.", "coupon.", "credit_note.", "customer.", "invoice_payment."),
    *("invoiceitem.", "mandate.", "payment_intent.", "payment_link.", "payment_method.", "payout.", "plan.", "price."),
    *("product.", "promotion_code.", "radar.", "reporting.", "review.", "setup_intent.", "subscription_schedule."),
    *("tax_rate.", "tax.", "test_helpers.", "file."),
)
WITHOUT_ID: Final = ("invoice.upcoming", "invoice.will_be_due", "invoice.overdue")  # of a charge that is not there yet
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
_KIND: Final = re.compile(r"[a-z0-9_]{1,60}(?:\.[a-z0-9_]{1,60}){1,4}")


def check_time(header: str, now: float) -> None:
    """Raises NotGenuine for a verified signature that is not of now. The SDK would take one from the future."""
    signed_at = int(next(part for part in header.split(",") if part.startswith("t=")).removeprefix("t="))
    if signed_at < now - WITHIN_SECONDS:
        raise NotGenuine("old")
    if signed_at > now + WITHIN_SECONDS:
        raise NotGenuine("ahead")


def read(raw: bytes, *, live: bool) -> Notice:
    """What a genuine message is about. One that we may not act upon says why in `trouble`: it is kept all the same.

    `live`: whether our key moves real money.
    """
    try:
        return notice(json.loads(raw), live=live)
    except (ValueError, RecursionError):
        return not_an_event(raw)


def notice(event: Any, *, live: bool) -> Notice:
    """What an event, as plain JSON, is about. Raises ValueError where it is not one."""
    try:
        if event["object"] != "event":
            raise ValueError("not an event")
        event_id, kind, item = _shaped(_ID, event["id"]), _shaped(_KIND, event["type"]), event["data"]["object"]
        created_at = moment(event["created"])
        item_id = item.get("id")
    except (KeyError, TypeError, AttributeError, OverflowError, OSError):
        raise ValueError("not an event") from None
    object_id = item_id if isinstance(item_id, str) and _ID.fullmatch(item_id) else ""
    trouble = _elsewhere(event, live) or _unheard_of(kind, object_id, item.get("object"))
    subject_id = None if trouble else _subject(kind, item, object_id)
    return Notice(event_id, kind, object_id, created_at, subject_id, trouble, acted(kind) and trouble is None)


def not_an_event(raw: bytes) -> Notice:
    """Something that Stripe signed and we do not understand. The same bytes are the same message."""
    name = f"unread_{hashlib.sha256(raw).hexdigest()}"
    return Notice(name, "unknown", "", datetime.fromtimestamp(0, UTC), None, "not_an_event", False)


def acted(kind: str) -> bool:
    """Is this a kind of message that moves a membership?"""
    return kind not in WITHOUT_ID and any(kind.startswith(begins) for begins, _, _ in ACTED)


def told(event: Any, *, live: bool) -> tuple[Notice, str]:
    """An event that Stripe lists: what it is about, and the text we would have received."""
    text = json.dumps(event, sort_keys=True)
    try:
        return notice(event, live=live), text
    except ValueError:
        return not_an_event(text.encode()), text


def secrets_of(text: str) -> Sequence[str]:
    """Every configured secret: two during a change. Raises ValueError for none: nothing could be trusted."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise ValueError("no webhook secret is configured")
    return found


def _elsewhere(event: Any, live: bool) -> str | None:
    """Genuine, and yet not about our money: another account's, another mode's, or of a form we have not read."""
    if event.get("account") is not None or event.get("context") is not None:
        return "another_account"
    if event.get("livemode") is not live:
        return "another_mode"
    return None if event.get("api_version") in VERSIONS else "unknown_version"


def _unheard_of(kind: str, object_id: str, name: Any) -> str | None:
    if not acted(kind):
        return None if kind in WITHOUT_ID or kind.startswith(IGNORED) else "unknown_kind"
    expected, begins = next((name, ids) for start, name, ids in ACTED if kind.startswith(start))
    return None if name == expected and object_id.startswith(begins) else "unknown_object"


def _subject(kind: str, item: Any, object_id: str) -> str | None:
    """What to lock: the subscription that an invoice (None for one of no subscription) or a pay page belongs to, which
    never changes; else the object itself.
    """
    if not acted(kind):
        return None
    if kind.startswith("invoice."):
        parent = item.get("parent")
        details = parent.get("subscription_details") if isinstance(parent, dict) else None
        return _id_of(details.get("subscription")) if isinstance(details, dict) else None
    return (_id_of(item.get("subscription")) if kind.startswith("checkout.session.") else None) or object_id


def _id_of(value: Any) -> str | None:
    """The id of something that may be expanded."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _shaped(shape: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ValueError("not as ids and kinds are")
    return value
