"""The sandbox's own handles, under /_standin: not Stripe's, needed to move time and to cause trouble.

GET health, next-due, deliveries, faults · POST clock {"now": unix}, faults · DELETE faults. No key: loopback only.
"""

from __future__ import annotations

import json
from typing import Any

from service.sandbox.stripe import renewals
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

#: Two clocks read one after the other differ a little: that is no wish to go back, and moves nothing.
SLACK = 60


def ask(world: World, method: str, path: str, body: str) -> tuple[int, Json]:
    """Answer one control request: a status and JSON."""
    what = f"{method} {path.removeprefix('/_standin/')}"
    try:
        with world.lock:
            answer = _do(world, what, json.loads(body) if body else None)
            world.store.commit()
    except (ValueError, TypeError) as error:
        return 400, {"error": str(error)}
    return (404, {"error": f"there is no {what}"}) if answer is None else (200, answer)


def _do(world: World, what: str, body: Any) -> Json | None:
    if what == "GET health":
        return {"ok": True, "now": world.now()}
    if what == "GET next-due":
        due = world.store.due("")
        return {"at": due[0] if due else None}
    if what == "POST clock":
        return _move(world, body)
    if what == "GET deliveries":
        return {"pending": len([one for one in world.store.all("delivery") if not one["gave_up"]])}
    if what == "POST faults":
        world.faults.plan(body)
    elif what == "DELETE faults":
        world.faults.waiting.clear()
    elif what != "GET faults":
        return None
    return {"faults": world.faults.waiting}


def _move(world: World, body: Any) -> Json:
    if not isinstance(body, dict) or not isinstance(body.get("now"), int):
        raise ValueError('the clock takes {"now": unix seconds}')
    if body["now"] < world.now() - SLACK:
        raise ValueError(f"time only moves forward, and it is {world.now()} already")
    happened = renewals.run_until(world, body["now"])
    world.clock.move_to(max(body["now"], world.now()))
    world.keep_clock()
    return {"happened": happened, "now": world.now()}
