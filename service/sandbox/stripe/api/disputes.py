"""Disputes: read, answer, give in (docs.stripe.com/api/disputes)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import disputes
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.objects.disputes import EVIDENCE
from service.sandbox.stripe.params import METADATA, RANGE, Clearable, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route("GET", "/v1/disputes/{identifier}", typed="DisputeRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One dispute."""
    return world.find("dispute", identifier)


@route(
    "GET",
    "/v1/disputes",
    {"charge": str, "payment_intent": str, "created": RANGE, **PAGING},
    typed="DisputeListParams",
)
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Disputes, newest first."""
    same = {name: params.get(name) for name in ("charge", "payment_intent")}
    return found(world, "dispute", params, "/v1/disputes", **same)


@route(
    "POST",
    "/v1/disputes/{identifier}",
    {"evidence": {name: Clearable(str) for name in EVIDENCE}, "submit": bool, "metadata": METADATA},
    typed="DisputeUpdateParams",
)
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Keep evidence and submit it, unless told to wait with that."""
    dispute = world.find("dispute", identifier)
    metadata = merged(dispute["metadata"], params.get("metadata"))
    if "evidence" not in params:
        world.change(dispute, "charge.dispute.updated", metadata=metadata)
    else:
        submitted = params.get("submit", True)
        disputes.answered(world, dispute, params["evidence"], submitted=submitted, metadata=metadata)
    return dispute


@route("POST", "/v1/disputes/{identifier}/close", typed="DisputeCloseParams")
def close(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Give in: it is lost."""
    dispute = world.find("dispute", identifier)
    disputes.decide(world, dispute, "lost")
    return dispute
