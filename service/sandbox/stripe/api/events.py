"""Events, for those who missed a webhook (docs.stripe.com/api/events)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.listing import found
from service.sandbox.stripe.params import RANGE
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route("GET", "/v1/events/{identifier}", typed="EventRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One event, with the object as it was then."""
    return world.find("event", identifier)


@route("GET", "/v1/events", {"type": str, "types": [str], "created": RANGE, **PAGING}, typed="EventListParams")
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Events, newest first. `type` may end in `.*`; `created` has a resolution of one second."""
    wanted = params.get("types", [params["type"]] if "type" in params else None)
    one = wanted[0] if wanted and len(wanted) == 1 and "*" not in wanted[0] else None

    def keep(event: Json) -> bool:
        return wanted is None or any(_is(event["type"], kind) for kind in wanted)

    return found(world, "event", params, "/v1/events", keep=keep, type=one)


def _is(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith(".*") else kind == wanted
