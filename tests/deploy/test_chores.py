"""`make`: one door for every chore, from any folder, that names what it cannot work with."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.compose import HOUSE

MAKEFILE = (HOUSE / "Makefile").read_text("utf-8")
PHONY = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)[0].split()


def make(*arguments: str, cwd: Path = HOUSE, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "PYTHON", "VENV")
    }
    return subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=cwd, env=kept | environ, capture_output=True, text=True
    )


def program(folder: Path, name: str, says: str) -> Path:
    """A program that prints `says` whatever it is asked."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_make_alone_lists_every_target_with_a_line_of_help() -> None:
    shown = make()
    assert shown.returncode == 0
    listed = dict(re.findall(r"^  make (\w+) +(\S.*)$", shown.stdout, flags=re.MULTILINE))
    assert set(listed) == set(PHONY)
    assert {"run", "test", "smoke", "lint", "setup", "browser", "requirements", "clean"} <= set(listed)


@pytest.mark.parametrize("how", [["-C", str(HOUSE)], ["-f", str(HOUSE / "Makefile")]])
def test_make_works_from_another_folder(how: list[str], tmp_path: Path) -> None:
    assert make(*how, cwd=tmp_path).stdout == make().stdout


def test_make_works_in_a_folder_whose_name_has_a_space(tmp_path: Path) -> None:
    house = tmp_path / "my house"
    house.mkdir()
    (house / "Makefile").write_text(MAKEFILE)
    assert make("-f", str(house / "Makefile"), cwd=tmp_path).stdout == make().stdout


def test_an_unsupported_python_is_named_with_the_choices(tmp_path: Path) -> None:
    python = program(tmp_path, "python-old", "3.9.2")
    told = make("setup", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    assert told.returncode != 0
    assert f"{python} is Python 3.9.2" in told.stderr
    assert "Homeward needs Python 3.11 or 3.12" in told.stderr
    assert "make setup PYTHON=" in told.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_does_not_run_is_named(tmp_path: Path) -> None:
    told = make("setup", "PYTHON=/bin/false", f"VENV={tmp_path / 'venv'}")
    assert told.returncode != 0
    assert "/bin/false is there and does not run as Python" in told.stderr


@pytest.mark.parametrize(("system", "named"), [("Darwin", "Darwin"), ("FreeBSD", "FreeBSD")])
def test_an_unsupported_platform_is_named_with_the_choices(system: str, named: str, tmp_path: Path) -> None:
    program(tmp_path / "bin", "uname", system)
    told = make("setup", f"VENV={tmp_path / 'venv'}", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert told.returncode != 0
    assert f"does not know this platform: {named}" in told.stderr
    assert "Linux with glibc" in told.stderr


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "venv" / "letters.txt"
    precious.parent.mkdir()
    precious.write_text("dear")
    told = make("setup", f"VENV={precious.parent}")
    assert told.returncode != 0
    assert "is no virtual environment" in told.stderr
    assert precious.read_text() == "dear"


def test_continuous_integration_lints_smokes_at_three_starts_and_tests_last() -> None:
    steps = re.findall(r"^step (.*)$", (HOUSE / ".ci" / "run").read_text("utf-8"), flags=re.MULTILINE)
    assert steps == [
        "lint",
        "smoke",
        "smoke START=2027-01-02T10:00:00-05:00",
        "smoke START=2026-11-23T23:30:00-05:00",
        "test",
    ]


@pytest.mark.parametrize("script", ["run", "setup", "browser", "requirements"])
def test_each_script_is_executable_and_stops_at_a_mistake(script: str) -> None:
    path = HOUSE / ".ci" / script
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], capture_output=True).returncode == 0


def test_no_package_index_is_named_anywhere_in_set_up() -> None:
    files = [HOUSE / "Makefile", HOUSE / "Dockerfile", *(HOUSE / ".ci").iterdir(), *(HOUSE / "requirements").iterdir()]
    for path in files:
        text = path.read_text("utf-8").replace("http://127.0.0.1:8000", "")
        assert not re.search(r"index-url|find-links|://", text), path
