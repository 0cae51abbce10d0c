"""Events, for those who missed a webhook (docs.stripe.com/api/events)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.listing import page
from service.sandbox.stripe.params import RANGE, within
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
    found = [one for one in world.store.all("event") if within(one["created"], params.get("created", {}))]
    if wanted is not None:
        found = [one for one in found if any(_is(one["type"], kind) for kind in wanted)]
    return page(found, params, "/v1/events")


def _is(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith(".*") else kind == wanted
