"""A stand-in as a real process, a shop that hears its webhooks, and a payer with a browser's patience."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import stripe
from stripe._base_address import BaseAddresses

from service.sandbox.ports import free_ports
from service.sandbox.stripe.schemas import check

ROOT = Path(__file__).parents[3]
KEY = "sk_test_standin"
SECRET = "whsec_standin"
#: 2027-01-31 12:00 UTC: a month's last day, so that every test walks through a month end.
START = 1801396800
HOUR, DAY = 3600, 86400

WORKS, DECLINED, ASKS, FAILS_LATER = "4242424242424242", "4000000000000002", "4000002500003155", "4000000000000341"


@dataclass
class Shop:
    """The merchant's side: keeps each webhook as (body, signature) and answers with `status`."""

    status: int = 200
    heard: list[tuple[bytes, str]] = field(default_factory=list, repr=False)
    server: ThreadingHTTPServer | None = None

    def open(self) -> str:
        shop = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                shop.heard.append((body, self.headers["Stripe-Signature"]))
                self.send_response(shop.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/webhooks"

    def close(self) -> None:
        assert self.server
        self.server.shutdown()
        self.server.server_close()

    def events(self) -> list[stripe.Event]:
        """Those whose signature holds, in the order heard. Raises for the first that does not."""
        return [stripe.Webhook.construct_event(body, signed, SECRET) for body, signed in list(self.heard)]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]


class CheckingClient(stripe.RequestsClient):
    """Checks each object answered against the SDK's own classes."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        body, status, headers = super().request(*args, **kwargs)
        if status == 200:
            check(json.loads(body))
        return body, status, headers


@dataclass
class StandIn:
    """The process, spoken to as the gateway would."""

    data: Path
    shop: Shop
    more: tuple[str, ...] = ()
    port: int = field(default_factory=lambda: free_ports(1)[0])
    webhook_url: str = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "service.sandbox.stripe", "--port", str(self.port), "--data", str(self.data)]
        command += ["--key", KEY, "--webhook-url", self.webhook_url, "--webhook-secret", SECRET]
        command += ["--start", str(START), *self.more]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"
        self.connect()

    def connect(self) -> None:
        self.caller = CheckingClient()
        self.client = stripe.StripeClient(
            KEY, base_addresses=self.base(), http_client=self.caller, max_network_retries=2
        )
        self.api = self.client.v1

    def base(self) -> BaseAddresses:
        return {"api": f"http://127.0.0.1:{self.port}"}

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(5)
        assert self.process.stdout
        self.process.stdout.close()
        return code

    # The sandbox's handles

    def control(self, method: str, what: str, body: Any = None) -> dict[str, Any]:
        status, answer, _ = self.http(method, f"/_standin/{what}", None if body is None else json.dumps(body))
        assert status == 200, answer
        return dict(json.loads(answer))

    def now(self) -> int:
        return int(self.control("GET", "health")["now"])

    def move_to(self, moment: int) -> list[str]:
        happened = self.control("POST", "clock", {"now": moment})["happened"]
        done = [one["what"].rpartition(" ")[0] for one in happened]
        return [what for what in done if what != "announced"]

    def step(self) -> list[str]:
        """On to the next thing that is due, and do it; what is only announced does not count."""
        done: list[str] = []
        while not done:
            done = self.move_to(self.control("GET", "next-due")["at"])
        return done

    def trouble(self, kind: str, **about: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **about})

    def settle(self, seconds: float = 5) -> None:
        """Wait until every webhook was answered."""
        until = time.monotonic() + seconds
        while self.control("GET", "deliveries")["pending"]:
            assert time.monotonic() < until, "webhooks did not settle"
            time.sleep(0.02)

    # A browser

    def http(self, method: str, path: str, body: str | None = None, form: bool = False) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        read = answer.status, answer.read().decode(), answer.headers.get("Location", "")
        connection.close()
        return read

    def press(self, session: stripe.checkout.Session, step: str = "", **pressed: str) -> tuple[int, str]:
        """Press a button on the hosted page: the status, and where it leads."""
        status, _, location = self.http("POST", f"/c/pay/{session.id}{step}", urlencode(pressed), form=True)
        return status, location

    # A shop's usual steps

    def price(self, cents: int = 25000) -> stripe.Price:
        found = self.api.prices.list({"lookup_keys": [f"monthly_{cents}"]}).data
        if found:
            return found[0]
        product = self.api.products.create({"name": "Monthly plan"})
        return self.api.prices.create(
            {
                "currency": "usd",
                "product": product.id,
                "unit_amount": cents,
                "recurring": {"interval": "month"},
                "lookup_key": f"monthly_{cents}",
            }
        )

    def session(self, customer: stripe.Customer | None = None, **more: Any) -> stripe.checkout.Session:
        customer = customer or self.api.customers.create({"email": "ana@example.test"})
        asked: dict[str, Any] = {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": self.price().id, "quantity": 1}],
            "success_url": "http://localhost:1/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost:1/back",
            "metadata": {"membership": "m-1"},
            "subscription_data": {"metadata": {"membership": "m-1"}},
            **more,
        }
        # Some tests ask for nonsense, which the types would not let them.
        return self.api.checkout.sessions.create(asked)  # type: ignore[arg-type]

    def setup(self, customer: str, **more: Any) -> stripe.checkout.Session:
        """A page to save a card on."""
        asked: Any = {
            "mode": "setup",
            "customer": customer,
            "currency": "usd",
            "client_reference_id": "m-1",
            "setup_intent_data": {"metadata": {"membership": "m-1"}},
            "success_url": "http://localhost:1/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost:1/back",
            **more,
        }
        return self.api.checkout.sessions.create(asked)

    def subscribed(self, card: str = WORKS) -> stripe.Subscription:
        """Somebody who paid on the page."""
        session = self.session()
        status, location = self.press(session, card=card)
        assert status == 303
        assert location.startswith("http://localhost:1/done")
        paid = self.api.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
        assert isinstance(paid.subscription, stripe.Subscription)
        return paid.subscription

    def subscription(self, identifier: str) -> stripe.Subscription:
        return self.api.subscriptions.retrieve(identifier, {"expand": ["latest_invoice.payments"]})

    def page(self, path: str) -> tuple[int, str]:
        status, html, _ = self.http("GET", urlsplit(path).path)
        return status, html


def invoice_of(subscription: stripe.Subscription) -> stripe.Invoice:
    """Its newest invoice, expanded."""
    assert isinstance(subscription.latest_invoice, stripe.Invoice)
    return subscription.latest_invoice


def period_of(subscription: stripe.Subscription) -> tuple[int, int]:
    item = subscription["items"].data[0]
    return item.current_period_start, item.current_period_end
