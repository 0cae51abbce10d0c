"""Messages as Stripe signs them (docs.stripe.com/webhooks#verify-manually), and as a forger would."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from tests.journeys.live import Live


def signed(body: bytes, secret: str, *, age: int = 0) -> str:
    """The header of a message signed `age` seconds ago (in the future where negative)."""
    moment = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def knock(live: Live, body: bytes, signature: str | None, *, method: str = "POST") -> int:
    """Bring a message to the live door. Returns the status."""
    parts = urlsplit(live.running.web)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    headers = {"Content-Type": "application/json", "Host": parts.netloc}
    if signature is not None:
        headers["Stripe-Signature"] = signature
    try:
        connection.request(method, "/webhooks/stripe", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def told(live: Live, kind: str = "") -> list[dict[str, Any]]:
    """The stand-in's own list of events, newest first, as its API gives it."""
    url = f"{live.running.standin}/v1/events?limit=100" + (f"&type={kind}" if kind else "")
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {live.secrets['stripe_key']}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]
    return found
