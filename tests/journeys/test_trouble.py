"""Forged messages, parts that are away, a house that is killed: a clear answer, nothing lost, nothing twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from config.settings import HOUSE, as_environment
from service.kit import queue
from service.sandbox import walks
from service.sandbox.people import CLINIC, PATIENTS
from service.sandbox.postgres import SUPERUSER
from service.sandbox.walker import Walker
from tests.journeys.live import Live, eventually
from tests.journeys.webhooks import knock, signed, told
from tests.sandbox.processes import all_gone, below

pytestmark = pytest.mark.slow
MAILS = "SELECT count(*) FROM outbox"
INBOX = "SELECT count(*) FROM stripe_events"


# Webhooks


def test_a_message_brought_again_and_again_changes_nothing(live: Live) -> None:
    body = json.dumps(told(live, "invoice.paid")[0], indent=2).encode()
    before = live.count(MAILS), live.count(INBOX), live.count("SELECT count(*) FROM invoices")
    statuses = {knock(live, body, signed(body, live.secrets["webhook_secret"])) for _ in range(3)}
    assert statuses == {200}
    live.mover.settle()
    assert (live.count(MAILS), live.count(INBOX), live.count("SELECT count(*) FROM invoices")) == before


def test_what_stripe_did_not_sign_now_is_turned_away(live: Live) -> None:
    secret = live.secrets["webhook_secret"]
    body = json.dumps({**told(live, "invoice.paid")[0], "id": "evt_forged"}).encode()
    good = signed(body, secret)
    turned_away = {
        "tampered": (body.replace(b"25000", b"1"), good),
        "old": (body, signed(body, secret, age=301)),
        "from the future": (body, signed(body, secret, age=-900)),
        "another secret": (body, signed(body, "whsec_somebody_else")),
        "unsigned": (body, None),
        "empty": (body, ""),
        "no time": (body, good.partition(",")[2]),
        "a time that is none": (body, "t=soon," + good.partition(",")[2]),
        "not ASCII": (body, "t=1,v1=\xe9"),
        "a thousand tries": (body, "t=1," + ",".join(f"v1={n:064x}" for n in range(100))),
        "no UTF-8": (b"\xff\xfe", signed(b"\xff\xfe", secret)),
    }
    # What Stripe signed and nobody understands is kept for a person, and never acted upon.
    not_understood = (b"", b"{", b"[1, 2]", b"[" * 100_000)
    before = live.count(INBOX)
    assert {name: knock(live, *sent) for name, sent in turned_away.items()} == dict.fromkeys(turned_away, 400)
    assert knock(live, b" " * 300_000, good) == 413
    assert knock(live, b"", None, method="GET") == 405
    assert live.count(INBOX) == before
    assert [knock(live, body, signed(body, secret)) for body in not_understood] == [200] * 4
    assert live.count(INBOX) == before + 4
    assert live.count(f"{INBOX} WHERE parked_for = 'not_an_event' AND handled_at IS NULL") >= 4


def test_shuffled_doubled_and_delayed_messages_make_one_member(live: Live) -> None:
    live.standin.plan_faults({"kind": "webhook_duplicate", "count": 2})
    live.standin.plan_faults({"kind": "webhook_shuffle", "count": 6})
    live.standin.plan_faults({"kind": "webhook_delay", "count": 2, "seconds": 1})
    live.standin.plan_faults({"kind": "webhook_tamper", "count": 1})
    dev, walker = PATIENTS["dev"], live.signed_in(PATIENTS["dev"].email)
    walks.sign_consents(walker, dev)
    walks.pay(walker)
    live.mover.settle()
    eventually(lambda: live.standin.undelivered() == 0, "every message is taken")
    live.mover.settle()
    walker.until("/billing", "Next charge")
    assert len(live.mails(dev.email, "receipt")) == 1
    assert live.count("SELECT count(*) FROM stripe_events WHERE handled_at IS NULL AND parked_at IS NULL") == 0
    assert _live_memberships(live, dev.email) == ["active"]


def test_when_no_message_ever_comes_the_comparison_with_stripe_finds_the_payment(live: Live) -> None:
    person, walker = _approved_newcomer(live, "Kay", "Silent")
    walks.sign_consents(walker, person)
    live.standin.plan_faults({"kind": "webhook_drop", "count": 50})
    page = walker.get("/membership")
    hosted = walker.send(
        page.form("agreed"), {"agreed": "y", "plan": page.form("agreed").choices.get("plan", ["monthly"])[0]}
    )
    elsewhere = Walker(live.running.web)  # the browser that pays never comes back: the battery was empty
    elsewhere.get(hosted.url)
    assert elsewhere.fill({"card": "4242424242424242"}, "card").path == "/sign-in"
    walker.get("/billing")
    assert not live.mails(person.email, "receipt")
    _clear_faults(live)
    queue.CeleryPublisher(live.running.settings.redis_url.get_secret_value())(queue.Job("billing.reconcile"))
    walker.until("/billing", "Next charge")
    live.mover.settle()
    assert len(live.mails(person.email, "receipt")) == 1
    assert _live_memberships(live, person.email) == ["active"]


def _clear_faults(live: Live) -> None:
    import urllib.request

    request = urllib.request.Request(f"{live.running.standin}/_standin/faults", method="DELETE")
    urllib.request.urlopen(request, timeout=10).close()


def _approved_newcomer(live: Live, given_name: str, family_name: str) -> tuple[walks.Person, Walker]:
    person, walker = live.newcomer(given_name, family_name)
    live.mover.move_to(walks.book(walker) + timedelta(minutes=25))  # a visit is signed once it has begun
    seen_at = live.mover.now().astimezone(CLINIC).strftime("%m/%d/%Y %I:%M %p")
    walks.record_decision(live.staff("maya@staff.example"), person, state="FL", seen_at=seen_at).must("signed")
    walks.complete(live.staff("sam@staff.example"), person)
    return person, walker


def _live_memberships(live: Live, email: str) -> list[str]:
    walker = live.signed_in(email)
    walker.get("/billing").must("Next charge")
    query = (
        "SELECT status FROM memberships WHERE patient_id ="
        " (SELECT patient_id FROM memberships ORDER BY created_at DESC LIMIT 1)"
    )
    return [row.status for row in live.rows(query)]


# Links and forms that are too old


def test_a_link_that_was_used_or_never_was_says_so_kindly(live: Live) -> None:
    person, _ = live.newcomer("Lou", "Links")
    path = walks.path_in(live.mailbox.wait_for(person.email, "Confirm"), r"^/confirm/")
    for address in (path, "/confirm/" + "a" * 43):
        page = live.walker().get(address)
        assert page.status == 410
        assert "988" in page.text
        assert "Traceback" not in page.html


def test_a_form_from_before_signing_in_elsewhere_is_refused_and_nothing_is_lost(live: Live) -> None:
    from tests.journeys.live import PASSWORD, twin

    person, walker = live.newcomer("Mia", "Tabs")
    walks.become_reachable(walker)
    days = walker.get("/visits/book")
    stale = twin(walker)
    stale.get(next(href for href, _ in days.links if re.search(r"/visits/book/\d{4}-", href)))
    assert stale.page is not None
    form = stale.page.form("slot")
    fresh = live.walker()
    walks.sign_in(fresh, person.email, PASSWORD)
    stale._cookies = fresh._cookies  # one browser has one jar: the other tab signed out and in again
    page = stale.send(form, {"slot": form.choices["slot"][0]})
    assert page.status == 400
    page.must("Nothing was saved or changed", "988", status=400)
    assert walks.book(fresh, reachable=True) > live.mover.now()


def test_a_session_that_ended_in_the_middle_of_a_form_leads_to_signing_in(live: Live) -> None:
    from tests.journeys.live import twin

    _, walker = live.newcomer("Noa", "Ended")
    page = walker.get("/check-your-email")
    other = twin(walker)
    other.get("/home")
    out = next(form for form in other.page.forms if form.action.endswith("/sign-out"))  # type: ignore[union-attr]
    other.send(out)
    page = walker.get("/home")
    assert page.path == "/sign-in"
    walker.page = None
    assert walker._open("POST", live.running.web + "/visits/book", {"slot": "x"}).path == "/sign-in"


# Parts that are away


def test_while_redis_does_not_answer_pages_do_and_mail_leaves_afterwards(live: Live) -> None:
    walker = live.signed_in("ana@example.com")
    with live.stopped("redis"):
        began = time.monotonic()
        assert live.walker().get("/").status == 200
        walker.get("/home").must("Ana")
        assert time.monotonic() - began < 4
        began = time.monotonic()
        asking = live.walker()
        asking.get("/waitlist")
        asking.fill({"email": "olga@example.com", "state": "GA"}, "state").must("email")
        assert time.monotonic() - began < 10
        status, found = live.state("/health/ready")
        assert (status, found["parts"]["redis"]) == (503, "away")
    live.mailbox.wait_for("olga@example.com", "")
    eventually(live.ready, "ready again")


def test_an_emptied_redis_loses_nothing_and_signs_nobody_out(live: Live) -> None:
    walker = live.signed_in("ana@example.com")
    asking = live.walker()
    asking.get("/waitlist")
    with live.stopped("worker"):
        asking.fill({"email": "pia@example.com", "state": "TX"}, "state").must("email")
        live.redis.flushall()
    assert walker.get("/home").path == "/home"
    live.mailbox.wait_for("pia@example.com", "")
    live.mover.settle()
    assert len(live.mails("pia@example.com")) == 1
    eventually(live.ready, "ready again", seconds=40)


@contextmanager
def _no_database(live: Live) -> Iterator[None]:
    port = json.loads((live.data / "sandbox.json").read_text())["postgres_port"]
    dsn = f"postgresql://{SUPERUSER}:{live.secrets['superuser']}@127.0.0.1:{port}/postgres"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("ALTER DATABASE homeward ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'homeward'")
        try:
            yield
        finally:
            admin.execute("ALTER DATABASE homeward ALLOW_CONNECTIONS true")


def test_while_the_database_is_away_help_is_still_shown_and_afterwards_all_goes_on(live: Live) -> None:
    walker, visitor = live.signed_in("ana@example.com"), live.walker()
    visitor.get("/assessment")
    visitor.fill({}, "/assessment")
    for answer in ({"answer": "33101"}, {"answer-month": "4", "answer-day": "2", "answer-year": "1980"}):
        visitor.fill(dict(answer))
    visitor.fill({"answer": "depression"}, "answer")
    assert visitor.page is not None
    assert visitor.page.path == "/assessment/safety"
    body = json.dumps(told(live, "invoice.paid")[0]).encode()
    with _no_database(live):
        walker.get("/home").must("988", "911", status=503)
        live.walker().get("/").must("988")
        visitor.fill({"answer": "cannot_stay_safe"}, "answer").must("Get help now", "988", "911")
        assert knock(live, body, signed(body, live.secrets["webhook_secret"])) == 503
        status, found = live.state("/health/ready")
        assert (status, found["parts"]["database"]) == (503, "away")
        assert live.state("/health/live")[0] == 200
    walker.get("/home").must("Ana")
    eventually(live.ready, "ready again", seconds=40)
    live._owner.dispose()

    _ask_for_mail(live, "quinn@example.com")


@contextmanager
def _own_worker(live: Live) -> Iterator[subprocess.Popen[bytes]]:
    """A worker beside the sandbox's, which may be killed without ending the sandbox."""
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "-q", "worker", "-P", "threads", "-c", "1"]
    with (live.data / "logs" / "own-worker.log").open("wb") as output:
        worker = subprocess.Popen(
            [*command, "-Q", "mail,default", "--without-mingle", "--without-gossip", "-n", "own@%h"],
            cwd=HOUSE,
            env=as_environment(live.running.settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def test_a_worker_killed_in_the_middle_of_a_mail_loses_nothing_and_sends_nothing_twice(live: Live) -> None:
    row = "FROM outbox WHERE template = 'waitlist_confirm' AND status = 'queued'"
    live.plan_mail_faults("timeout")  # the server falls silent in the middle of the message
    with live.stopped("worker"):
        asking = live.walker()
        asking.get("/waitlist")
        asking.fill({"email": "rosa@example.com", "state": "GA"}, "state").must("email")
        with _own_worker(live) as worker:
            in_hand = f"SELECT count(*) {row} AND lease_until > now()"
            eventually(lambda: live.count(in_hand) == 1, "the worker has the mail in its hand")
            eventually(lambda: live.mail_faults() == [], "the server has fallen silent")
            worker.kill()
            worker.wait()
    _ask_for_mail(live, "sven@example.com")
    assert not live.mails("rosa@example.com"), "while the lease runs nobody else sends it"
    live.let_leases_run_out()
    live.mailbox.wait_for("rosa@example.com", "")
    _ask_for_mail(live, "tara@example.com")
    assert len(live.mails("rosa@example.com")) == 1
    assert live.count(f"SELECT count(*) {row}") == 0


def _ask_for_mail(live: Live, address: str) -> None:
    """A mail for somebody, and wait until it has come: those that were due before it have had their turn."""
    asking = live.walker()
    asking.get("/waitlist")
    asking.fill({"email": address, "state": "GA"}, "state").must("email")
    live.mailbox.wait_for(address, "")


# The end


def test_killing_the_house_leaves_nothing_running(live: Live) -> None:
    family = below(live.process.pid)
    commands = " ".join(one.command for one in family)
    assert all(part in commands for part in ("postgres", "redis", "gunicorn", "celery", "beat", "mailbox", "stripe"))
    live.close()
    live.process.kill()
    live.process.wait()
    assert not all_gone(family, within=5)
