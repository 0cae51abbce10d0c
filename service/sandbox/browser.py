"""Finding a Chromium for the browser tests: CHROMIUM, a system browser, or Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ABSENT = "No Chromium here: run `make browser`, or name one with CHROMIUM=/path/to/chromium."


@lru_cache(maxsize=1)
def find() -> Path | None:
    """The browser to use, tried by running it; None where there is none.

    A CHROMIUM that does not run is not replaced by another: whoever named it wants to know.
    """
    if wish := os.environ.get("CHROMIUM"):
        return _running(wish)
    return next((found for name in NAMES if (found := _running(name))), None) or _playwrights_own()


def must_be_here() -> bool:
    """Whether a missing browser fails the tests instead of skipping them."""
    return os.environ.get("CI") == "true"


def _running(name: str) -> Path | None:
    """The program, if it answers: on Ubuntu `chromium-browser` may be a stub that asks for something else."""
    found = shutil.which(name)
    if found is None:
        return None
    try:
        answer = subprocess.run([found, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(found) if answer.returncode == 0 else None


def _playwrights_own() -> Path | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def main() -> int:
    """Print the browser's path; 1 where there is none."""
    found = find()
    print(found or ABSENT, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
