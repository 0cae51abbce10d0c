"""References turned into objects on request, at most four levels deep (docs.stripe.com/api/expanding_objects)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.sandbox.stripe.errors import malformed
from service.sandbox.stripe.ids import kind_of
from service.sandbox.stripe.listing import whole
from service.sandbox.stripe.plain import copied
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

DEEPEST = 4


def expanded(world: World, answer: Json, wanted: list[str]) -> Json:
    """A copy of the answer with each dotted path of `wanted` filled in."""
    answer = copied(answer)
    for path in wanted:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise malformed(
                f"You cannot expand more than {DEEPEST} levels of a property. The property was: {path}",
                code="parameter_invalid_string",
                param="expand",
            )
        _expand(world, answer, steps, path)
    return answer


def _expand(world: World, here: Json, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    if here.get("object") == "list" and name == "data":
        for item in here["data"]:
            _expand(world, item, rest, path)
        return
    if name not in here and (extra := EXTRAS.get((str(here.get("object")), name))):
        here[name] = copied(extra(world, here))
    value: Any = here.get(name)
    if isinstance(value, str):
        here[name] = value = _object(world, name, value, path)
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        here[name] = value = [_object(world, name, one, path) for one in value]
    elif value is None and name not in here:
        raise malformed(f"This property cannot be expanded ({path}).", code="parameter_unknown", param="expand")
    for one in value if isinstance(value, list) else [value]:
        if rest and isinstance(one, dict):
            _expand(world, one, rest, path)


def _object(world: World, name: str, identifier: str, path: str) -> Json:
    """What an id stands for; a coupon's id says nothing about itself."""
    kind = "coupon" if name == "coupon" else kind_of(identifier)
    found = world.store.get(kind, identifier) if kind else None
    if name == "id" or found is None:
        raise malformed(f"This property cannot be expanded ({path}).", code="parameter_unknown", param="expand")
    whole_one: Json = copied(found)
    return whole_one


def _payments(world: World, invoice: Json) -> Json:
    return whole(world.of("invoice_payment", invoice=invoice["id"]), "/v1/invoice_payments")


def _line_items(world: World, session: Json) -> Json:
    return whole(
        world.private(session["id"]).get("line_items", []), f"/v1/checkout/sessions/{session['id']}/line_items"
    )


def _subscriptions(world: World, customer: Json) -> Json:
    live = [one for one in world.of("subscription", customer=customer["id"]) if one["status"] != "canceled"]
    return whole(live[::-1], f"/v1/customers/{customer['id']}/subscriptions")


def _confirmation_secret(world: World, invoice: Json) -> Json | None:
    """What the payer's browser would confirm the payment with (docs.stripe.com/api/invoices/object)."""
    ties = world.of("invoice_payment", invoice=invoice["id"])
    if not ties:
        return None
    intent = world.find("payment_intent", ties[-1]["payment"]["payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


#: Fields that an object has only when asked for.
EXTRAS: dict[tuple[str, str], Callable[[World, Json], Json | None]] = {
    ("invoice", "payments"): _payments,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "subscriptions"): _subscriptions,
}
