"""The same copy twice: exact for programs, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.kit.format import day, moment, money
from service.privacy.rules.copies import FORMAT, VERSION, Entry, Section

ONLY_IN_JSON = ("wording", "value")  # whole documents that were signed, and numbers behind an answer in words
# So many of one part fit the pages of ten years in a memory that is bounded: the newest. The JSON has every one.
MOST_LINES, MOST_ENTRIES = 300, 600
# Where words of our own stand, like "sign_last_consent". What somebody typed stays as it was typed.
CODED = ("decision", "document", "kind", "outcome", "status", "then", "what")
NOTHING = "\N{EN DASH}"


def as_json(sections: Iterable[Section], *, made_at: datetime, practice: str, left_out: Iterable[str]) -> Entry:
    """The copy for programs: moments in UTC as ISO 8601, days as ISO dates, amounts in cents."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": made_at.isoformat(),
        "made_by": practice,
        "left_out": list(left_out),
        **{section.key: [_exact(entry) for entry in section.entries] for section in sections},
    }


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exact(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(one) for one in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def as_pages(sections: Iterable[Section], *, zone: str) -> list[dict[str, Any]]:
    """The copy for people: titles, and lines of label and words. Lists of things become small tables."""
    return [_part(section, zone) for section in sections]


def _part(section: Section, zone: str) -> dict[str, Any]:
    nested = any(isinstance(value, (list, tuple)) for entry in section.entries[:1] for value in entry.values())
    most, count = MOST_ENTRIES if nested else MOST_LINES, len(section.entries)
    shown, note = section.entries[-most:], section.note
    if count > most:
        note = f"{note} The newest {most} of {count} are on these pages; all of them are in the JSON.".strip()
    return {"title": section.title, "note": note, "entries": [_lines(entry, zone) for entry in shown]}


def _lines(entry: Entry, zone: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for name, value in entry.items():
        if name in ONLY_IN_JSON:
            continue
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
            head = [label(key) for key in value[0] if key not in ONLY_IN_JSON]
            rows = [[words(key, cell, zone) for key, cell in row.items() if key not in ONLY_IN_JSON] for row in value]
            lines.append({"label": label(name), "head": head, "rows": rows})
        else:
            lines.append({"label": label(name), "text": words(name, value, zone)})
    return lines


def label(name: str) -> str:
    """A name as people read it: "born_on" is "Born on"."""
    return name.removesuffix("_cents").replace("_", " ").capitalize()


def words(name: str, value: Any, zone: str) -> str:
    """A value as people read it, moments in the person's own zone."""
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return moment(value, zone, "long")
    if isinstance(value, date):
        return day(value)
    if name.endswith("_cents") and isinstance(value, int):
        return money(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(words(name, one, zone) for one in value)
    text = str(value)
    return text.replace("_", " ") if name in CODED else text
