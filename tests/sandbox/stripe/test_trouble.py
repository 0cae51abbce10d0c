"""Retries, replays, faults, and what survives a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stripe

from service.sandbox.ports import free_ports
from tests.sandbox.stripe.harness import DAY, FAILS_LATER, KEY, ROOT, SECRET, StandIn, invoice_of


def test_a_repeated_key_repeats_the_answer_and_not_the_work(standin: StandIn) -> None:
    once = standin.api.customers.create({"name": "Ana"}, {"idempotency_key": "cus:1"})
    again = standin.api.customers.create({"name": "Ana"}, {"idempotency_key": "cus:1"})
    assert once.id == again.id
    assert again.last_response
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(standin.api.customers.list().data) == 1


def test_a_key_used_for_something_else_is_a_conflict(standin: StandIn) -> None:
    standin.api.customers.create({"name": "Ana"}, {"idempotency_key": "cus:1"})
    with pytest.raises(stripe.IdempotencyError):
        standin.api.customers.create({"name": "Bea"}, {"idempotency_key": "cus:1"})


def test_a_decline_is_repeated_too_until_a_new_key_is_used(standin: StandIn) -> None:
    subscription = standin.subscribed(FAILS_LATER)
    standin.step()
    standin.step()
    invoice = str(invoice_of(standin.subscription(subscription.id)).id)
    with pytest.raises(stripe.CardError):
        standin.api.invoices.pay(invoice, {}, {"idempotency_key": "pay:1"})
    card = standin.api.payment_methods.attach("pm_card_visa", {"customer": str(subscription.customer)})
    standin.api.subscriptions.update(subscription.id, {"default_payment_method": card.id})
    with pytest.raises(stripe.CardError):
        standin.api.invoices.pay(invoice, {}, {"idempotency_key": "pay:1"})
    assert standin.api.invoices.pay(invoice, {}, {"idempotency_key": "pay:2"}).status == "paid"


def test_a_refused_parameter_spends_no_key_and_a_day_later_it_is_forgotten(standin: StandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        standin.api.customers.create({"diagnosis": "x"}, {"idempotency_key": "k"})  # type: ignore[arg-type]
    first = standin.api.customers.create({}, {"idempotency_key": "k"})
    standin.move_to(standin.now() + DAY + 1)
    assert standin.api.customers.create({}, {"idempotency_key": "k"}).id != first.id


def test_work_whose_answer_was_lost_is_done_once(standin: StandIn) -> None:
    standin.trouble("timeout", method="POST", path="/v1/customers")
    made = standin.api.customers.create({"name": "Ana"})  # the SDK tries again with the same key
    assert [one.id for one in standin.api.customers.list().data] == [made.id]

    standin.trouble("timeout", method="POST", path="/v1/customers")
    with pytest.raises(stripe.APIConnectionError):
        standin.api.customers.create({"name": "Bea"}, {"max_network_retries": 0})
    assert len(standin.api.customers.list().data) == 2


def test_faults_come_as_ordered_and_then_stop(standin: StandIn) -> None:
    hurry = {"max_network_retries": 0}
    standin.trouble("500", path="/v1/customers")
    standin.trouble("429", path="/v1/customers", method="POST")
    with pytest.raises(stripe.RateLimitError):
        standin.api.customers.create({}, hurry)  # type: ignore[arg-type]
    with pytest.raises(stripe.APIError):
        standin.api.customers.create({}, hurry)  # type: ignore[arg-type]
    assert standin.control("GET", "faults") == {"faults": []}
    standin.api.customers.create({})
    assert standin.http("POST", "/_standin/faults", '{"kind": "flood"}')[0] == 400


def test_a_renewal_declined_on_demand_succeeds_at_the_retry(standin: StandIn) -> None:
    subscription = standin.subscribed()
    standin.trouble("decline", customer=str(subscription.customer), decline_code="generic_decline")
    standin.step()
    standin.step()
    assert standin.subscription(subscription.id).status == "past_due"
    standin.step()
    assert standin.subscription(subscription.id).status == "active"


def test_webhooks_are_repeated_until_they_are_taken(standin: StandIn) -> None:
    standin.shop.status = 500
    standin.api.customers.create({"name": "Ana"})
    until = time.monotonic() + 5
    while len(standin.shop.heard) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert standin.control("GET", "deliveries") == {"pending": 1}
    standin.shop.status = 200
    standin.settle()
    assert len({event.id for event in standin.shop.events()}) == 1


def test_webhooks_can_come_twice_backwards_late_or_never(standin: StandIn) -> None:
    standin.trouble("webhook_duplicate", event_type="customer.created")
    standin.trouble("webhook_drop", event_type="product.created")
    standin.trouble("webhook_shuffle", count=50)
    standin.subscribed()
    standin.settle()
    types = standin.shop.types()
    assert types.count("customer.created") == 2
    assert "product.created" not in types
    assert types[0] == "checkout.session.completed"
    assert types.index("invoice.paid") < types.index("invoice.created")

    standin.trouble("webhook_delay", seconds=0.3)
    standin.control("DELETE", "faults")
    standin.trouble("webhook_delay", seconds=0.3)
    started = time.monotonic()
    standin.api.customers.create({})
    standin.settle()
    assert time.monotonic() - started >= 0.3


def test_a_webhook_signed_by_somebody_else_is_caught_and_the_true_one_follows(standin: StandIn) -> None:
    standin.trouble("webhook_tamper")
    standin.shop.status = 400
    standin.api.customers.create({})
    while not standin.shop.heard:
        time.sleep(0.01)
    with pytest.raises(stripe.SignatureVerificationError):
        standin.shop.events()
    standin.shop.heard.clear()
    standin.shop.status = 200
    standin.settle()
    assert standin.shop.types() == ["customer.created"]
    body, signed = standin.shop.heard[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"customer", b"costumer", 1), signed, SECRET)


def test_a_killed_stand_in_goes_on_where_it_was(standin: StandIn) -> None:
    subscription = standin.subscribed()
    session = standin.session()
    standin.move_to(standin.now() + 10 * DAY)
    key = {"idempotency_key": "cus:1"}
    customer = standin.api.customers.create({}, key)  # type: ignore[arg-type]
    moment = standin.now()
    standin.stop(signal.SIGKILL)
    standin.port = free_ports(1)[0]
    standin.start()
    assert moment <= standin.now() < moment + 60
    assert standin.subscription(subscription.id).status == "active"
    assert standin.api.customers.create({}, key).id == customer.id  # type: ignore[arg-type]
    assert standin.api.checkout.sessions.retrieve(session.id).status == "expired"
    assert standin.step() == ["subscription renewed"]


def test_an_open_payment_page_moves_along_with_the_port(standin: StandIn) -> None:
    session = standin.session()
    started = time.monotonic()
    assert standin.stop() == 0
    assert time.monotonic() - started < 1
    standin.port = free_ports(1)[0]
    standin.start()
    url = str(standin.api.checkout.sessions.retrieve(session.id).url)
    assert url.startswith(f"http://127.0.0.1:{standin.port}/c/pay/")


def refusal_to_start(*more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service.sandbox.stripe", *more]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), text=True, capture_output=True, timeout=10)


def test_a_taken_port_folder_or_a_live_key_is_named(standin: StandIn, tmp_path: Path) -> None:
    port, free = str(standin.port), str(free_ports(1)[0])
    taken = refusal_to_start("--port", port, "--data", str(tmp_path / "other"), "--key", KEY)
    assert (taken.returncode, "port " + port in taken.stderr) == (2, True)
    shared = refusal_to_start("--port", free, "--data", str(standin.data), "--key", KEY)
    assert (shared.returncode, "locked" in shared.stderr) == (2, True)
    live = refusal_to_start("--port", free, "--data", str(tmp_path), "--key", "sk_live_x")
    assert (live.returncode, "sk_test_" in live.stderr) == (2, True)
