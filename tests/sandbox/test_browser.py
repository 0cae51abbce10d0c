"""Finding a browser: the one named, else one that runs, else none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.sandbox import browser


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/sbin")
    monkeypatch.setattr(browser, "NAMES", ("stub-chromium", "real-chromium"))
    monkeypatch.setattr(browser, "_playwrights_own", lambda: None)
    monkeypatch.delenv("CHROMIUM", raising=False)
    browser.find.cache_clear()
    yield
    browser.find.cache_clear()


def program(folder: Path, name: str, status: int) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_a_stub_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path, "stub-chromium", 1)
    real = program(tmp_path, "real-chromium", 0)
    assert browser.find() == real


def test_the_named_browser_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "real-chromium", 0)
    named = program(tmp_path, "mine", 0)
    monkeypatch.setenv("CHROMIUM", str(named))
    assert browser.find() == named


def test_a_named_browser_that_does_not_run_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "real-chromium", 0)
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert browser.find() is None


def test_without_any_the_choices_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert browser.main() == 1
    assert "make browser" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("", False)])
def test_only_ci_insists_on_a_browser(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("CI", value)
    assert browser.must_be_here() is expected
