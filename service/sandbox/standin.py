"""Speaking to the stand-in's control door."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any


class Standin:
    """The stand-in at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def now(self) -> datetime:
        """Its clock."""
        return datetime.fromtimestamp(self._ask("/_standin/health")["now"], UTC)

    def next_due_at(self) -> datetime | None:
        """When it next does something by itself."""
        at = self._ask("/_standin/next-due")["at"]
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def move_to(self, moment: datetime) -> list[tuple[datetime, str]]:
        """Move its clock forward. Returns what it did on the way."""
        happened = self._ask("/_standin/clock", {"now": int(moment.timestamp())})["happened"]
        return [(datetime.fromtimestamp(line["at"], UTC), str(line["what"])) for line in happened]

    def undelivered(self) -> int:
        """Webhooks that were not yet answered."""
        return int(self._ask("/_standin/deliveries")["pending"])

    def plan_faults(self, faults: dict[str, Any]) -> None:
        """Misbehave as told."""
        self._ask("/_standin/faults", faults)

    def dispute(self, invoice_id: str) -> None:
        """Have the payment of a charge disputed."""
        self._ask("/_standin/disputes", {"invoice": invoice_id})
