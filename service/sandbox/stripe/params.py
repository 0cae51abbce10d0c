"""Requests as Stripe reads them: form fields with brackets, checked field by field (docs.stripe.com/api/errors).

A specification says what an endpoint understands: `str`, `int`, `float`, `bool`, a tuple of allowed words, `[inner]`
for a list, a dictionary for a nested object, METADATA, RANGE for `created`, NOW_OR_MOMENT, and `Clearable(inner)` where
an empty value unsets. Anything else is refused as `parameter_unknown`, as Stripe refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from service.sandbox.stripe.errors import malformed

METADATA = object()
RANGE = object()
NOW_OR_MOMENT = object()


@dataclass(frozen=True)
class Clearable:
    """May be sent empty, which unsets the value."""

    inner: Any


def decode(form: str) -> dict[str, Any]:
    """`a[b][0]=x` -> {"a": {"b": ["x"]}}."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        parts = name.replace("]", "").split("[")
        here = tree
        for part in parts[:-1]:
            step = here.setdefault(part or str(len(here)), {})
            if not isinstance(step, dict):
                raise malformed(f"Invalid object: {name}", code="parameter_invalid_string", param=name)
            here = step
        here[parts[-1] or str(len(here))] = value
    return tree


def check(spec: dict[str, Any], raw: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters with their types. Raises Stripe's errors for unknown, missing and mistyped ones."""
    for name in required:
        if name not in raw:
            raise malformed(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return _object(spec, raw, "")


def _object(spec: dict[str, Any], raw: dict[str, Any], path: str) -> dict[str, Any]:
    read = {}
    for name, value in raw.items():
        full = f"{path}[{name}]" if path else name
        if name not in spec:
            raise malformed(f"Received unknown parameter: {full}", code="parameter_unknown", param=full)
        read[name] = _value(spec[name], value, full)
    return read


def _value(spec: Any, raw: Any, path: str) -> Any:
    if isinstance(spec, Clearable):
        return None if raw == "" else _value(spec.inner, raw, path)
    if spec is METADATA:
        return _metadata(raw, path)
    if spec is RANGE:
        return _range(raw, path)
    if spec is NOW_OR_MOMENT:
        return raw if raw == "now" else _scalar(int, raw, path)
    if isinstance(spec, list):
        if not isinstance(raw, dict):
            raise malformed("Invalid array", code="parameter_invalid_string", param=path)
        return [_value(spec[0], item, f"{path}[{place}]") for place, item in raw.items()]
    if isinstance(spec, dict):
        if not isinstance(raw, dict):
            raise malformed("Invalid object", code="parameter_invalid_string", param=path)
        return _object(spec, raw, path)
    return _scalar(spec, raw, path)


def _scalar(spec: Any, raw: Any, path: str) -> Any:
    if not isinstance(raw, str):
        raise malformed(f"Invalid string: {path}", code="parameter_invalid_string", param=path)
    if raw == "":
        message = f"You passed an empty string for '{path}'."
        raise malformed(message, code="parameter_invalid_empty", param=path)
    if spec is bool:
        if raw not in ("true", "false"):
            raise malformed(f"Invalid boolean: {raw}", code="parameter_invalid_boolean", param=path)
        return raw == "true"
    if spec is int:
        if not re.fullmatch(r"-?[0-9]{1,15}", raw):
            raise malformed(f"Invalid integer: {raw[:40]}", code="parameter_invalid_integer", param=path)
        return int(raw)
    if spec is float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", raw):
            raise malformed(f"Invalid decimal: {raw[:40]}", code="parameter_invalid_integer", param=path)
        return float(raw)
    if isinstance(spec, tuple) and raw not in spec:
        words = ", ".join(spec)
        raise malformed(f"Invalid {path}: must be one of {words}", code="parameter_invalid_string", param=path)
    return raw


def _metadata(raw: Any, path: str) -> dict[str, str]:
    """docs.stripe.com/api/metadata: at most 50 keys of 40 characters, values of 500."""
    if raw == "":
        return {}
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise malformed("Metadata is made of keys and strings.", code="parameter_invalid_string", param=path)
    if len(raw) > 50 or any(len(key) > 40 or len(value) > 500 for key, value in raw.items()):
        raise malformed("Metadata is too large.", code="parameter_invalid_string_blank", param=path)
    return dict(raw)


def _range(raw: Any, path: str) -> dict[str, int]:
    if isinstance(raw, dict):
        return {edge: _scalar(int, value, f"{path}[{edge}]") for edge, value in raw.items() if edge in EDGES}
    return {"gte": _scalar(int, raw, path), "lte": _scalar(int, raw, path)}


EDGES = ("gt", "gte", "lt", "lte")


def within(moment: int, edges: dict[str, int]) -> bool:
    """Whether a moment lies inside a checked RANGE."""
    return (
        moment > edges.get("gt", moment - 1)
        and moment >= edges.get("gte", moment)
        and moment < edges.get("lt", moment + 1)
        and moment <= edges.get("lte", moment)
    )


def merged(kept: dict[str, str], sent: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: keys are merged, an empty value removes its key (docs.stripe.com/api/metadata)."""
    return {key: value for key, value in {**kept, **(sent or {})}.items() if value != ""}
