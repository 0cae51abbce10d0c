"""The sandbox's own handles, under /_standin: not Stripe's, needed to move time and to cause trouble.

GET health, next-due, deliveries, faults · POST clock {"now": unix}, faults (see `faults`), send (a webhook of given
content, see `delivery.send`), disputes {"charge" | "payment_intent" | "invoice": id, "reason"} to have one arise, or
{"dispute": id, "outcome": "won" | "lost"} to decide it, cards {"payment_method": id} to have it renewed by its bank, or
{"payment_method": id, "exp_month": 1, "exp_year": 2027} to print another date on it, seed {"price": id, "count": n} for
so many subscriptions at once · DELETE faults. No key: loopback only.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from typing import Any

from service.sandbox.stripe import delivery, on_demand, renewals
from service.sandbox.stripe.errors import StripeError
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

#: Two clocks read one after the other differ a little: that is no wish to go back, and moves nothing.
SLACK = 60


def ask(world: World, method: str, path: str, body: str) -> tuple[int, Json]:
    """Answer one control request: a status and JSON."""
    what = f"{method} {path.removeprefix('/_standin/')}"
    try:
        sent = json.loads(body) if body else None
        if what == "POST send":
            return 200, delivery.send(world, sent)
        if what == "POST clock":
            return 200, _move(world, sent)
        with world.lock:
            answer = _do(world, what, sent)
            world.store.commit()
    except (ValueError, TypeError, StripeError) as error:
        return 400, {"error": str(error)}
    except Exception:  # a mistake of ours: said aloud, and nothing kept half done
        traceback.print_exc(file=sys.stderr)
        with world.lock:
            world.store.rollback()
        return 500, {"error": "the stand-in itself failed; its log says how"}
    return (404, {"error": f"there is no {what}"}) if answer is None else (200, answer)


def _do(world: World, what: str, body: Any) -> Json | None:
    if what == "GET health":
        return {"ok": True, "now": world.now()}
    if what == "GET next-due":
        due = world.store.due("")
        return {"at": due[0] if due else None}
    if what == "GET deliveries":
        return {"pending": len(world.outbox)}
    if what in ("POST disputes", "POST cards", "POST seed"):
        return on_demand.DO[what](world, body)
    if what == "POST faults":
        world.faults.plan(body)
    elif what == "DELETE faults":
        world.faults.clear()
    elif what != "GET faults":
        return None
    return {"faults": world.faults.left()}


def _move(world: World, body: Any) -> Json:
    if not isinstance(body, dict) or not isinstance(body.get("now"), int):
        raise ValueError('the clock takes {"now": unix seconds}')
    if body["now"] < world.now() - SLACK:
        raise ValueError(f"time only moves forward, and it is {world.now()} already")
    happened: list[Json] = []
    while True:
        with world.lock:
            did = renewals.run_until(world, body["now"], most=renewals.STEP)
            happened += did
            over = len(did) < renewals.STEP
            moment = body["now"] if over else did[-1]["at"]
            world.clock.move_to(max(moment, world.now()))
            world.keep_clock()
            world.store.commit()
        if over:
            return {"happened": happened, "now": world.now()}
        time.sleep(0.001)  # a long way is gone in steps, and between them others have their turn
