"""Products and prices (docs.stripe.com/api/products, docs.stripe.com/api/prices)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.errors import malformed, refused
from service.sandbox.stripe.listing import page
from service.sandbox.stripe.objects import catalogue as shape
from service.sandbox.stripe.params import METADATA, RANGE, Clearable, merged, within
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

PRODUCT = {"name": str, "description": str, "active": bool, "metadata": METADATA, "statement_descriptor": str}


@route("POST", "/v1/products", {"id": str, **PRODUCT}, required=("name",), typed="ProductCreateParams")
def create_product(world: World, params: dict[str, Any]) -> Json:
    """A product; its id may be chosen, once."""
    if world.store.get("product", params.get("id", "")):
        raise refused("Product already exists.", code="resource_already_exists", param="id")
    return world.add(shape.product(world.now(), params), "product.created")


@route("GET", "/v1/products/{identifier}", typed="ProductRetrieveParams")
def get_product(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One product."""
    return world.find("product", identifier)


@route("POST", "/v1/products/{identifier}", PRODUCT, typed="ProductUpdateParams")
def update_product(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Change its words."""
    product = world.find("product", identifier)
    metadata = merged(product["metadata"], params.pop("metadata", None))
    world.change(product, "product.updated", **params, metadata=metadata, updated=world.now())
    return product


@route("GET", "/v1/products", {"active": bool, "ids": [str], "created": RANGE, **PAGING}, typed="ProductListParams")
def list_products(world: World, params: dict[str, Any]) -> Json:
    """Products, newest first."""
    found = [one for one in world.store.all("product") if one["active"] == params.get("active", one["active"])]
    found = [one for one in found if one["id"] in params.get("ids", [one["id"]])]
    found = [one for one in found if within(one["created"], params.get("created", {}))]
    return page(found, params, "/v1/products")


@route(
    "POST",
    "/v1/prices",
    {
        "currency": ("usd",),
        "product": str,
        "unit_amount": int,
        "active": bool,
        "nickname": str,
        "metadata": METADATA,
        "lookup_key": str,
        "transfer_lookup_key": bool,
        "tax_behavior": ("exclusive", "inclusive", "unspecified"),
        "recurring": {"interval": ("day", "week", "month", "year"), "interval_count": int, "usage_type": ("licensed",)},
    },
    required=("currency", "product", "unit_amount"),
    typed="PriceCreateParams",
)
def create_price(world: World, params: dict[str, Any]) -> Json:
    """A price in whole cents; a lookup key belongs to one price, unless it is transferred."""
    product = world.find("product", params["product"], param="product")
    if params["unit_amount"] < 0:
        raise malformed("Invalid non-negative integer", code="parameter_invalid_integer", param="unit_amount")
    _claim(world, params.get("lookup_key"), transfer=params.get("transfer_lookup_key", False))
    return world.add(shape.price(world.now(), params, product["id"]), "price.created")


@route("GET", "/v1/prices/{identifier}", typed="PriceRetrieveParams")
def get_price(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One price."""
    return world.find("price", identifier)


@route(
    "POST",
    "/v1/prices/{identifier}",
    {
        "active": bool,
        "nickname": str,
        "metadata": METADATA,
        "lookup_key": Clearable(str),
        "transfer_lookup_key": bool,
    },
    typed="PriceUpdateParams",
)
def update_price(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Change anything but the amount: a new amount is a new price."""
    price = world.find("price", identifier)
    transfer = params.pop("transfer_lookup_key", False)
    if params.get("lookup_key") != price["lookup_key"]:
        _claim(world, params.get("lookup_key"), transfer=transfer)
    metadata = merged(price["metadata"], params.pop("metadata", None))
    world.change(price, "price.updated", **params, metadata=metadata)
    return price


@route(
    "GET",
    "/v1/prices",
    {"active": bool, "product": str, "lookup_keys": [str], "type": ("one_time", "recurring"), **PAGING},
    typed="PriceListParams",
)
def list_prices(world: World, params: dict[str, Any]) -> Json:
    """Prices, newest first; this is how a price is found by its lookup key."""
    found = world.store.all("price")
    for name in ("active", "product", "type"):
        if name in params:
            found = [one for one in found if one[name] == params[name]]
    if "lookup_keys" in params:
        found = [one for one in found if one["lookup_key"] in params["lookup_keys"]]
    return page(found, params, "/v1/prices")


def _claim(world: World, key: str | None, *, transfer: bool) -> None:
    for owner in world.of("price", lookup_key=key) if key else []:
        if not transfer:
            message = f"A price (`{owner['id']}`) already uses that lookup key."
            raise refused(message, code="resource_already_exists", param="lookup_key")
        world.change(owner, "price.updated", lookup_key=None)
