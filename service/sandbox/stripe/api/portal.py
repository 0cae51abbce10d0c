"""The customer portal (docs.stripe.com/api/customer_portal). Imitated: another card, and an end of the subscription."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.errors import malformed, refused
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.objects import portal as shape
from service.sandbox.stripe.params import METADATA, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

CONFIGURATION = "billing_portal.configuration"
FEATURES = {
    "payment_method_update": {"enabled": bool},
    "subscription_cancel": {"enabled": bool, "mode": ("at_period_end", "immediately")},
}
USUAL: dict[str, Any] = {
    "features": {"payment_method_update": {"enabled": True}, "subscription_cancel": {"enabled": True}}
}


@route(
    "POST",
    "/v1/billing_portal/configurations",
    {
        "business_profile": {"headline": str},
        "default_return_url": str,
        "features": FEATURES,
        "metadata": METADATA,
        "name": str,
    },
    required=("features",),
    typed="billing_portal.ConfigurationCreateParams",
)
def configure(world: World, params: dict[str, Any]) -> Json:
    """What customers may do there."""
    made = shape.configuration(world.now(), params, is_default=False)
    return world.add(made, "billing_portal.configuration.created")


@route("GET", "/v1/billing_portal/configurations/{identifier}", typed="billing_portal.ConfigurationRetrieveParams")
def get_configuration(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One configuration."""
    return world.find(CONFIGURATION, identifier)


@route(
    "POST",
    "/v1/billing_portal/configurations/{identifier}",
    {"active": bool, "metadata": METADATA},
    typed="billing_portal.ConfigurationUpdateParams",
)
def update_configuration(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Switch it off or on."""
    kept = world.find(CONFIGURATION, identifier)
    metadata = merged(kept["metadata"], params.pop("metadata", None))
    if kept["is_default"] and params.get("active") is False:
        raise refused("The default configuration cannot be switched off.", param="active")
    world.change(kept, "billing_portal.configuration.updated", **params, metadata=metadata, updated=world.now())
    return kept


@route(
    "GET",
    "/v1/billing_portal/configurations",
    {"active": bool, "is_default": bool, **PAGING},
    typed="billing_portal.ConfigurationListParams",
)
def list_configurations(world: World, params: dict[str, Any]) -> Json:
    """Configurations, newest first."""

    def keep(one: Json) -> bool:
        return all(one[name] == params.get(name, one[name]) for name in ("active", "is_default"))

    return found(world, CONFIGURATION, params, "/v1/billing_portal/configurations", keep=keep)


@route(
    "POST",
    "/v1/billing_portal/sessions",
    {"customer": str, "configuration": str, "return_url": str, "locale": str},
    required=("customer",),
    typed="billing_portal.SessionCreateParams",
)
def visit(world: World, params: dict[str, Any]) -> Json:
    """An address for one customer; without a configuration the account's default one."""
    world.find("customer", params["customer"], param="customer")
    if not params.get("return_url", "http://").startswith(("http://", "https://")):
        raise malformed("Not a valid URL", code="url_invalid", param="return_url")
    if "configuration" in params:
        allowed = world.find(CONFIGURATION, params["configuration"], param="configuration")
        if not allowed["active"]:
            raise refused("This configuration is not active.", param="configuration")
    else:
        kept = [one for one in world.of(CONFIGURATION) if one["is_default"]]
        allowed = kept[0] if kept else world.add(shape.configuration(world.now(), USUAL, is_default=True))
    back = params.get("return_url", allowed["default_return_url"])
    made = shape.session(world.now(), params, configuration=allowed["id"], origin=world.options.origin, back=back)
    return world.add(made, "billing_portal.session.created")
