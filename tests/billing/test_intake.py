"""Stripe's door: whatever comes is answered clearly, kept where it is genuine, and acted upon only where it is ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder, run_wsgi_app

from service.billing import webhooks
from service.billing.gateway import Gateway
from service.billing.models import StripeEvent
from service.kit import crypto, db
from tests.client import Browser
from tests.conftest import House
from tests.factories.stripe_events import SECRET, an_event, signature, signed

HOUR = 3600.0


@pytest.fixture
def door(app: Flask, client: Browser) -> Iterator[Browser]:
    """The door with a test key behind it."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = a_gateway("sk_test_homeward")
    yield client
    app.config["GATEWAY"] = before


def a_gateway(key: str, secrets: str = SECRET) -> Gateway:
    return Gateway(
        key=key, api_url="http://127.0.0.1:1", webhook_secrets=secrets, checkout_origin="http://x", site="https://x"
    )


def knock(door: Browser, raw: bytes, header: str | None) -> tuple[int, str]:
    headers = {} if header is None else {"Stripe-Signature": header}
    answer = door.post("/webhooks/stripe", data=raw, headers=headers, content_type="application/json")
    return answer.status_code, answer.text


def rows() -> list[StripeEvent]:
    with db.reading() as session:
        return list(session.scalars(select(StripeEvent).order_by(StripeEvent.id)))


def handed_over(house: House) -> list[str]:
    return [job.name for job in house.jobs if job.name == "billing.handle_event"]


def test_a_genuine_message_is_kept_and_says_what_to_lock(door: Browser, house: House) -> None:
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "parent": {"subscription_details": {"subscription": {"id": "sub_7", "object": "subscription"}}},
    }
    page = {"id": "cs_test_1", "object": "checkout.session", "subscription": "sub_8"}
    lone = {"id": "in_2", "object": "invoice", "parent": None}
    dispute = {"id": "dp_1", "object": "dispute"}
    for number, (kind, item) in enumerate(
        [
            ("customer.subscription.deleted", {"id": "sub_6", "object": "subscription"}),
            ("invoice.paid", invoice),
            ("checkout.session.completed", page),
            ("checkout.session.expired", {**page, "subscription": None}),
            ("invoice.created", lone),
            ("charge.dispute.created", dispute),
        ]
    ):
        assert knock(door, *signed(an_event(kind, id=f"evt_{number}", obj=item))) == (200, "kept")
    assert [row.subject_id for row in rows()] == ["sub_6", "sub_7", "sub_8", "cs_test_1", None, "dp_1"]
    assert all(row.handled_at is None and row.parked_at is None for row in rows())
    assert len(handed_over(house)) == 6


@pytest.mark.parametrize(
    ("reason", "bend"),
    [
        ("unsigned", lambda raw: (raw, None)),
        ("unsigned", lambda raw: (raw, "")),
        ("unfit", lambda raw: (raw, "nonsense")),
        ("unfit", lambda raw: (raw, "t=1,v1=00")),
        ("unfit", lambda raw: (raw, "t=1,v1=\u00e9")),
        ("unfit", lambda raw: (raw.replace(b"sub_1", b"sub_2"), signature(raw))),
        ("unfit", lambda raw: (raw, signature(raw, secret="whsec_other"))),
        ("unfit", lambda raw: (b"\xff" + raw, signature(raw))),
        ("old", lambda raw: (raw, signature(raw, at=time.time() - HOUR))),
        ("ahead", lambda raw: (raw, signature(raw, at=time.time() + HOUR))),
    ],
)
def test_what_is_not_stripes_or_not_of_now_is_counted_and_nothing_of_it_is_kept(
    door: Browser, house: House, reason: str, bend: Any
) -> None:
    raw = json.dumps(an_event()).encode()
    before = webhooks.turned_away[reason]
    with capture_logs() as logs:
        assert knock(door, *bend(raw)) == (400, "not accepted")
    assert (rows(), handed_over(house)) == ([], [])
    (line,) = [line for line in logs if line["event"] == "a webhook was turned away"]
    assert (line["reason"], line["count"]) == (reason, before + 1)
    assert "sub_" not in json.dumps(line)


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("another_account", an_event(account="acct_other")),
        ("another_account", an_event(context="acct_other")),
        ("another_mode", an_event(livemode=True)),
        ("another_mode", an_event(livemode=None)),
        ("unknown_version", an_event(api_version="2019-01-01")),
        ("unknown_version", an_event(api_version=None)),
        ("unknown_kind", an_event("zq.made_up")),
        ("unknown_object", an_event(obj={"id": "prod_1", "object": "product"})),
        ("unknown_object", an_event(obj={"id": "sub_1", "object": "product"})),
        ("unknown_object", an_event(obj={"object": "subscription"})),
        ("unknown_object", an_event(obj={"id": ["sub_1"], "object": "subscription"})),
        ("not_an_event", an_event(object="charge")),
        ("not_an_event", an_event(id="evt\x001")),
        ("not_an_event", an_event(id="evt_\ud800")),
        ("not_an_event", an_event(id="e" * 300)),
        ("not_an_event", an_event(type="customer.subscription.\n")),
        ("not_an_event", an_event(created=10**30)),
        ("not_an_event", an_event(created="now")),
        ("not_an_event", an_event(data=None)),
        ("not_an_event", an_event(data={"object": "sub_1"})),
        ("not_an_event", []),
        ("not_an_event", None),
        ("not_an_event", b"not json at all"),
        ("not_an_event", b""),
        ("not_an_event", b"[" * 100_000),
        ("not_an_event", b'{"a":' * 40_000),
        ("not_an_event", b'{"created": ' + b"9" * 100_000 + b"}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_genuine_and_not_for_us_to_act_upon_is_kept_for_a_person(
    door: Browser, house: House, code: str, event: Any
) -> None:
    raw, header = signed(event)
    for _ in range(2):  # Stripe sends it again: it is one message
        assert knock(door, raw, header) == (200, "kept")
    (row,) = rows()
    assert (row.parked_for, row.parked_at is not None, row.handled_at) == (code, True, None)
    assert row.subject_id is None
    assert crypto.unseal(row.body_sealed, "stripe_events", "body", row.id).encode() == raw
    assert handed_over(house) == []


def test_a_live_key_takes_live_messages_and_parks_tests(app: Flask, door: Browser) -> None:
    app.config["GATEWAY"] = a_gateway("rk_live_homeward")
    knock(door, *signed(an_event(id="evt_1", livemode=True)))
    knock(door, *signed(an_event(id="evt_2", livemode=False)))
    assert [row.parked_for for row in rows()] == [None, "another_mode"]


def test_a_message_about_nothing_we_do_is_kept_and_done_with(door: Browser, house: House) -> None:
    for number, kind in enumerate(("payment_intent.succeeded", "customer.updated", "invoice.upcoming")):
        assert knock(door, *signed(an_event(kind, id=f"evt_{number}", obj={"object": "other"}))) == (200, "kept")
    assert [(row.handled_at is not None, row.parked_at) for row in rows()] == [(True, None)] * 3
    assert handed_over(house) == []


def test_of_a_key_that_stands_twice_the_last_counts_as_everywhere_else(door: Browser) -> None:
    text = json.dumps(an_event())
    raw = text.replace('"id": "evt_1"', '"id": "evt_first", "id": "evt_last"').encode()
    assert knock(door, raw, signature(raw))[0] == 200
    assert [row.stripe_event_id for row in rows()] == ["evt_last"]


def test_while_a_secret_changes_a_message_signed_with_both_is_one(app: Flask, door: Browser) -> None:
    app.config["GATEWAY"] = a_gateway("sk_test_x", "whsec_new, whsec_old")
    raw = json.dumps(an_event()).encode()
    both = ",".join([signature(raw, secret="whsec_gone"), signature(raw, secret="whsec_old").partition(",")[2]])
    assert knock(door, raw, both) == (200, "kept")
    assert knock(door, raw, signature(raw, secret="whsec_new")) == (200, "kept")
    assert len(rows()) == 1


def test_ten_megabytes_are_refused_before_they_are_read(app: Flask, door: Browser) -> None:
    class Counting:
        """A body that notes how much of it was read."""

        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            size = 10_000_000 if size < 0 else size
            self.read_bytes += size
            return b" " * size

    extras: tuple[dict[str, Any], ...] = (
        {"CONTENT_LENGTH": "10000000"},
        {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},  # no length is announced
    )
    for extra in extras:
        body, headers = Counting(), {"Stripe-Signature": "t=1,v1=00"}
        environ = EnvironBuilder(
            "/webhooks/stripe", base_url="https://localhost", method="POST", headers=headers
        ).get_environ()
        environ.pop("CONTENT_LENGTH", None)
        environ.update({"wsgi.input": body, **extra})
        assert run_wsgi_app(app, environ)[1].startswith("413")
        assert body.read_bytes <= 512 * 1024
    assert rows() == []
