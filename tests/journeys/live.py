"""A whole sandbox for a file of tests: every part is the real one, and pages are read as a browser reads them."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import redis
from sqlalchemy import Engine, text

from config.settings import HOUSE
from service.kit.db import connect
from service.sandbox import postgres, walks
from service.sandbox.advance import Mover
from service.sandbox.child import SandboxError
from service.sandbox.running import FILE, Running, find
from service.sandbox.standin import Standin
from service.sandbox.walker import Page, Walker
from service.sandbox.walks import Colleague, Mailbox, Person

PASSWORD = "sunny porch swing"
START = "2026-11-23T10:00:00-05:00"
T = TypeVar("T")


@dataclass
class Live:
    """One running sandbox."""

    data: Path
    process: subprocess.Popen[bytes]
    running: Running
    ready_after: float
    _staff: dict[str, Walker] = field(default_factory=dict)

    @cached_property
    def mailbox(self) -> Mailbox:
        """What was mailed."""
        return Mailbox(self.running.mailbox)

    @cached_property
    def standin(self) -> Standin:
        """The stand-in's control door."""
        return Standin(self.running.standin)

    @cached_property
    def mover(self) -> Mover:
        """Time."""
        return Mover(self.running, lambda _: None)

    @cached_property
    def _owner(self) -> Engine:
        return connect(self.running.owner_database_url)

    @cached_property
    def redis(self) -> redis.Redis:
        """The broker."""
        return redis.Redis.from_url(self.running.settings.redis_url.get_secret_value(), socket_timeout=5)

    @property
    def secrets(self) -> dict[str, str]:
        """What only this sandbox knows."""
        found: dict[str, str] = json.loads((self.data / "secrets.json").read_text())
        return found

    def child(self, name: str) -> int:
        """The process id of a part."""
        return int(json.loads((self.data / FILE).read_text())["children"][name])

    def rows(self, sql: str, **values: object) -> list[Any]:
        """What is stored. Read only."""
        with self._owner.connect() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            return list(connection.execute(text(sql), values))

    def count(self, sql: str, **values: object) -> int:
        """The one number of a query."""
        return int(self.rows(sql, **values)[0][0])

    def walker(self) -> Walker:
        """Somebody with a browser of their own."""
        return Walker(self.running.web)

    def staff(self, email: str) -> Walker:
        """A member of staff, signed in with both factors."""
        if email not in self._staff:
            row = next(row for row in self.running.people if row["email"] == email)
            walker = self.walker()
            walks.staff_sign_in(walker, Colleague(email, row["password"], row["totp_secret"])).must("Queue")
            self._staff[email] = walker
        return self._staff[email]

    def signed_in(self, email: str) -> Walker:
        """A demo patient, signed in."""
        walker = self.walker()
        walks.sign_in(walker, email, PASSWORD, self.mailbox)
        return walker

    def newcomer(self, given_name: str, family_name: str, zip_code: str = "33101") -> tuple[Person, Walker]:
        """Somebody who took the assessment, joined, confirmed and signed in."""
        address = f"{given_name}.{family_name}@example.com".lower()
        person, walker = Person(given_name, family_name, address, PASSWORD, zip_code), self.walker()
        walks.assess(walker, {**walks.CALM_ANSWERS, "zip": zip_code}, person.born_on).must("You may qualify")
        walks.join(walker, person)
        walks.confirm(walker, person, self.mailbox)
        walks.sign_in(walker, person.email, person.password, self.mailbox).must(given_name)
        return person, walker

    def mails(self, to: str, subject: str = "") -> list[dict[str, str]]:
        """The mails to one address with `subject` in their subject."""
        found = [mail for mail in self.mailbox.mails(to) if subject.lower() in mail["subject"].lower()]
        return [mail for mail in found for _ in range(int(mail["copies"]))]

    def plan_mail_faults(self, *answers: str) -> None:
        """What the mailbox answers to the next mails."""
        body = json.dumps({"next": answers}).encode()
        urllib.request.urlopen(f"{self.running.mailbox}/api/faults", body, timeout=10).close()

    def mail_faults(self) -> list[str]:
        """What the mailbox has still to answer."""
        with urllib.request.urlopen(f"{self.running.mailbox}/api/faults", timeout=10) as answer:
            found: list[str] = json.load(answer)["next"]
        return found

    def let_leases_run_out(self) -> None:
        """As if the minute of a lease had passed."""
        with self._owner.begin() as connection:
            connection.execute(text("UPDATE outbox SET lease_until = now() WHERE lease_until > now()"))

    def let_codes_be_older(self) -> None:
        """As if the codes mailed until now had been asked for two minutes earlier: another may be asked for."""
        with self._owner.begin() as connection:
            connection.execute(text("UPDATE one_time_codes SET created_at = created_at - interval '2 minutes'"))

    def let_sign_ins_idle(self, patient_id: str, minutes: int = 45) -> None:
        """As if this patient had been away for so long."""
        with self._owner.begin() as connection:
            connection.execute(
                text(
                    "UPDATE sign_ins SET seen_at = now() - make_interval(mins => :minutes) FROM patients"
                    " WHERE patients.user_id = sign_ins.user_id AND patients.id = :patient"
                ),
                {"minutes": minutes, "patient": patient_id},
            )

    def state(self, path: str) -> tuple[int, dict[str, Any]]:
        """A machine's page: its status and JSON."""
        status, _, body = self.walker()._ask("GET", self.running.web + path, None, {"Accept": "application/json"})
        return status, json.loads(body)

    def ready(self) -> bool:
        """Whether /health/ready says so."""
        return self.state("/health/ready")[0] == 200

    def close(self) -> None:
        """Let go of the connections."""
        if "_owner" in self.__dict__:
            self._owner.dispose()
        if "mover" in self.__dict__:
            self.mover.close()
        if "redis" in self.__dict__:
            self.redis.close()

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """A part that is there and does not answer, for as long as the block runs."""
        os.kill(self.child(name), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.child(name), signal.SIGCONT)


def twin(walker: Walker) -> Walker:
    """The same browser once more: a second tab, a double click."""
    other = Walker(walker.base)
    other._cookies, other.page = copy.deepcopy(walker._cookies), walker.page
    return other


def together(*doings: Callable[[], T]) -> list[T]:
    """Do all of these at the same moment. Returns what each gave."""
    line = threading.Barrier(len(doings))

    def at_the_line(doing: Callable[[], T]) -> T:
        line.wait(10)
        return doing()

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(at_the_line, doings))


def press_at_once(walker: Walker, containing: str, values: dict[str, str], times: int = 2) -> list[Page]:
    """Send the form of the walker's page several times at the same moment."""
    assert walker.page is not None
    form = walker.page.form(containing)
    tabs = [twin(walker) for _ in range(times)]
    return together(*(lambda tab=tab: tab.send(form, dict(values)) for tab in tabs))


def eventually(true: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Wait until something is true. Fails with `what` when it never is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def begin(data: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """`homeward sandbox` as a child of ours, in a session of its own as in a terminal."""
    data.mkdir(exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEWARD_")}
    command: Sequence[str | Path]
    command = [sys.executable, "-m", "service.cli", "sandbox", "--data", data, *(arguments or ("--free-ports",))]
    with (data / "printed.log").open("ab") as output:
        return subprocess.Popen(
            command, cwd=HOUSE, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )


def wait_for(process: subprocess.Popen[bytes], data: Path, *, seconds: float = 150) -> Running:
    """The sandbox, once it is ready. Fails with what it printed."""
    end = time.monotonic() + seconds
    while True:
        try:
            return find(data)
        except SandboxError:
            printed = (data / "printed.log").read_text("utf-8", "replace")
            assert process.poll() is None, f"the sandbox ended:\n{printed}"
            assert time.monotonic() < end, f"the sandbox was not ready within {seconds:g} s:\n{printed}"
            time.sleep(0.1)


@contextmanager
def a_sandbox(data: Path, start: str = START) -> Iterator[Live]:
    """A sandbox for as long as the block runs; it leaves nothing behind."""
    began = time.monotonic()
    process = begin(data, "--free-ports", "--start", start)
    try:
        live = Live(data, process, wait_for(process, data), time.monotonic() - began)
        try:
            yield live
        finally:
            live.close()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        postgres.forget(data / "postgres")
