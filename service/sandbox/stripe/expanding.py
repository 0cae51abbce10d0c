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
        kind = kind_of(value)
        found = world.store.get(kind, value) if kind else None
        if name == "id" or found is None:
            raise malformed(f"This property cannot be expanded ({path}).", code="parameter_unknown", param="expand")
        here[name] = value = copied(found)
    elif value is None and name not in here:
        raise malformed(f"This property cannot be expanded ({path}).", code="parameter_unknown", param="expand")
    if rest and isinstance(value, dict):
        _expand(world, value, rest, path)


def _payments(world: World, invoice: Json) -> Json:
    return whole(world.of("invoice_payment", invoice=invoice["id"]), "/v1/invoice_payments")


def _line_items(world: World, session: Json) -> Json:
    return whole(world.private(session["id"])["line_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


def _subscriptions(world: World, customer: Json) -> Json:
    live = [one for one in world.of("subscription", customer=customer["id"]) if one["status"] != "canceled"]
    return whole(live[::-1], f"/v1/customers/{customer['id']}/subscriptions")


#: Fields that an object has only when asked for.
EXTRAS: dict[tuple[str, str], Callable[[World, Json], Json]] = {
    ("invoice", "payments"): _payments,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "subscriptions"): _subscriptions,
}
