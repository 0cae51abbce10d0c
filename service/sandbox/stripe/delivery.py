"""Webhooks on their way: signed, repeated until answered 2xx, not for ever (docs.stripe.com/webhooks).

The signature and the waiting live by the wall clock: a receiver refuses what was signed long ago. Stripe repeats for
three days; here it is about ten minutes, after which the event is still found in the list of events. Order is not
promised, as it is not at Stripe: with one postman events come in the order they happened, with several they race.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import sys
import threading
import time
import traceback
from typing import Any
from urllib.parse import urlsplit

from service.sandbox.stripe.plain import merged
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

WAIT = (0.2, 0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 60, 60, 60)
TIMEOUT = 10.0
#: So many answers are noted in memory before they are written; a kill in between has them told once more.
WRITTEN_EVERY = 50
AN_HOUR = {"webhook_stale": -3600, "webhook_future": 3600}

_kept = threading.local()


def signature(secret: str, moment: int, payload: bytes) -> str:
    """The Stripe-Signature header (docs.stripe.com/webhooks#verify-manually)."""
    signed = hmac.new(secret.encode(), str(moment).encode() + b"." + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signed}"


class Postman(threading.Thread):
    """One thread, one webhook after the other; the world's lock is never held while a receiver thinks."""

    def __init__(self, world: World) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._world = world
        self._unwritten = 0

    def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                if not self._deliver_next():
                    time.sleep(0.02)
            except Exception:  # one bad delivery must not end all the others
                traceback.print_exc(file=sys.stderr)
                time.sleep(1)

    def _deliver_next(self) -> bool:
        world = self._world
        if not world.outbox.is_due(time.time()):
            return False
        with world.lock:
            delivery = world.outbox.next(time.time())
            if delivery is None:
                return False
            told = world.store.text("event", delivery["id"].partition("#")[0])
        payload = _payload(told, delivery)
        taken = _post(world.options.webhook_url, payload, _signed(world, delivery.get("wrong", ""), payload))
        with world.lock:
            if taken:
                world.outbox.done(delivery)
                event = world.store.get("event", delivery["id"])
                if event is not None:
                    event["pending_webhooks"] = 0
                    world.store.put("event", event)
            else:
                world.outbox.again(delivery, **_after_failure(delivery))
            self._unwritten += 1
            if self._unwritten >= WRITTEN_EVERY or not len(world.outbox):
                world.store.commit()
                self._unwritten = 0
        return True


def _payload(told: str, delivery: Json) -> bytes:
    if changed := delivery.get("changed"):
        event = json.loads(told)
        told = json.dumps({**merged(event, {"id": "evt_altered" + event["id"][4:], **changed})})
    return told.encode() + b"\n"


def _signed(world: World, wrong: str, payload: bytes) -> str:
    secret = "whsec_somebody_else" if wrong == "webhook_tamper" else world.options.webhook_secret
    moment = int(time.time()) + AN_HOUR.get(wrong, 0)
    return "" if wrong == "webhook_unsigned" else signature(secret, moment, payload)


def _after_failure(delivery: Json) -> Json:
    attempts = delivery["attempts"] + 1
    over = attempts > len(WAIT)
    next_at = time.time() + WAIT[min(attempts, len(WAIT)) - 1]
    return {"attempts": attempts, "gave_up": over, "next_at": next_at, "wrong": ""}


def send(world: World, wanted: Any) -> Json:
    """Send one message of given content, now, and say what was answered (`status`, null for none).

    `{"raw": text}`, or `{"event": {...}}`, or `{"type": "invoice.paid"}` for the newest event of that type; `with` is
    merged into it, `pad` adds so many bytes. `secret`, `age` in seconds (below zero: dated ahead) and `unsigned` say
    how it is signed. Nothing is repeated. Raises ValueError when that is no message.
    """
    if not isinstance(wanted, dict) or not {"raw", "event", "type"} & set(wanted):
        raise ValueError('a message takes "raw", "event" or "type"')
    if "raw" in wanted:
        payload = str(wanted["raw"]).encode()
    else:
        with world.lock:
            event = wanted.get("event") or next(world.store.newest("event", {"type": wanted["type"]}, {}), None)
        if event is None:
            raise ValueError(f"there was no {wanted['type']} yet")
        more = {"padding": "x" * int(wanted["pad"])} if "pad" in wanted else {}
        payload = json.dumps({**merged(event, wanted.get("with", {})), **more}).encode()
    moment = int(time.time()) - int(wanted.get("age", 0))
    signed = signature(wanted.get("secret", world.options.webhook_secret), moment, payload)
    return {"status": _send(world.options.webhook_url, payload, "" if wanted.get("unsigned") else signed)}


def _post(url: str, payload: bytes, signed: str) -> bool:
    return 200 <= (_send(url, payload, signed) or 0) < 300


def _send(url: str, payload: bytes, signed: str) -> int | None:
    """The answer's status, None for none. Connections are kept; one that went stale meanwhile is tried anew."""
    where = urlsplit(url)
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}
    headers["User-Agent"] = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    if not signed:
        del headers["Stripe-Signature"]
    connections: dict[str, http.client.HTTPConnection] = _kept.__dict__.setdefault("connections", {})
    for known in (True, False):
        connection = connections.pop(where.netloc, None) if known else None
        if known and connection is None:
            continue
        connection = connection or http.client.HTTPConnection(where.hostname or "", where.port, timeout=TIMEOUT)
        try:
            connection.request("POST", where.path or "/", payload, headers)
            answer = connection.getresponse()
            answer.read()
            connections[where.netloc] = connection
            return answer.status
        except TimeoutError:
            connection.close()
            return None
        except (OSError, http.client.HTTPException):
            connection.close()
    return None
