"""A thousand subscriptions are handled as one is, and need no more memory for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.sandbox.ports import free_ports
from service.sandbox.stripe import control, gate, seeding
from service.sandbox.stripe.renewals import STEP
from service.sandbox.stripe.schemas import check
from service.sandbox.stripe.store import KEPT, Store
from service.sandbox.stripe.world import Options, World
from tests.sandbox.stripe.harness import DAY, KEY, START, Shop, StandIn

MANY = 300


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Options(1, tmp_path, KEY, start=START))


def asked(world: World, method: str, path: str, form: str = "") -> Any:
    from email.message import Message

    headers = Message()
    headers["Authorization"] = f"Bearer {KEY}"
    answer = gate.ask(world, method, path, form, headers)
    assert answer.status == 200, answer.body
    return answer.body


def price(world: World) -> str:
    product = asked(world, "POST", "/v1/products", "name=Plan")["id"]
    form = f"currency=usd&product={product}&unit_amount=25000&recurring[interval]=month"
    return str(asked(world, "POST", "/v1/prices", form)["id"])


def test_what_is_sown_is_whole_and_renews_like_what_was_begun(world: World) -> None:
    made = seeding.seed(world, price(world), [f"m-{number}" for number in range(MANY)])
    assert len({one.subscription for one in made}) == len({one.customer for one in made}) == MANY
    for one in made[:: MANY // 20]:
        subscription = asked(world, "GET", f"/v1/subscriptions/{one.subscription}", "expand[]=latest_invoice.payments")
        invoice = subscription["latest_invoice"]
        assert (subscription["status"], subscription["metadata"]) == ("active", {"membership": one.membership})
        assert (subscription["customer"], subscription["default_payment_method"]) == (one.customer, one.payment_method)
        assert (invoice["id"], invoice["status"], invoice["customer"]) == (one.invoice, "paid", one.customer)
        assert subscription["items"]["data"][0]["subscription"] == one.subscription
        [tie] = invoice["payments"]["data"]
        intent = asked(
            world, "GET", f"/v1/payment_intents/{tie['payment']['payment_intent']}", "expand[]=latest_charge"
        )
        assert (intent["latest_charge"]["amount"], intent["customer"]) == (25000, one.customer)
        for whole in (asked(world, "GET", f"/v1/subscriptions/{one.subscription}"), intent["latest_charge"]):
            check(whole)
    assert len({item["number"] for item in world.of("invoice")}) == MANY
    assert {event["type"] for event in world.store.all("event")} == {"product.created", "price.created"}

    _, answer = control.ask(world, "POST", "/_standin/clock", json.dumps({"now": START + 32 * DAY}))
    happened = [one["what"].partition(" sub_")[0] for one in answer["happened"] if " sub_" in one["what"]]
    assert happened.count("subscription renewed") >= MANY
    moments = [one["at"] for one in answer["happened"]]
    assert moments == sorted(moments)
    assert {one["status"] for one in world.of("invoice", subscription=made[0].subscription)} == {"paid"}


def test_a_long_list_comes_page_by_page_whole_and_once(world: World) -> None:
    made = seeding.seed(world, price(world), [f"m-{number}" for number in range(MANY)])
    seen: list[str] = []
    after = ""
    while True:
        answer = asked(world, "GET", "/v1/subscriptions", "status=all&limit=100" + after)
        seen += [one["id"] for one in answer["data"]]
        created = [one["created"] for one in answer["data"]]
        assert created == sorted(created, reverse=True)
        if not answer["has_more"]:
            break
        after = f"&starting_after={seen[-1]}"
    assert len(seen) == len(set(seen)) == MANY
    back = asked(world, "GET", "/v1/subscriptions", f"status=all&limit=100&ending_before={seen[150]}")
    assert [one["id"] for one in back["data"]] == seen[50:150]
    assert back["has_more"]
    one = made[7]
    assert [found["id"] for found in asked(world, "GET", "/v1/invoices", f"customer={one.customer}")["data"]] == [
        one.invoice
    ]
    since = asked(world, "GET", "/v1/subscriptions", f"created[gte]={START - 2 * DAY}&limit=100&status=all")["data"]
    assert 0 < len(since) < MANY // 10
    assert all(found["created"] >= START - 2 * DAY for found in since)


def test_finding_one_among_many_takes_no_longer_than_among_few(tmp_path: Path) -> None:
    """Counted in the database's own steps, so that a busy machine cannot blur it."""

    def steps(many: int) -> int:
        folder = tmp_path / str(many)
        folder.mkdir()
        world = World(Options(1, folder, KEY, start=START))
        made = seeding.seed(world, price(world), [f"m-{number}" for number in range(many)])[many // 2]
        counted = [0]

        def step() -> None:
            counted[0] += 1

        world.store._database.set_progress_handler(step, 1)
        asked(world, "GET", f"/v1/subscriptions/{made.subscription}")
        asked(world, "GET", "/v1/invoices", f"subscription={made.subscription}")
        asked(world, "GET", "/v1/subscriptions", "status=past_due")
        asked(world, "GET", "/v1/subscriptions", f"status=all&limit=3&starting_after={made.subscription}")
        asked(world, "POST", f"/v1/subscriptions/{made.subscription}", "cancel_at_period_end=true")
        control.ask(world, "GET", "/_standin/next-due", "")
        return counted[0]

    few, many = steps(40), steps(1200)
    assert few > 50
    assert many <= 1.5 * few


def test_memory_holds_the_objects_of_late_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    for number in range(KEPT + 10):
        store.put("customer", {"id": f"cus_{number}", "object": "customer", "created": number})
    store.commit()
    assert not store._live
    first = store.get("customer", "cus_0")
    assert first is store.get("customer", "cus_0")
    assert first == {"id": "cus_0", "object": "customer", "created": 0}


def test_a_change_after_it_was_looked_for_is_kept_and_a_mistake_is_not(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    item = {"id": "in_1", "object": "invoice", "created": 1, "status": "draft", "customer": "cus_1", "parent": None}
    store.put("invoice", item)
    assert store.of("invoice", customer="cus_1", status="draft") == [item]
    item["status"] = "open"  # without another word
    store.commit()
    item["status"] = "paid"
    store.put("invoice", item)
    assert store.of("invoice", status="paid") == [item]
    store.rollback()
    assert [one["status"] for one in store.of("invoice", customer="cus_1")] == ["open"]
    assert store.of("invoice", status="draft") == []
    store.remove("invoice", "in_1")
    assert store.of("invoice", customer="cus_1") == []
    assert store.get("invoice", "in_1") is None
    store.commit()
    store.close()
    assert Store(tmp_path / "store.sqlite3").all("invoice") == []


def test_a_folder_of_before_is_taken_over_with_everything_in_it(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "stripe.sqlite3"
    older = sqlite3.connect(file)
    older.execute(
        "CREATE TABLE object (kind TEXT, id TEXT, seq INTEGER, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
    )
    rows = [
        ("customer", f"cus_{n}", n, json.dumps({"id": f"cus_{n}", "object": "customer", "email": "a@b.test"}))
        for n in (1, 2)
    ]
    older.executemany("INSERT INTO object VALUES (?, ?, ?, ?)", rows)
    older.commit()
    older.close()
    world = World(Options(1, tmp_path, KEY, start=START))
    assert [one["id"] for one in world.of("customer", email="a@b.test")] == ["cus_1", "cus_2"]


def test_a_kill_in_the_middle_of_a_long_way_charges_nobody_twice_and_nobody_less(tmp_path: Path) -> None:
    sown = World(Options(1, tmp_path, KEY, start=START))
    made = seeding.seed(sown, price(sown), [f"m-{number}" for number in range(2 * STEP)])
    sown.store.close()
    standin = StandIn(tmp_path, Shop())
    standin.start()
    way = json.dumps({"now": START + 30 * DAY})

    def go() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            standin.http("POST", "/_standin/clock", way)

    walker = threading.Thread(target=go)
    walker.start()
    while not standin.api.invoices.list({"created": {"gte": START}, "limit": 1}).data:
        time.sleep(0.01)  # the first step is kept
    standin.stop(signal.SIGKILL)
    walker.join()
    standin.port = free_ports(1)[0]
    standin.start()
    assert START < standin.now() < START + 30 * DAY
    standin.move_to(START + 30 * DAY)
    assert standin.stop() == 0

    world = World(Options(1, tmp_path, KEY))
    for one in made:
        found = world.of("invoice", subscription=one.subscription)
        assert [(invoice["billing_reason"], invoice["status"]) for invoice in found] == [
            ("subscription_create", "paid"),
            ("subscription_cycle", "paid"),
        ]
        assert len(world.of("charge", customer=one.customer)) == 2


def test_several_postmen_deliver_everything_over_few_connections(tmp_path: Path) -> None:
    heard: list[str] = []
    connections: set[Any] = set()
    together, most = [0], [0]
    lock = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                together[0] += 1
                most[0] = max(most[0], together[0])
            time.sleep(0.01)
            with lock:
                together[0] -= 1
                heard.append(body["id"])
                connections.add(self.client_address)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    door.daemon_threads = True
    threading.Thread(target=door.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{door.server_port}/"
    standin = StandIn(tmp_path, Shop(), more=("--postmen", "4"), webhook_url=url)
    standin.start()
    for _ in range(3):
        standin.subscribed()
    standin.settle(20)
    listed = [event.id for event in standin.api.events.list({"limit": 100}).auto_paging_iter()]
    assert sorted(heard) == sorted(listed)
    assert len(connections) <= 4
    assert most[0] > 1
    assert standin.stop() == 0
    door.shutdown()
    door.server_close()
