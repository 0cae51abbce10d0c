"""Lists, newest first, a page at a time (docs.stripe.com/api/pagination)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.errors import malformed, missing
from service.sandbox.stripe.store import Json


def page(oldest_first: list[Json], params: dict[str, Any], url: str) -> Json:
    """A list object. `limit` is 1 to 100, 10 by default; the two cursors are ids from an earlier page."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise malformed("This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
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


def whole(items: list[Json], url: str, *, has_more: bool = False) -> Json:
    """A list object of exactly these."""
    return {"object": "list", "data": items, "has_more": has_more, "url": url}
