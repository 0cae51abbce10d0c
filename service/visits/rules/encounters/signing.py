"""What a signature covers, as JSON, and its fingerprint. Rows from before whole records verify as they did."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import date, datetime
from typing import Any

from service.visits.rules.encounters.record import Identity, Reading, VisitRecord

_MOMENTS = ("started_at", "ended_at", "pdmp_checked_at")
_DAYS = ("in_person_exam_on", "follow_up_on")


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of what was signed: JSON with sorted keys, NFC text, UTF-8."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def signed_content(record: VisitRecord, **around: Any) -> dict[str, Any]:
    """All that the fingerprint covers, as plain JSON: the record with its decision, and what the house knew around."""
    plain: dict[str, Any] = json.loads(json.dumps({**around, "record": to_json(record)}, default=_plain))
    return plain


def addendum_content(*, text: str, settles: tuple[str, ...], **identifiers: Any) -> dict[str, Any]:
    """What the fingerprint of an addendum covers. It names the fingerprint of what it adds to."""
    return {"text": text, "settles": sorted(settles), **{name: _plain(value) for name, value in identifiers.items()}}


def to_json(record: VisitRecord) -> dict[str, Any]:
    """The record as plain JSON."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(record), default=_plain))
    return content


def from_json(stored: Mapping[str, Any]) -> VisitRecord:
    """The record back from its JSON. A field that a later version added has its default; one it dropped is left out."""
    known = {field.name for field in fields(VisitRecord)}
    values = {name: value for name, value in stored.items() if name in known}
    identity = values["identity"]
    values["identity"] = Identity(
        **{**identity, "expires_on": _day(identity["expires_on"]), "matches": tuple(identity["matches"])}
    )
    values["readings"] = tuple(Reading(**one) for one in values["readings"])
    values["diagnoses"], values["disclosed"] = tuple(values["diagnoses"]), frozenset(values["disclosed"])
    values |= {name: datetime.fromisoformat(values[name]) for name in _MOMENTS if values.get(name)}
    values |= {name: _day(values.get(name)) for name in _DAYS}
    return VisitRecord(**values)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, date) else str(value)
