"""The one door to Stripe: what may leave, what comes back, and how it fails."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from service.billing import rules
from service.billing.gateway import Bug, Declined, Gateway, NeedsAction, allowed
from service.catalog.rules.whole import Catalog
from service.kit.errors import TryAgain
from service.kit.ids import new_id
from tests.billing.stand_in import StandIn
from tests.billing.test_checkout import confirm, start
from tests.conftest import House
from tests.factories.billing import ready_to_pay

FORBIDDEN = re.compile(
    r"ketamine|depress|anxi|ptsd|ocd\b|pain|clinic|medic(?!al Practice)|drug|prescri|therap|treat|dose|symptom|phq|gad"
    r"|score|rivera|ana\b|example\.com|@|diagnos|psych|telehealth|patient",
    re.IGNORECASE,
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that leaves for Stripe, line by line."""
    lines: list[str] = []
    check = allowed.check

    def recording(method: str, url: str, body: str, idempotency_key: str | None) -> None:
        check(method, url, body, idempotency_key)
        lines.append(f"{method} {url} {body} {idempotency_key}")

    monkeypatch.setattr(allowed, "check", recording)
    return lines


def test_nothing_about_a_patient_leaves_for_stripe(
    house: House, gateway: Gateway, stripe: StandIn, sent: list[str]
) -> None:
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    assert confirm(house, gateway, applicant) == "paid"
    assert len(sent) >= 6
    assert not [line for line in sent if FORBIDDEN.search(line)]
    assert not [line for line in sent if str(applicant.patient_id) in line or str(applicant.person.user_id) in line]


def test_the_plans_have_names_and_keys_that_may_be_sent(catalog: Catalog) -> None:
    for plan in catalog.plans.values():
        assert re.fullmatch(allowed.VALUES["name"], plan.name)
        assert re.fullmatch(allowed.VALUES["lookup_key"], plan.stripe_lookup_key)
        assert not FORBIDDEN.search(plan.name + plan.stripe_lookup_key)


@pytest.mark.parametrize(
    ("method", "url", "body", "key"),
    [
        ("post", "https://x/v1/customers", "email=ana@example.com", f"cus:{UUID(int=1)}"),
        ("post", "https://x/v1/customers", "metadata[membership]=depression", f"cus:{UUID(int=1)}"),
        ("post", "https://x/v1/customers", "metadata[program]=x", f"cus:{UUID(int=1)}"),
        ("post", "https://x/v1/products", "name=Ketamine", "product:homeward_monthly:1"),
        ("post", "https://x/v1/customers", f"metadata[membership]={UUID(int=1)}", None),
        ("post", "https://x/v1/customers", f"metadata[membership]={UUID(int=1)}", "a-random-key"),
        ("get", "https://x/v1/customers/search", "", None),
        ("get", "https://x/v1/prices?lookup_keys[0]=ketamine_monthly", "", None),
    ],
)
def test_what_is_not_on_the_list_does_not_leave(method: str, url: str, body: str, key: str | None) -> None:
    with pytest.raises(Bug) as refused:
        allowed.check(method, url, body, key)
    assert "ana@" not in str(refused.value)
    assert "ketamine" not in str(refused.value).lower()


def test_the_same_key_makes_one_customer(gateway: Gateway) -> None:
    membership = new_id()
    key = rules.customer_key(membership)
    assert gateway.ensure_customer(membership_id=membership, key=key) == gateway.ensure_customer(
        membership_id=membership, key=key
    )


def test_a_price_is_offered_once_and_never_changed(gateway: Gateway) -> None:
    gateway.ensure_price(name="Monthly membership", price_key="homeward_monthly", price_cents=25000)
    with pytest.raises(Bug):
        gateway.ensure_price(name="Monthly membership", price_key="homeward_monthly", price_cents=24000)


def test_what_stripe_does_not_know_is_a_bug(gateway: Gateway) -> None:
    with pytest.raises(Bug):
        gateway.get_subscription("sub_unknown")
    with pytest.raises(Bug):
        gateway.get_checkout("cs_unknown")


@contextmanager
def answering(status: int, body: str) -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Gateway(key="sk_test_x", api_url=url, webhook_secrets="whsec_x", checkout_origin=url, site=url)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (402, '"type":"card_error","code":"card_declined"', Declined),
        (402, '"type":"card_error","code":"authentication_required"', NeedsAction),
        (429, '"type":"invalid_request_error","code":"rate_limit"', TryAgain),
        (500, '"type":"api_error"', TryAgain),
        (409, '"type":"idempotency_error","code":"idempotency_key_in_use"', TryAgain),
        (400, '"type":"idempotency_error"', Bug),
        (400, '"type":"invalid_request_error","code":"parameter_unknown"', Bug),
        (401, '"type":"invalid_request_error"', TryAgain),  # our key is being changed: nothing was refused
        (403, '"type":"invalid_request_error"', TryAgain),
    ],
)
def test_each_failure_has_one_of_four_names(status: int, error: str, kind: type[Exception]) -> None:
    with answering(status, f'{{"error":{{{error},"message":"Ana Rivera said no"}}}}') as gateway:
        with pytest.raises(kind) as failed:
            gateway.get_subscription("sub_1")
        assert "Rivera" not in str(failed.value)


def test_an_answer_in_pieces_says_nothing_about_what_was_asked() -> None:
    with answering(200, '{"id":"re_1","object":"ref') as gateway, pytest.raises(TryAgain):
        gateway.refund("pi_1", amount_cents=1, refund_id=UUID(int=1), key=f"refund:{UUID(int=1)}")


def test_an_answer_of_another_shape_is_a_bug() -> None:
    with (
        answering(200, '{"id":"sub_1","object":"subscription","status":"active"}') as gateway,
        pytest.raises(Bug, match="shape"),
    ):
        gateway.get_subscription("sub_1")


def test_stripe_away_means_try_again() -> None:
    url = "http://127.0.0.1:1"
    gateway = Gateway(key="sk_test_x", api_url=url, webhook_secrets="whsec_x", checkout_origin=url, site=url)
    with pytest.raises(TryAgain):
        gateway.get_subscription("sub_1")


def test_a_pay_page_elsewhere_is_refused(stripe: StandIn, house: House) -> None:
    gateway = Gateway(
        key="sk_test_homeward",
        api_url=stripe.url,
        webhook_secrets="whsec_x",
        checkout_origin="https://checkout.stripe.com",
        site="https://localhost",
    )
    with pytest.raises(Bug):
        start(house, gateway, ready_to_pay(house))


def test_without_a_webhook_secret_there_is_no_gateway() -> None:
    with pytest.raises(ValueError):
        Gateway(key="sk_test_x", api_url="http://x", webhook_secrets=" , ", checkout_origin="http://x", site="http://x")
