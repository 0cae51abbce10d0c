"""JSON schemas of Stripe's objects, derived from the classes of the installed SDK.

For the tests, which check each answer and each event: serving needs no SDK. A field that the SDK does not call optional
must be there; a field it does not know must not; a word outside an enumeration is wrong, though the SDK lets it pass.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import jsonschema_rs
import stripe
from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

Schema = dict[str, Any]

CLASSES: dict[str, type[Any]] = {
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "subscription": stripe.Subscription,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
}

SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    Decimal: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},  # decimals travel as strings
    type(None): {"type": "null"},
    Any: {},
}


class WrongShape(AssertionError):
    """An object the SDK's classes would not describe."""


def check(item: dict[str, Any]) -> None:
    """Raise WrongShape, naming the field, unless the object is what the SDK's class for it describes."""
    kind = item["object"]
    if kind == "list":
        if set(item) != {"object", "data", "has_more", "url"}:
            raise WrongShape(f"a list with {sorted(item)}")
        for one in item["data"]:
            check(one)
        return
    if item.get("deleted") and set(item) == {"id", "object", "deleted"}:
        return  # all that is left of what was deleted
    for error in _validator(kind).iter_errors(item):
        raise WrongShape(f"{kind} at {list(error.instance_path)}: {error.message[:500]}")
    if kind == "event":
        check(item["data"]["object"])


@cache
def _validator(kind: str) -> Any:
    definitions: dict[str, Schema] = {}
    root = _reference(CLASSES[kind], definitions)
    return jsonschema_rs.validator_for({**root, "$defs": definitions})


def _reference(cls: type[Any], definitions: dict[str, Schema]) -> Schema:
    name = f"{cls.__module__}.{cls.__qualname__}"
    if name not in definitions:
        definitions[name] = {}  # stands for itself while it is being written: objects contain one another
        definitions[name] = _object(cls, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _object(cls: type[Any], definitions: dict[str, Schema]) -> Schema:
    names = _namespace(cls)
    properties, required = {}, []
    for name, annotation in inspect.get_annotations(cls).items():
        if name.startswith("_") or "ClassVar" in str(get_origin(annotation)):
            continue
        annotation = _resolved(annotation, names)
        properties[name] = _schema(annotation, names, definitions)
        if type(None) not in get_args(annotation):
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _schema(annotation: Any, names: dict[str, Any], definitions: dict[str, Schema]) -> Schema:
    annotation = _resolved(annotation, names)
    if annotation in SCALARS:
        return SCALARS[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return _union(inner, names, definitions)
    if origin in (list, typing.List):  # noqa: UP006
        return {"type": "array", "items": _schema(inner[0], names, definitions)}
    if origin is ListObject:
        return {
            "type": "object",
            "properties": {
                "object": {"const": "list"},
                "data": {"type": "array", "items": _schema(inner[0], names, definitions)},
                "has_more": {"type": "boolean"},
                "url": {"type": "string"},
            },
            "required": ["object", "data", "has_more", "url"],
            "additionalProperties": False,
        }
    if origin in (dict, UntypedStripeObject):
        return {"type": "object", "additionalProperties": _schema(inner[-1], names, definitions)}
    if isinstance(annotation, type) and issubclass(annotation, StripeObject):
        return _reference(annotation, definitions)
    raise TypeError(f"no schema for {annotation!r}")


def _union(inner: tuple[Any, ...], names: dict[str, Any], definitions: dict[str, Schema]) -> Schema:
    # Literal["a", "b"] | str is an enumeration that a later version may extend: ours is this version.
    words = any(get_origin(_resolved(one, names)) is Literal for one in inner)
    return {"anyOf": [_schema(one, names, definitions) for one in inner if not (words and one is str)]}


def _resolved(annotation: Any, names: dict[str, Any]) -> Any:
    while isinstance(annotation, str | ForwardRef):
        words = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        annotation = eval(words, names)
    return annotation


def _namespace(cls: type[Any]) -> dict[str, Any]:
    """What a class's annotations may name: its module, what that imports for type checkers only, its inner classes."""
    module = importlib.import_module(cls.__module__)
    return {**vars(module), **_typing_imports(cls.__module__), **vars(cls)}


@cache
def _typing_imports(name: str) -> dict[str, Any]:
    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for line in (one for one in node.body if isinstance(one, ast.ImportFrom)):
                # Parameters are a world of their own, and large: objects never name them.
                if line.module and not line.module.startswith("stripe.params"):
                    module = importlib.import_module(line.module)
                    found |= {one.asname or one.name: getattr(module, one.name) for one in line.names}
    return found
