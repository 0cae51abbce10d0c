"""Folders for sandboxes, and scripts that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import HOUSE
from service.sandbox import postgres

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder. As root the unprivileged server cannot reach it, because pytest's folders are private."""
    folder = tmp_path / "data"
    folder.mkdir()
    yield folder
    postgres.forget(folder / "postgres")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python program that is surely gone after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEWARD_")}
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environ | {"PYTHONPATH": str(HOUSE), "PYTHONUNBUFFERED": "1"},
            cwd=HOUSE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def line_of(process: subprocess.Popen[str], words: str) -> str:
    """Read its output up to the line with `words`, which is returned. Fails with all of it when it never comes."""
    assert process.stdout is not None
    read = []
    for line in process.stdout:
        read.append(line)
        if words in line:
            return line
    raise AssertionError(f"never said “{words}”:\n{''.join(read)}")
