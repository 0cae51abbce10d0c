"""The stand-in without a network: the same requests and answers, in this process, with a clock that stands still.

The SDK, the allow-list, the stand-in's gate, its store and its rules are the real ones; only the socket is left out.
Every place where a worker may be killed between two steps is a seam here: before a call, after it, and at a commit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe
from requests.structures import CaseInsensitiveDict

from service.billing.gateway import Gateway
from service.sandbox.stripe import checkout_page, gate, on_demand, renewals
from service.sandbox.stripe.clock import Clock
from service.sandbox.stripe.delivery import signature
from service.sandbox.stripe.faults import REQUESTS
from service.sandbox.stripe.outbox import Outbox
from service.sandbox.stripe.world import Options, World
from tests.billing.stand_in import KEY, SECRET, Message


class Killed(BaseException):
    """The worker is gone between two steps. Nothing of ours may catch it."""


class Standing(Clock):
    """Time at Stripe moves only when it is moved."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self._at = start

    def now(self) -> int:
        return self._at if self._stopped_at is None else self._stopped_at

    def troubled(self) -> bool:
        """Does something still wait to go wrong with a request?"""
        return any(one["kind"] in REQUESTS for one in self.world.faults.left())

    def dispute(self, **wanted: Any) -> None:
        """What a bank does: `charge`, and the money is gone at once; or `dispute` and `outcome`, its last word."""
        with self.world.lock:
            on_demand.dispute(self.world, wanted)
            self.world.store.commit()

    def move_to(self, moment: int) -> None:
        self._at = max(self._at, moment)


class Caught(Outbox):
    """What the stand-in tells by webhook is caught here instead of posted."""

    def __init__(self, world: World) -> None:
        super().__init__(world.store, world.faults)
        self.told: list[dict[str, Any]] = []

    def queue(self, event: dict[str, Any]) -> None:
        self.told.append(event)


class Wire:
    """Stripe for a storm. `kill_in` counts the seams until the worker that passes there is killed; 0 kills nobody."""

    def __init__(self, folder: Path, start: datetime, *, dunning_ends_in: str = "canceled") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = World(
            Options(
                port=1,
                data=folder,
                key=KEY,
                webhook_url="http://127.0.0.1:1/",
                webhook_secret=SECRET,
                start=int(start.timestamp()),
                dunning_ends_in=dunning_ends_in,
            )
        )
        self.world.clock = Standing(int(start.timestamp()))
        self.world.outbox = self._caught = Caught(self.world)
        self.kill_in = 0
        self.calls: list[str] = []

    def gateway(self) -> Gateway:
        """Our gateway, whose requests come here while `connected`."""
        origin = self.world.options.origin
        return Gateway(
            key=KEY, api_url=origin, webhook_secrets=SECRET, checkout_origin=origin, site="https://localhost"
        )

    def seam(self) -> None:
        """A place where a worker may be killed."""
        if self.kill_in:
            self.kill_in -= 1
            if not self.kill_in:
                raise Killed

    def ask(self, method: str, url: str, headers: Mapping[str, str] | None, sent: object) -> tuple[bytes, int, Any]:
        """One request of the SDK's. Raises what the SDK raises when nobody answers."""
        self.seam()
        parts = urlsplit(url)
        method, body = method.upper(), str(sent or "")
        self.calls.append(f"{method} {parts.path}")
        form = body if method == "POST" else "&".join(filter(None, (parts.query, body)))
        answer = gate.ask(self.world, method, parts.path, form, CaseInsensitiveDict(headers or {}))  # type: ignore[arg-type]
        self.seam()
        if answer.silent_for is not None:
            raise stripe.APIConnectionError("no answer: the connection was closed", should_retry=True)
        return json.dumps(answer.body).encode(), answer.status, CaseInsensitiveDict(answer.headers)

    def trouble(self, kind: str, count: int = 1, **about: Any) -> None:
        """The next requests or charges go wrong (`service/sandbox/stripe/faults.py`)."""
        with self.world.lock:
            self.world.faults.plan({"kind": kind, "count": count, **about})

    def troubled(self) -> bool:
        """Does something still wait to go wrong with a request?"""
        return any(one["kind"] in REQUESTS for one in self.world.faults.left())

    def dispute(self, **wanted: Any) -> None:
        """What a bank does: `charge`, and the money is gone at once; or `dispute` and `outcome`, its last word."""
        with self.world.lock:
            on_demand.dispute(self.world, wanted)
            self.world.store.commit()

    def move_to(self, moment: datetime) -> None:
        """Let time pass at Stripe, with everything that happens by itself."""
        with self.world.lock:
            renewals.run_until(self.world, int(moment.timestamp()))
            self.world.clock.move_to(int(moment.timestamp()))
            self.world.store.commit()

    def next_due(self) -> datetime | None:
        """When something happens by itself at Stripe next."""
        with self.world.lock:
            due = self.world.store.due("")
        return datetime.fromtimestamp(due[0], UTC) if due else None

    def browse(self, url: str, card: str | None = None, **data: str) -> str:
        """A person on a hosted page: what they press, and where that leads (empty: nowhere)."""
        sent = {"card": card, **data} if card else data
        body = "&".join(f"{name}={value}" for name, value in sent.items())
        page = checkout_page.ask(self.world, "POST", urlsplit(url).path, "", body)
        return str(page.location or "")

    def post(self) -> list[Message]:
        """What Stripe has told since the last time, signed now."""
        told, self._caught.told = self._caught.told, []
        return [self.signed(event) for event in told]

    def signed(self, event: dict[str, Any]) -> Message:
        """An event as it arrives."""
        raw = json.dumps(event).encode()
        return Message(raw, signature(SECRET, int(time.time()), raw), str(event["type"]))

    def objects(self, kind: str, **same: Any) -> list[dict[str, Any]]:
        """What Stripe has, oldest first."""
        with self.world.lock:
            return [json.loads(json.dumps(one)) for one in self.world.of(kind, **same)]

    def mend_cards(self) -> None:
        """Every card works from now on."""
        with self.world.lock:
            for card in self.world.of("payment_method"):
                self.world.private(card["id"])["last4"] = "4242"
            self.world.store.commit()

    def close(self) -> None:
        """Let go of the file."""
        self.world.store.close()

    @contextmanager
    def connected(self) -> Iterator[None]:
        """While the block runs, the SDK's requests to this address come here, and it does not sleep before a retry."""
        plain = stripe.RequestsClient.request
        origin = self.world.options.origin

        def request(client: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
            if url.startswith(origin):
                return self.ask(method, url, headers, post_data)
            return plain(client, method, url, headers, post_data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stripe.RequestsClient, "request", request)
            patch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_, **__: 0.0)
            yield
