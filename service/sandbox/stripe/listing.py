"""Lists, newest first, a page at a time (docs.stripe.com/api/pagination)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service.sandbox.stripe.errors import malformed, missing
from service.sandbox.stripe.store import Json

if TYPE_CHECKING:
    from service.sandbox.stripe.world import World


def page(oldest_first: list[Json], params: dict[str, Any], url: str) -> Json:
    """A list object. `limit` is 1 to 100, 10 by default; the two cursors are ids from an earlier page."""
    limit = _limit(params)
    items = oldest_first[::-1]
    places = {item["id"]: place for place, item in enumerate(items)}
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in places:
            raise missing("object", params[cursor], param=cursor, status=400)
    if "ending_before" in params:
        before = items[: places[params["ending_before"]]]
        return whole(before[-limit:], url, has_more=len(before) > limit)
    if "starting_after" in params:
        items = items[places[params["starting_after"]] + 1 :]
    return whole(items[:limit], url, has_more=len(items) > limit)


def found(
    world: World,
    kind: str,
    params: dict[str, Any],
    url: str,
    *,
    keep: Callable[[Json], bool] | None = None,
    **same: Any,
) -> Json:
    """A page of a kind's objects with these fields (None leaves a field open), read no further than it reaches.

    `created` of the request bounds it; `keep` looks at what no index knows.
    """
    limit = _limit(params)
    up = "ending_before" in params
    past = params.get("ending_before") or params.get("starting_after") or ""
    if past and world.store.get(kind, past) is None:
        raise missing("object", past, param="ending_before" if up else "starting_after", status=400)
    wanted = {name: value for name, value in same.items() if value is not None}
    walk = world.store.newest(kind, wanted, params.get("created", {}), past=past, up=up)
    items = list(itertools.islice((one for one in walk if keep is None or keep(one)), limit + 1))
    shown = items[:limit]
    return whole(shown[::-1] if up else shown, url, has_more=len(items) > limit)


def _limit(params: dict[str, Any]) -> int:
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise malformed("This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
    return limit


def whole(items: list[Json], url: str, *, has_more: bool = False) -> Json:
    """A list object of exactly these."""
    return {"object": "list", "data": items, "has_more": has_more, "url": url}
