"""Webhooks waiting to be delivered, in the order they are to be tried; and the trouble planned for them."""

from __future__ import annotations

import heapq
import time
from typing import Any

from service.sandbox.stripe.faults import ALTERED, SIGNED_WRONG, Faults
from service.sandbox.stripe.store import Json, Store


class Outbox:
    """Deliveries by the wall's clock. Kept in the store, so that a restart goes on with them; guarded by the lock."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store, self._faults = store, faults
        self._heap: list[tuple[float, float, str]] = []
        self._pending: set[str] = set()
        self._order = 0.0
        self._release_at = 0.0
        for delivery in store.all("delivery"):
            if not delivery["gave_up"]:
                self._wait(delivery)

    def __len__(self) -> int:
        """How many were not answered yet; those given up do not count."""
        return len(self._pending)

    def queue(self, event: Json) -> None:
        """Have an event told, as the faults will it."""
        about, wall = {"event_type": event["type"]}, time.time()
        for kind, changed in ALTERED.items():
            if fault := self._faults.take(kind, **about):
                self._add(f"{event['id']}#{kind}", wall, changed={**changed, **fault.get("with", {})})
        if self._faults.take("webhook_drop", **about):
            return
        at = wall
        if delay := self._faults.take("webhook_delay", **about):
            at = wall + float(delay.get("seconds", 1))
        place = None
        if shuffle := self._faults.take("webhook_shuffle", **about):
            # Held until one common moment, then told newest first: the worst order there is, and the same each time.
            if self._release_at <= wall:
                self._release_at = wall + float(shuffle.get("seconds", 0.5))
            at, place = self._release_at, shuffle["drawn"]
            place = -self._order if place is None else place
        wrong = next((kind for kind in SIGNED_WRONG if self._faults.take(kind, **about)), "")
        self._add(event["id"], at, place=place, wrong=wrong)
        if self._faults.take("webhook_duplicate", **about):
            self._add(event["id"] + "#2", at, place=place, wrong=wrong)

    def _add(self, identifier: str, at: float, *, place: float | None = None, **more: Any) -> None:
        self._order += 1
        # Below zero and fractions are orders of their own; whatever is not shuffled keeps its turn.
        delivery = {"id": identifier, "attempts": 0, "next_at": at, "gave_up": False, "wrong": "", **more}
        delivery["place"] = self._order if place is None else place
        self._store.put("delivery", delivery)
        self._wait(delivery)

    def _wait(self, delivery: Json) -> None:
        heapq.heappush(self._heap, (delivery["next_at"], delivery.get("place", 0.0), delivery["id"]))
        self._pending.add(delivery["id"])

    def is_due(self, wall: float) -> bool:
        """Whether there is something to deliver now. May be asked without the lock."""
        heap = self._heap
        return bool(heap) and heap[0][0] <= wall

    def next(self, wall: float) -> Json | None:
        """The delivery to try now, None when none is due. It counts as pending until it is done or waits again."""
        while self.is_due(wall):
            identifier = heapq.heappop(self._heap)[2]
            delivery = self._store.get("delivery", identifier)
            if delivery is not None:
                return delivery
            self._pending.discard(identifier)  # undone with the request that queued it
        return None

    def done(self, delivery: Json) -> None:
        """It was taken."""
        self._pending.discard(delivery["id"])
        self._store.remove("delivery", delivery["id"])

    def again(self, delivery: Json, **fields: Any) -> None:
        """It was not: try later, or never again when it says so."""
        delivery.update(fields)
        self._store.put("delivery", delivery)
        self._pending.discard(delivery["id"])
        if not delivery["gave_up"]:
            self._wait(delivery)
