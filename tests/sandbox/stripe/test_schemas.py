"""The stand-in's words are those of the installed SDK. (The harness checks each answer in the other tests too.)"""

from __future__ import annotations

import copy
import typing
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import stripe
import typing_extensions
from stripe._api_version import _ApiVersion

import service.sandbox.stripe.api  # noqa: F401
from service.sandbox.stripe import params
from service.sandbox.stripe.routing import ROUTES, Route
from service.sandbox.stripe.schemas import WrongShape, check
from service.sandbox.stripe.world import API_VERSION
from tests.sandbox.stripe.harness import FAILS_LATER, WORKS, StandIn


def test_the_stand_in_speaks_the_sdks_version() -> None:
    assert _ApiVersion.CURRENT == API_VERSION


def test_every_object_told_or_served_on_a_long_journey_has_the_sdks_shape(standin: StandIn) -> None:
    first, second = standin.subscribed(), standin.subscribed(FAILS_LATER)
    for _ in range(6):
        standin.step()
    invoice = str(standin.subscription(first.id).latest_invoice.id)  # type: ignore[union-attr]
    tie = standin.api.invoice_payments.list({"invoice": invoice}).data[0]
    standin.api.refunds.create({"payment_intent": str(tie.payment.payment_intent), "amount": 1})
    standin.api.coupons.create({"id": "half", "percent_off": 50, "duration": "forever"})
    code = standin.api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "half"}, "max_redemptions": 1})
    standin.api.subscriptions.update(first.id, {"discounts": [{"promotion_code": code.id}]})
    standin.press(standin.setup(str(first.customer)), card=WORKS)
    standin.api.subscriptions.pause(first.id)
    standin.api.subscriptions.cancel(second.id)
    kinds = set()
    for event in standin.api.events.list({"limit": 100}).auto_paging_iter():
        plain = event.to_dict(for_json=True)
        check(plain)
        kinds.add(plain["data"]["object"]["object"])
        # Each object once more by its own address, as it is now.
        path = {"payment_method": "payment_methods", "checkout.session": "checkout/sessions"}
        kind = plain["data"]["object"]["object"]
        if kind == "discount" or plain["type"] == "invoice.upcoming":  # neither has an address of its own
            continue
        address = f"/v1/{path.get(kind, kind + 's')}/{plain['data']['object']['id']}"
        standin.client.raw_request("get", address)
    assert kinds >= {"customer", "product", "price", "subscription", "invoice", "invoice_payment", "charge", "refund"}
    assert kinds >= {"checkout.session", "payment_intent", "payment_method"}
    assert kinds >= {"coupon", "promotion_code", "discount", "setup_intent"}


WRONG: list[tuple[tuple[str | int, ...], object]] = [
    (("status",), "activ"),
    (("current_period_end",), 1),
    (("items", "data", 0, "current_period_end"), "soon"),
    (("items", "data", 0, "price", "unit_amount"), 250.5),
    (("items", "data", 0, "price", "unit_amount_decimal"), 25000),
    (("customer",), None),
    (("billing_mode", "type"), "modern"),
    (("livemode",), "false"),
    (("metadata", "membership"), 1),
    (("pause_collection",), {"behavior": "skip"}),
]


def test_a_wrong_object_is_noticed(standin: StandIn) -> None:
    good = standin.subscribed().to_dict(for_json=True)
    check(good)
    for (*steps, last), wrong in WRONG:
        bad = copy.deepcopy(good)
        here: Any = bad
        for step in steps:
            here = here[step]
        here[last] = wrong
        with pytest.raises(WrongShape):
            check(bad)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.template}")
def test_every_parameter_understood_is_one_the_sdk_can_send(route: Route) -> None:
    module: Any = stripe.params
    for name in route.typed.split("."):
        module = getattr(module, name)
    _compare(route.spec, module)


def _compare(spec: Any, annotation: Any) -> None:
    if isinstance(spec, params.Clearable):
        spec = spec.inner
    if isinstance(spec, dict):
        [known] = [one for one in _flat(annotation) if typing_extensions.is_typeddict(one)]
        hints = get_type_hints(known, localns={"StripeContext": stripe.StripeContext, "Mapping": Mapping})
        assert set(spec) <= set(hints)
        for name, inner in spec.items():
            _compare(inner, hints[name])
    elif isinstance(spec, list):
        [items] = [one for one in _flat(annotation) if get_origin(one) is list]
        _compare(spec[0], get_args(items)[0])
    elif isinstance(spec, tuple):
        words = {word for one in _flat(annotation) if get_origin(one) is typing.Literal for word in get_args(one)}
        assert not words or set(spec) <= words
    elif spec in (str, int, bool):
        assert spec in _flat(annotation) or spec is str


def _flat(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (typing.Union, __import__("types").UnionType, typing_extensions.NotRequired):
        return [flat for one in get_args(annotation) for flat in _flat(one)]
    return [annotation]
