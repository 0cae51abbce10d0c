"""Copies of what JSON holds."""

from __future__ import annotations

from typing import Any


def copied(value: Any) -> Any:
    """A copy as deep as it goes: the library's own takes five times as long over plain dictionaries and lists."""
    if type(value) is dict:
        return {name: copied(one) if type(one) in (dict, list) else one for name, one in value.items()}
    if type(value) is list:
        return [copied(one) if type(one) in (dict, list) else one for one in value]
    return value


def merged(value: Any, changes: dict[str, Any]) -> Any:
    """A copy with the changes in it, deep; a whole object among them (it says which kind) replaces what was there."""
    result = copied(value) if isinstance(value, dict) else {}
    for name, change in changes.items():
        deeper = isinstance(change, dict) and "object" not in change
        result[name] = merged(result.get(name), change) if deeper else change
    return result
