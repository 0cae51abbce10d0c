"""docker-compose.yml as Docker Compose reads it: merged, and with our own values in place of ${NAMES}."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

HOUSE = Path(__file__).resolve().parent.parent.parent
TEXT = (HOUSE / "docker-compose.yml").read_text("utf-8")
LOADED: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = LOADED["services"]
OURS = ("web", "worker", "safety", "audit", "beat", "migrate", "keep")
LONG_RUNNING = tuple(name for name in SERVICES if name not in ("migrate", "keep"))

# ${NAME:?why} and ${NAME:-default}; a doubled dollar is a plain one.
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?:(?P<kind>:[?-])(?P<rest>[^}]*))?\}")


def environment(service: str, **values: str) -> dict[str, str]:
    """What the container of `service` finds in its environment when `values` are set where compose runs."""

    def replace(found: re.Match[str]) -> str:
        if found["name"] in values:
            return values[found["name"]]
        if found["kind"] == ":-":
            return found["rest"]
        raise KeyError(found["name"])

    out = {}
    for name, value in SERVICES[service].get("environment", {}).items():
        if value is not None:
            out[name] = VARIABLE.sub(replace, str(value))
        elif name in values:
            out[name] = values[name]
    return out


def required() -> dict[str, str]:
    """The names without which compose refuses to start, with what it says of each."""
    return {found["name"]: found["rest"] for found in VARIABLE.finditer(TEXT) if found["kind"] == ":?"}


def defaulted() -> dict[str, str]:
    """The names with a default, and it."""
    return {found["name"]: found["rest"] for found in VARIABLE.finditer(TEXT) if found["kind"] == ":-"}
