"""What every part of the stand-in shares: settings, the one lock, objects, time, and the voice that tells events."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.sandbox.stripe.agenda import due_of
from service.sandbox.stripe.clock import Clock
from service.sandbox.stripe.errors import missing
from service.sandbox.stripe.faults import Faults
from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.outbox import Outbox
from service.sandbox.stripe.plain import copied
from service.sandbox.stripe.store import Json, Store

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True)
class Options:
    """What the command line says. `dunning_ends_in` is the account's setting for the last failed retry.

    `postmen` deliver webhooks at once; with more than one the order of events is a race.
    """

    port: int
    data: Path
    key: str
    webhook_url: str = ""
    webhook_secret: str = ""
    start: int | None = None
    dunning_ends_in: str = "canceled"
    upcoming_days: int = 7
    postmen: int = 1

    @property
    def origin(self) -> str:
        """Where browsers and the gateway find the stand-in."""
        return f"http://127.0.0.1:{self.port}"


class World:
    """The whole state. Whoever touches it holds `lock`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.store = Store(options.data / "stripe.sqlite3", due_of)
        self.faults = Faults()
        self.outbox = Outbox(self.store, self.faults)
        kept = self.store.get("meta", "clock")
        wanted = options.start - time.time() if options.start is not None else 0.0
        self.clock = Clock(float(kept["offset"]) if kept else wanted)
        self.request: Json = {"id": None, "idempotency_key": None}
        #: Nothing is told while this is so.
        self.silent = False
        self.keep_clock()

    def keep_clock(self) -> None:
        """Remember how far time was moved, for after a restart."""
        self.store.put("meta", {"id": "clock", "offset": self.clock.offset})

    def now(self) -> int:
        """Business time, Unix seconds."""
        return self.clock.now()

    # Objects ---------------------------------------------------------------------------------------------------------

    def find(self, kind: str, identifier: str, *, param: str = "", noun: str = "") -> Json:
        """The object, live. Raises Stripe's "No such ..." (404, or 400 when a parameter named it)."""
        found = self.store.get(kind, identifier)
        if found is None:
            noun = noun or kind.split(".")[-1].replace("_", " ")
            raise missing(noun, identifier, param=param or "id", status=400 if param else 404)
        return found

    def of(self, kind: str, **same: Any) -> list[Json]:
        """Objects of a kind with these fields, oldest first."""
        return self.store.of(kind, **same)

    def add(self, item: Json, *events: str) -> Json:
        """Keep a new object and tell of it. What belongs to a customer lives by that customer's test clock."""
        if item.get("test_clock", "") is None and item.get("customer"):
            item["test_clock"] = self.find("customer", item["customer"])["test_clock"]
        self.store.put(item["object"], item)
        for event in events:
            self.emit(event, item)
        return item

    def change(self, item: Json, *events: str, **fields: Any) -> bool:
        """Set fields, keep, and tell of it with the values before. Says whether anything was different."""
        before = {name: copied(item.get(name)) for name, value in fields.items() if item.get(name) != value}
        item.update(fields)
        self.store.put(item["object"], item)
        for event in events:
            if before or not event.endswith(".updated"):  # nothing became different: nothing is told
                self.emit(event, item, before if event.endswith(".updated") else None)
        return bool(before)

    def private(self, identifier: str) -> Json:
        """What Stripe knows about an object and shows nobody."""
        kept = self.store.get("private", identifier) or {"id": identifier}
        self.store.put("private", kept)
        return kept

    # Events ----------------------------------------------------------------------------------------------------------

    def emit(self, kind: str, item: Json, before: Json | None = None) -> None:
        """Note that something happened and queue its webhook (docs.stripe.com/api/events)."""
        if self.silent:
            return
        data: Json = {"object": copied(item)}
        if before is not None:
            data["previous_attributes"] = before
        event: Json = {
            "id": new_id("event"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1 if self.options.webhook_url else 0,
            "request": dict(self.request),
            "type": kind,
        }
        self.store.put("event", event)
        if self.options.webhook_url:
            self.outbox.queue(event)
