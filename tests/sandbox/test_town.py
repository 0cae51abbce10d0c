"""The sandbox as a whole: how it ends, and how it begins a second time."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from service.sandbox import running
from service.sandbox.running import FILE
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
    with pytest.raises(running.SandboxError, match="No sandbox runs"):
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
