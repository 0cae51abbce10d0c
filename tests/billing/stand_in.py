"""The Stripe stand-in as a process of its own, a card in a patient's hand, and a place where its messages arrive."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from service.billing import actions
from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog
from service.sandbox.ports import free_ports

KEY, SECRET = "sk_test_homeward", "whsec_test"
GOOD, ASKS, DECLINED, FAILS_LATER = "4242424242424242", "4000002500003155", "4000000000000002", "4000000000000341"
ALWAYS_ASKS = "4000002760003184"  # at Checkout, and at each charge after it


@dataclass(frozen=True)
class Message:
    """A webhook as it arrived."""

    raw: bytes
    signature: str
    kind: str


@dataclass
class StandIn:
    """Stripe, for a test."""

    url: str
    arrived: list[Message] = field(default_factory=list)

    def gateway(self, site: str = "https://localhost") -> Gateway:
        return Gateway(key=KEY, api_url=self.url, webhook_secrets=SECRET, checkout_origin=self.url, site=site)

    def pay(self, page: str, card: str = GOOD) -> requests.Response:
        """What the patient does on the hosted page."""
        assert page.startswith(self.url)
        answer = requests.post(page, data={"card": card}, allow_redirects=False, timeout=5)
        if answer.headers.get("Location", "").endswith("/authenticate"):
            page = self.url + answer.headers["Location"]
            answer = requests.post(page, data={"outcome": "approve"}, allow_redirects=False, timeout=5)
        return answer

    def is_well(self) -> None:
        """Trouble that another test planned and did not use up is over."""
        requests.delete(f"{self.url}/_standin/faults", timeout=5).raise_for_status()

    def move_to(self, moment: datetime) -> list[dict[str, Any]]:
        """Let time pass at Stripe, with everything that happens by itself."""
        answer = requests.post(f"{self.url}/_standin/clock", json={"now": int(moment.timestamp())}, timeout=30)
        answer.raise_for_status()
        happened: list[dict[str, Any]] = answer.json()["happened"]
        return happened

    def messages(self) -> list[Message]:
        """Everything delivered since the last call, once nothing more is on its way."""
        deadline = time.monotonic() + 10
        while requests.get(f"{self.url}/_standin/deliveries", timeout=5).json()["pending"]:
            assert time.monotonic() < deadline, "messages are still on their way"
            time.sleep(0.02)
        arrived, self.arrived[:] = list(self.arrived), []
        return arrived


@contextmanager
def running(folder: Path, start: datetime, catalog: Catalog) -> Iterator[StandIn]:
    """The stand-in from `start` on, with the catalog's prices, until the end of the block."""
    [port] = free_ports(1)
    stand_in = StandIn(f"http://127.0.0.1:{port}")

    class Catcher(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            kind = re.search(rb'"type": ?"([a-z_.]+\.[a-z_.]+)"', raw)
            stand_in.arrived.append(Message(raw, self.headers["Stripe-Signature"], kind[1].decode() if kind else ""))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    catcher = ThreadingHTTPServer(("127.0.0.1", 0), Catcher)
    threading.Thread(target=catcher.serve_forever, daemon=True).start()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "service.sandbox.stripe"),
            *("--port", str(port), "--data", str(folder), "--start", str(int(start.timestamp()))),
            *("--key", KEY, "--webhook-secret", SECRET, "--dunning-ends-in", "unpaid"),
            *("--webhook-url", f"http://127.0.0.1:{catcher.server_port}/"),
        ],
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    try:
        deadline = time.monotonic() + 15
        while True:
            try:
                requests.get(f"{stand_in.url}/_standin/health", timeout=1)
                break
            except requests.ConnectionError:
                assert process.poll() is None, "the stand-in ended"
                assert time.monotonic() < deadline, "the stand-in did not start"
                time.sleep(0.05)
        actions.offer_prices(gateway=stand_in.gateway(), catalog=catalog)
        stand_in.messages()
        yield stand_in
    finally:
        process.terminate()
        process.wait(10)
        catcher.shutdown()
        catcher.server_close()
