"""The sandbox as a whole: how it ends, and how it begins a second time."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service.sandbox import people, running
from service.sandbox.child import SandboxError
from service.sandbox.commands import register, sandbox
from service.sandbox.house import open_keys
from service.sandbox.people import Row
from service.sandbox.running import FILE
from service.sandbox.table import table
from tests.sandbox import town_without_people
from tests.sandbox.conftest import Start, line_of
from tests.sandbox.processes import all_gone, below

SCRIPT = ("-m", town_without_people.__name__)


@pytest.mark.slow
def test_however_the_sandbox_ends_no_process_is_left(data: Path, start: Start) -> None:
    first = start(*SCRIPT, data)
    line_of(first, "started")
    family = below(first.pid)
    commands = " ".join(one.command for one in family)
    assert all(part in commands for part in ("postgres", "redis", "gunicorn", "celery", "mailbox", "stripe"))
    assert sum("gunicorn" in one.command for one in family) >= 2, "the web's own child is among them"

    began = time.monotonic()
    first.send_signal(signal.SIGTERM)
    first.wait(15)
    assert time.monotonic() - began < 12
    assert not all_gone(family, within=1)
    assert not (data / FILE).exists()

    second = start(*SCRIPT, data)
    line_of(second, "started")
    family = below(second.pid)
    second.kill()
    second.wait()
    assert not all_gone(family, within=5)
    with pytest.raises(SandboxError, match="No sandbox runs"):
        running.find(data)


def test_the_state_file_and_the_secrets_are_for_their_owner_alone(data: Path) -> None:
    from service.sandbox.keys import load, make, write_private

    keys = make(data, "2026-11-23T10:00:00-05:00")
    assert load(data) == keys
    write_private(data / FILE, {"pid": 1})
    for name in (FILE, "secrets.json"):
        assert (data / name).stat().st_mode & 0o777 == 0o600
    assert json.loads((data / FILE).read_text()) == {"pid": 1}


def test_secrets_differ_from_sandbox_to_sandbox(tmp_path: Path) -> None:
    from dataclasses import astuple

    from service.sandbox.keys import make

    one, other = (tmp_path / name for name in ("one", "other"))
    one.mkdir()
    other.mkdir()
    pairs = list(zip(astuple(make(one, "x")), astuple(make(other, "x")), strict=True))
    assert all(left != right for left, right in pairs[1:])


def test_the_table_lists_addresses_sign_ins_and_the_secret_of_the_one_time_code() -> None:
    rows = [
        Row("Maya Lee, clinician", "maya@staff.example", "sunny porch swing", "JBSWY3DPEHPK3PXP", ""),
        Row("Ana Rivera", "ana@example.com", "sunny porch swing", "", "active"),
    ]
    printed = table(
        web="http://localhost:8000",
        mailbox="http://127.0.0.1:8025",
        standin="http://127.0.0.1:8012",
        now=datetime(2026, 11, 23, 15, tzinfo=UTC),
        rows=rows,
    )
    words = ("http://localhost:8000", "http://127.0.0.1:8025", "JBSWY3DPEHPK3PXP", "active", "10:00 AM EST")
    assert all(word in printed for word in words)


@pytest.mark.parametrize("words", ["2027-01-02", "2027-01-02T10:00:00", "tomorrow"])
def test_a_start_without_its_offset_is_refused(data: Path, words: str) -> None:
    answer = CliRunner().invoke(sandbox, ["--data", str(data), "--start", words])
    assert answer.exit_code == 1
    assert "2027-01-02T10:00:00-05:00" in answer.output


def test_one_port_for_two_parts_is_refused(data: Path) -> None:
    answer = CliRunner().invoke(sandbox, ["--data", str(data), "--port", "8025"])
    assert answer.exit_code == 1
    assert "Port 8025 is asked for twice" in answer.output


def test_an_advance_without_a_running_sandbox_is_refused(data: Path) -> None:
    register(click.Group())
    answer = CliRunner().invoke(sandbox, ["advance", "7d", "--data", str(data)])
    assert answer.exit_code == 1
    assert "No sandbox runs" in answer.output


def test_data_that_began_at_another_moment_keeps_it(data: Path) -> None:
    begun = datetime(2026, 11, 23, 15, tzinfo=UTC)
    keys = open_keys(data, begun, fresh=False, now=begun)
    (data / people.FILE).write_text("[]")
    (data / "postgres" / "cluster").mkdir(parents=True)
    assert open_keys(data, None, fresh=False, now=begun) == keys
    assert open_keys(data, begun, fresh=False, now=begun) == keys
    with pytest.raises(SandboxError, match="--fresh"):
        open_keys(data, begun + timedelta(days=40), fresh=False, now=begun)
    assert open_keys(data, begun, fresh=True, now=begun) != keys


def test_beginning_again_removes_nothing_that_is_not_the_sandboxs(data: Path) -> None:
    (data / "notes.txt").write_text("mine")
    (data / "mailbox").mkdir()
    open_keys(data, None, fresh=True, now=datetime(2026, 11, 23, 15, tzinfo=UTC))
    assert (data / "notes.txt").read_text() == "mine"
    assert not (data / "mailbox").exists()


def test_an_interrupted_first_start_is_begun_again(data: Path) -> None:
    begun = datetime(2026, 11, 23, 15, tzinfo=UTC)
    half = open_keys(data, begun, fresh=False, now=begun)
    (data / "postgres" / "cluster").mkdir(parents=True)
    assert open_keys(data, begun, fresh=False, now=begun) != half
    assert not (data / "postgres").exists()
