"""Customers and their payment methods (docs.stripe.com/api/customers, docs.stripe.com/api/payment_methods)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import cards
from service.sandbox.stripe.errors import StripeError, refused
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.objects import people
from service.sandbox.stripe.params import METADATA, RANGE, Clearable, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

#: docs.stripe.com/billing/testing/test-clocks/api-advanced-usage: so many may live by one test clock.
MOST_CUSTOMERS = 3
CUSTOMER = {
    "name": Clearable(str),
    "email": Clearable(str),
    "phone": Clearable(str),
    "description": Clearable(str),
    "metadata": METADATA,
}


@route("POST", "/v1/customers", {**CUSTOMER, "test_clock": str}, typed="CustomerCreateParams")
def create(world: World, params: dict[str, Any]) -> Json:
    """A new customer; Stripe itself never asks whether there was one before."""
    if clock := params.get("test_clock"):
        world.find("test_helpers.test_clock", clock, param="test_clock")
        if len(world.of("customer", test_clock=clock)) >= MOST_CUSTOMERS:
            raise refused(f"A test clock can have at most {MOST_CUSTOMERS} customers.", param="test_clock")
    return world.add(people.customer(world.now(), params), "customer.created")


@route("GET", "/v1/customers/{identifier}", typed="CustomerRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One customer."""
    return world.find("customer", identifier)


@route(
    "POST",
    "/v1/customers/{identifier}",
    {**CUSTOMER, "invoice_settings": {"default_payment_method": Clearable(str)}},
    typed="CustomerUpdateParams",
)
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Change the address, the default card or the metadata."""
    customer = world.find("customer", identifier)
    settings = params.pop("invoice_settings", {})
    if card_id := settings.get("default_payment_method"):
        owned(world, card_id, customer["id"], param="invoice_settings[default_payment_method]")
    metadata = merged(customer["metadata"], params.pop("metadata", None))
    kept = {**customer["invoice_settings"], **settings}
    world.change(customer, "customer.updated", **params, metadata=metadata, invoice_settings=kept)
    return customer


@route("GET", "/v1/customers", {"email": str, "created": RANGE, **PAGING}, typed="CustomerListParams")
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Customers, newest first."""
    return found(world, "customer", params, "/v1/customers", email=params.get("email"))


@route("GET", "/v1/payment_methods/{identifier}", typed="PaymentMethodRetrieveParams")
def get_card(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One card."""
    return world.find("payment_method", identifier, noun="PaymentMethod")


@route("GET", "/v1/payment_methods", {"customer": str, "type": ("card",), **PAGING}, typed="PaymentMethodListParams")
def list_cards(world: World, params: dict[str, Any]) -> Json:
    """A customer's cards, newest first."""
    return found(world, "payment_method", params, "/v1/payment_methods", customer=params.get("customer"))


@route(
    "POST",
    "/v1/payment_methods/{identifier}/attach",
    {"customer": str},
    required=("customer",),
    typed="PaymentMethodAttachParams",
)
def attach(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Give a customer a card, from a test token such as `pm_card_visa` (docs.stripe.com/testing#cards)."""
    customer = world.find("customer", params["customer"], param="customer")
    number = cards.TOKENS.get(identifier)
    if number is None:
        card = world.find("payment_method", identifier, noun="PaymentMethod")
        if card["customer"] not in (None, customer["id"]):
            raise refused("This PaymentMethod was attached to another customer before.", code="payment_method_in_use")
        world.change(card, "payment_method.attached", customer=customer["id"])
        return card
    if number == cards.DECLINED:
        raise StripeError(402, "card_error", **cards.failure("generic_decline"))
    return cards.made(world, number, customer["id"])


@route("POST", "/v1/payment_methods/{identifier}/detach", typed="PaymentMethodDetachParams")
def detach(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Take a card away from its customer, and out of the defaults it was in."""
    card = world.find("payment_method", identifier, noun="PaymentMethod")
    for customer in world.of("customer", id=card["customer"]):
        if customer["invoice_settings"]["default_payment_method"] == card["id"]:
            settings = {**customer["invoice_settings"], "default_payment_method": None}
            world.change(customer, "customer.updated", invoice_settings=settings)
    for subscription in world.of("subscription", default_payment_method=card["id"]):
        world.change(subscription, "customer.subscription.updated", default_payment_method=None)
    world.change(card, "payment_method.detached", customer=None)
    return card


def owned(world: World, card_id: str, customer_id: str, *, param: str) -> Json:
    """The card, when it is this customer's. Raises otherwise."""
    card = world.find("payment_method", card_id, param=param, noun="PaymentMethod")
    if card["customer"] != customer_id:
        message = "The customer does not have a payment method with the ID " + card_id + "."
        raise refused(message, code="resource_missing", param=param)
    return card
