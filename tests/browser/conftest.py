"""One sandbox and one Chromium for this folder's tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from service.sandbox import browser as chromium
from service.sandbox import postgres
from service.sandbox.child import SandboxError
from service.sandbox.running import Running, find
from tests.browser.browsing import DESK, PHONE, Browsing

START = "2026-11-23T10:00:00-05:00"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
Open = Callable[..., Browsing]


@pytest.fixture(scope="module")
def program() -> Path:
    """Chromium. Where there is none, the tests say so; with CI=true they fail."""
    found = chromium.find()
    if found is None and chromium.must_be_here():
        pytest.fail(chromium.ABSENT)
    if found is None:
        pytest.skip(chromium.ABSENT)
    return found


@pytest.fixture(scope="module")
def clinic() -> Path | None:
    """Another folder of the clinic's files for a module's sandbox; None for those of the tree."""
    return None


@pytest.fixture(scope="module")
def sandbox(program: Path, clinic: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox of our own, or the one whose data folder HOMEWARD_BROWSER_SANDBOX names (while writing tests)."""
    if kept := os.environ.get("HOMEWARD_BROWSER_SANDBOX"):
        yield find(Path(kept))
        return
    data = tmp_path_factory.mktemp("sandbox")
    log = data / "sandbox.log"
    command = [sys.executable, "-m", "service.cli", "sandbox", "--free-ports", "--data", str(data), "--start", START]
    command += ["--config", str(clinic)] if clinic is not None else []
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        yield _when_ready(process, data, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        postgres.forget(data / "postgres")  # as root it is kept elsewhere


def _when_ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> Running:
    end = time.monotonic() + 150
    while process.poll() is None and time.monotonic() < end:
        try:
            return find(data)
        except SandboxError:
            time.sleep(0.1)
    raise AssertionError(f"the sandbox did not come up:\n{log.read_text('utf-8', 'replace')[-4000:]}")


@pytest.fixture(scope="module")
def browser(program: Path) -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def album() -> Path | None:
    """Where the pictures of all pages are kept: HOMEWARD_SCREENSHOTS. Without it none are made: they take time."""
    folder = os.environ.get("HOMEWARD_SCREENSHOTS")
    return Path(folder) if folder else None


@pytest.fixture
def open_window(sandbox: Running, browser: Browser, album: Path | None) -> Iterator[Open]:
    """Give somebody a browser of their own: `open_window("nora")`, `open_window("maya", width=1180)`."""
    contexts: list[BrowserContext] = []

    def open_one(
        who: str, *, width: int = PHONE, scripts: bool = True, widths: tuple[int, ...] = (), **more: Any
    ) -> Browsing:
        context = browser.new_context(
            viewport={"width": width, "height": 780}, java_script_enabled=scripts, locale="en-US", **more
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        widths = widths or ((PHONE, DESK) if scripts else (width,))
        return Browsing(context, sandbox, album and album / who, scripts=scripts, widths=widths)

    yield open_one
    for context in contexts:
        context.close()
