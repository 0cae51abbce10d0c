"""The table of docs/where-data-may-appear.toml: which field may appear where."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from config.settings import HOUSE
from tests.marks import Mark

TABLE = HOUSE / "docs" / "where-data-may-appear.toml"
PAGE = HOUSE / "docs" / "where-data-may-appear.md"
SHOWN = "yes"


@dataclass(frozen=True)
class Field:
    """One kind of personal value, where it is kept, and where it may be met."""

    name: str
    of: str
    columns: tuple[str, ...]
    may: tuple[str, ...]
    value: str = ""
    also: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()
    why: str = ""

    @property
    def mark(self) -> Mark:
        """Its marked value."""
        return Mark(self.name, self.value, self.also)


@dataclass(frozen=True)
class Table:
    """The whole of it. `sinks` say what they are; `not_walked` are sealed columns without a mark, and why."""

    sinks: dict[str, str]
    fields: dict[str, Field]
    not_walked: dict[str, str]


@cache
def table() -> Table:
    """The table as it stands."""
    told = tomllib.loads(TABLE.read_text("utf-8"))
    fields = {}
    for name, about in told["fields"].items():
        lists = {key: tuple(value) for key, value in about.items() if isinstance(value, list)}
        plain = {key: value for key, value in about.items() if not isinstance(value, list)}
        fields[name] = Field(**{"name": name, "of": "first", "columns": (), "may": (), **plain, **lists})
    return Table(told["sinks"], fields, told["not_walked"])


def place_of(sink: str, of: str) -> str:
    """The sink by the table's name: whose page it is depends on whose value it is."""
    whose, own = sink.removeprefix("export of the "), sink.startswith("export of the ")
    if own:
        return "own copy" if whose == of else "another's copy"
    if sink == of:
        return "own pages"
    return "another patient" if sink in ("first", "second") else sink


def rendered() -> str:
    """The table as a page for people."""
    found = table()
    lines = [
        "# Where data may appear",
        "",
        "Made from `where-data-may-appear.toml` by `tests/journeys/where.py`; a test keeps the two equal. Another test",
        "drives the journeys through a live sandbox with a marked value in every field, reads every sink, and fails on",
        "a mark outside its cells, in any spelling (plain, lower-case, URL-encoded, JSON, hex, base64), and on a cell",
        "that never filled.",
        "",
        "## The sinks",
        "",
        *(f"* **{name}**: {words}" for name, words in found.sinks.items()),
        "",
        "## The fields",
        "",
        "| Field | Sealed in | May appear in | |",
        "|---|---|---|---|",
    ]
    for one in found.fields.values():
        columns = ", ".join(f"`{column}`" for column in one.columns) or "not kept"
        lines.append(f"| {one.name} | {columns} | {', '.join(one.may) or 'nowhere'} | {one.why} |")
    lines += ["", "Sealed, and not walked by the test:", ""]
    lines += [f"* `{column}`: {why}" for column, why in found.not_walked.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(rendered(), "utf-8")
