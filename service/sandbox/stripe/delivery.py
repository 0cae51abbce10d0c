"""Webhooks on their way: signed, repeated until answered 2xx, not for ever (docs.stripe.com/webhooks).

The signature and the waiting live by the wall clock: a receiver refuses what was signed long ago. Stripe repeats for
three days; here it is about ten minutes, after which the event is still found in the list of events.
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
from urllib.parse import urlsplit

from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

WAIT = (0.2, 0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 60, 60, 60)
TIMEOUT = 10.0


def signature(secret: str, moment: int, payload: bytes) -> str:
    """The Stripe-Signature header (docs.stripe.com/webhooks#verify-manually)."""
    signed = hmac.new(secret.encode(), str(moment).encode() + b"." + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signed}"


class Postman(threading.Thread):
    """One thread, one webhook after the other; the world's lock is never held while a receiver thinks."""

    def __init__(self, world: World) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._world = world

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
        with world.lock:
            delivery = _next(world)
            if delivery is None:
                return False
            event = world.store.get("event", delivery["id"].partition("#")[0])
        payload = json.dumps(event, indent=2).encode()
        secret = "whsec_somebody_else" if delivery["tampered"] else world.options.webhook_secret
        taken = _post(world.options.webhook_url, payload, signature(secret, int(time.time()), payload))
        with world.lock:
            if taken:
                world.store.remove("delivery", delivery["id"])
                if event is not None:
                    event["pending_webhooks"] = 0
                    world.store.put("event", event)
            else:
                delivery.update(_after_failure(delivery))
                world.store.put("delivery", delivery)
            world.store.commit()
        return True


def _next(world: World) -> Json | None:
    wall = time.time()
    ready = [one for one in world.store.all("delivery") if not one["gave_up"] and one["next_at"] <= wall]
    backwards = [one for one in ready if one.get("backwards")]
    return backwards[-1] if backwards else next(iter(ready), None)


def _after_failure(delivery: Json) -> Json:
    attempts = delivery["attempts"] + 1
    over = attempts > len(WAIT)
    next_at = time.time() + WAIT[min(attempts, len(WAIT)) - 1]
    return {"attempts": attempts, "gave_up": over, "next_at": next_at, "tampered": False, "backwards": False}


def _post(url: str, payload: bytes, signed: str) -> bool:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}
    headers["User-Agent"] = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    try:
        connection.request("POST", where.path or "/", payload, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
