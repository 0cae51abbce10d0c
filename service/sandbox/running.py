"""A running sandbox, as its other commands find it: the file `sandbox.json` in its data folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import HOUSE, Settings, read
from service.sandbox.child import SandboxError

DEFAULT_DATA = HOUSE / ".sandbox"
FILE = "sandbox.json"


@dataclass(frozen=True)
class Running:
    """Where everything is."""

    pid: int
    data: Path
    web: str
    mailbox: str
    standin: str
    settings: Settings
    owner_database_url: str
    people: list[dict[str, Any]]


def find(data: Path) -> Running:
    """The sandbox that runs on `data`. Raises SandboxError when none does."""
    try:
        found = json.loads((data / FILE).read_text("utf-8"))
        os.kill(int(found["pid"]), 0)
    except (OSError, ValueError, KeyError):
        raise SandboxError(
            f"No sandbox runs on {data}. Start one with `make run`, or name its folder with --data."
        ) from None
    if not found.get("ready"):
        raise SandboxError("The sandbox is still starting. Wait until it has printed its table.")
    settings = read(found["environment"])
    if settings.environment != "sandbox":
        raise SandboxError("This is not a sandbox: business time can be moved nowhere else.")
    return Running(
        pid=int(found["pid"]),
        data=data,
        web=found["web"],
        mailbox=found["mailbox"],
        standin=found["standin"],
        settings=settings,
        owner_database_url=found["owner_database_url"],
        people=list(found.get("people", [])),
    )
