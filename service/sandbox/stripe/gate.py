"""The API as a caller meets it: key, version, faults, idempotency, the endpoint, and one commit.

Follows docs.stripe.com/api/authentication, docs.stripe.com/api/versioning and docs.stripe.com/rate-limits.
"""

from __future__ import annotations

import base64
import sys
import time
import traceback
from dataclasses import dataclass
from email.message import Message
from typing import Any

import service.sandbox.stripe.api  # noqa: F401  (registers the endpoints)
from service.sandbox.stripe import idempotency, params, routing, test_clocks
from service.sandbox.stripe.errors import StripeError, malformed
from service.sandbox.stripe.expanding import expanded
from service.sandbox.stripe.ids import ALPHABET
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import API_VERSION, World


@dataclass
class Answer:
    """What goes back. `silent_for` set means that the caller never hears of it: silence for so long, then the end of
    the connection; `broken` that the end is a reset, at once."""

    status: int
    body: Json
    headers: dict[str, str]
    silent_for: float | None = None
    broken: bool = False


def ask(world: World, method: str, path: str, form: str, headers: Message) -> Answer:
    """Answer one API request."""
    request_id = "req_" + "".join(ALPHABET[byte % 62] for byte in time.time_ns().to_bytes(8, "big"))
    told = {"Request-Id": request_id, "Stripe-Version": API_VERSION}
    key = headers.get("Idempotency-Key", "") if method == "POST" else ""
    if key:
        told["Idempotency-Key"] = key
    about = {"method": method, "path": path}
    if slow := _first(world, about, "slow"):
        time.sleep(float(slow.get("seconds", 1)))
    if lost := _first(world, about, "timeout_before", "reset"):
        return _unheard(Answer(500, {}, told), lost)
    with world.lock:
        world.request = {"id": request_id, "idempotency_key": key or None}
        try:
            answer = _answer(world, method, path, form, headers, key, told)
            world.store.commit()
            if world.faults.take("500_after", **about):
                answer = Answer(500, StripeError(500, "api_error", "An unknown error occurred.").body(), told)
            if lost := _first(world, about, "timeout", "reset_after"):
                answer = _unheard(answer, lost)
        except Exception:  # a mistake of ours: say so, and keep nothing half done
            traceback.print_exc(file=sys.stderr)
            world.store.rollback()
            error = {"type": "api_error", "message": "The stand-in itself failed; its log says how."}
            answer = Answer(500, {"error": error}, {**told, "Stripe-Should-Retry": "false"})
        finally:
            world.request = {"id": None, "idempotency_key": None}
    return answer


def _first(world: World, about: dict[str, str], *kinds: str) -> dict[str, Any] | None:
    with world.lock:
        return next((fault for kind in kinds if (fault := world.faults.take(kind, **about))), None)


def _unheard(answer: Answer, fault: dict[str, Any]) -> Answer:
    answer.silent_for, answer.broken = float(fault.get("seconds", 0)), fault["kind"].startswith("reset")
    return answer


def _answer(
    world: World, method: str, path: str, form: str, headers: Message, key: str, told: dict[str, str]
) -> Answer:
    try:
        _may_enter(world, headers)
        _trouble(world, method, path)
        raw = params.decode(form)
        if key and (known := idempotency.recall(world, key, path, raw)):
            return Answer(known[0], known[1], {**told, "Idempotent-Replayed": "true"})
        test_clocks.catch_up(world)  # what is due by now came before this request
        status, body, saved = _do(world, method, path, raw)
    except StripeError as error:
        return Answer(error.status, error.body(), told)
    if key and saved:
        idempotency.remember(world, key, path, raw, status, body)
    return Answer(status, body, told)


def _do(world: World, method: str, path: str, raw: dict[str, Any]) -> tuple[int, Json, bool]:
    found = routing.find(method, path)
    if found is None:
        message = f"Unrecognized request URL ({method}: {path})."
        raise StripeError(404, "invalid_request_error", message, saved=False)
    route, ids = found
    try:
        with world.clock.stopped_at(test_clocks.moment_of(world, ids, raw)):
            body, expand = route.answer(world, raw, ids)
            return 200, expanded(world, body, expand), True
    except StripeError as error:
        return error.status, error.body(), error.saved


def _may_enter(world: World, headers: Message) -> None:
    scheme, _, sent = headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        sent = base64.b64decode(sent).decode(errors="replace").partition(":")[0]
    if sent != world.options.key:
        message = f"Invalid API Key provided: {sent[:8]}***" if sent else "You did not provide an API key."
        raise StripeError(401, "invalid_request_error", message, saved=False)
    version = headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        message = f"Invalid Stripe API version: {version}. The stand-in speaks {API_VERSION} only."
        raise malformed(message, code="parameter_invalid_string", param="Stripe-Version")


def _trouble(world: World, method: str, path: str) -> None:
    if world.faults.take("429", method=method, path=path):
        message = "Too many requests hit the API too quickly."
        raise StripeError(429, "invalid_request_error", message, code="rate_limit", saved=False)
    if world.faults.take("500", method=method, path=path):
        raise StripeError(500, "api_error", "An unknown error occurred.", saved=False)
