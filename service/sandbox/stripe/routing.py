"""Which function answers which address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.sandbox.stripe.params import check
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

Handler = Callable[..., Json]
PAGING: dict[str, Any] = {"limit": int, "starting_after": str, "ending_before": str}


@dataclass(frozen=True)
class Route:
    """One endpoint: its address, what it understands, and the SDK class its parameters are checked against in tests."""

    method: str
    template: str
    pattern: re.Pattern[str]
    spec: dict[str, Any]
    required: tuple[str, ...]
    typed: str
    handler: Handler

    def answer(self, world: World, raw: dict[str, Any], found: dict[str, str]) -> tuple[Json, list[str]]:
        """Check, then do. Returns the object and what the caller wants expanded in it."""
        params = check(self.spec, raw, self.required)
        expand = params.pop("expand", [])
        return self.handler(world, params, **found), expand


ROUTES: list[Route] = []


def route(
    method: str, template: str, spec: dict[str, Any] | None = None, *, required: tuple[str, ...] = (), typed: str
) -> Callable[[Handler], Handler]:
    """Register an endpoint. `typed` names the parameter class under `stripe.params`."""
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_-]+)", template) + "$")

    def register(handler: Handler) -> Handler:
        # What is deleted answers with its id alone: there is nothing in it to expand.
        full = {} if method == "DELETE" and spec is None else {"expand": [str], **(spec or {})}
        ROUTES.append(Route(method, template, pattern, full, required, typed, handler))
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The endpoint and the ids in its address; an address of plain words comes before one with an id in that place."""
    for one in sorted(ROUTES, key=lambda route: "{" in route.template):
        if one.method == method and (match := one.pattern.match(path)):
            return one, match.groupdict()
    return None
