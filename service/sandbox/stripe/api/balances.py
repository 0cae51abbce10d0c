"""A customer's balance and its ledger (docs.stripe.com/api/customer_balance_transactions)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import balances
from service.sandbox.stripe.errors import malformed, missing, refused
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.params import METADATA, RANGE, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

#: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts: eight digits.
LARGEST = 99_999_999


@route(
    "POST",
    "/v1/customers/{customer}/balance_transactions",
    {"amount": int, "currency": ("usd",), "description": str, "metadata": METADATA},
    required=("amount", "currency"),
    typed="CustomerBalanceTransactionCreateParams",
)
def create(world: World, params: dict[str, Any], customer: str) -> Json:
    """Below zero credits the customer. The next invoice finalised uses it, whichever that is."""
    owner = world.find("customer", customer)
    if params["amount"] == 0:
        raise malformed("Invalid non-zero integer", code="parameter_invalid_integer", param="amount")
    if abs(params["amount"]) > LARGEST or abs(owner["balance"] + params["amount"]) > LARGEST:
        raise refused("Amount must be no more than $999,999.99", code="amount_too_large", param="amount")
    about = {name: params[name] for name in ("description", "metadata") if name in params}
    return balances.move(world, owner, params["amount"], "adjustment", **about)


@route(
    "GET",
    "/v1/customers/{customer}/balance_transactions/{identifier}",
    typed="CustomerBalanceTransactionRetrieveParams",
)
def retrieve(world: World, params: dict[str, Any], customer: str, identifier: str) -> Json:
    """One entry of this customer's ledger."""
    return _entry(world, customer, identifier)


@route(
    "POST",
    "/v1/customers/{customer}/balance_transactions/{identifier}",
    {"description": str, "metadata": METADATA},
    typed="CustomerBalanceTransactionUpdateParams",
)
def update(world: World, params: dict[str, Any], customer: str, identifier: str) -> Json:
    """Change its words: an amount once written stays."""
    entry = _entry(world, customer, identifier)
    metadata = merged(entry["metadata"], params.pop("metadata", None))
    world.change(entry, **params, metadata=metadata)
    return entry


@route(
    "GET",
    "/v1/customers/{customer}/balance_transactions",
    {"invoice": str, "created": RANGE, **PAGING},
    typed="CustomerBalanceTransactionListParams",
)
def list_all(world: World, params: dict[str, Any], customer: str) -> Json:
    """The ledger, newest first."""
    world.find("customer", customer)
    url = f"/v1/customers/{customer}/balance_transactions"
    kind = "customer_balance_transaction"
    return found(world, kind, params, url, customer=customer, invoice=params.get("invoice"))


def _entry(world: World, customer: str, identifier: str) -> Json:
    entry = world.find("customer_balance_transaction", identifier)
    if entry["customer"] != customer:
        raise missing("customer balance transaction", identifier)
    return entry
