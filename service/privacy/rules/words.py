"""The same copy twice: exact for programs, in words for people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from service.kit.format import day, moment, money
from service.privacy.rules.copies import FORMAT, VERSION, Entry, Section
from service.privacy.rules.spoken import said

# Numbers behind an answer in words, and what only a program can compare.
ONLY_IN_JSON = ("value", "document", "sha256", "sha256_of_the_text", "questions_version", "rules_version")
# What repeats by the dozen on one day is one line with a number; the JSON has each.
FOLDED = ("your_acts", "who_looked")
LABELS = {"zip": "ZIP code", "wording": "The whole text"}
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
    entries = _folded(section.entries, zone) if section.key in FOLDED else section.entries
    most, count = MOST_ENTRIES if nested else MOST_LINES, len(entries)
    shown, note = entries[-most:], section.note
    if count > most:
        note = f"{note} The newest {most} of {count} are on these pages; all of them are in the JSON.".strip()
    return {"title": section.title, "note": note, "entries": [_lines(entry, zone) for entry in shown]}


def _folded(entries: list[Entry], zone: str) -> list[Entry]:
    """The same lines, those that follow each other on one day and differ in nothing but the time put together."""
    out: list[Entry] = []
    for same, group in groupby(entries, key=lambda one: (moment(one["at"], zone, "day-only long"), _but_when(one))):
        found = list(group)
        times = f" ({len(found)} times)" if len(found) > 1 else ""
        out.append({"at": found[0]["at"], **same[1], "what": f"{found[0]['what']}{times}"})
    return out


def _but_when(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if name != "at"}


def _lines(entry: Entry, zone: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for name, value in entry.items():
        if name in ONLY_IN_JSON:
            continue
        if name == "wording":
            lines.append({"label": label(name), "paragraphs": paragraphs(str(value))})
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
            head = [label(key) for key in value[0] if key not in ONLY_IN_JSON]
            rows = [[words(key, cell, zone) for key, cell in row.items() if key not in ONLY_IN_JSON] for row in value]
            lines.append({"label": label(name), "head": head, "rows": rows})
        else:
            lines.append({"label": label(name), "text": words(name, value, zone)})
    return lines


def label(name: str) -> str:
    """A name as people read it: "born_on" is "Born on"."""
    return LABELS.get(name) or name.removesuffix("_cents").replace("_", " ").capitalize()


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
    return said(name, text) or (text.replace("_", " ") if name in CODED else text)


def paragraphs(markdown: str) -> list[str]:
    """A document's paragraphs as plain text: each on one line, without the marks of its headings and lists."""
    plain = re.sub(r"(?m)^\|[-|: ]+\|$\n?", "", markdown)  # the line under a table's head
    plain = re.sub(r"(?m)^\| (.*) \|$", lambda row: "\n" + row[1].replace(" | ", " \N{MIDDLE DOT} "), plain)
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain)  # a letter that is meant as a letter
    apart = re.sub(r"(?m)^[-*] +", "\n\N{BULLET} ", plain)
    parts = (re.sub(r"^#+ +", "", " ".join(part.split())) for part in re.split(r"\n\s*\n", apart))
    return [part.replace("**", "") for part in parts if part]
