"""The store's tables: objects, the fields they are found by, and when they are due."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

Json = dict[str, Any]


class Row(NamedTuple):
    """An object ready for the file, with what it is found by."""

    kind: str
    id: str
    created: int
    body: str
    tags: list[tuple[str, str]]
    due: list[tuple[str, int, int, str]]


#: Fields an object is found by, the most telling first.
INDEXED = (
    *("invoice", "subscription", "payment_intent", "charge", "default_payment_method", "customer"),
    *("promotion_code", "coupon", "lookup_key", "code", "email", "product", "test_clock", "status"),
)
#: Kinds that are looked for by how they stand.
BY_STATUS = ("checkout.session", "dispute", "invoice", "subscription", "test_helpers.test_clock")
SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, created INTEGER, body TEXT, UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS object_created ON object (kind, created, seq);
CREATE TABLE IF NOT EXISTS tag (
    kind TEXT, name TEXT, value TEXT, created INTEGER, seq INTEGER,
    PRIMARY KEY (kind, name, value, created, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_seq ON tag (seq);
CREATE TABLE IF NOT EXISTS due (
    clock TEXT, at INTEGER, rank INTEGER, seq INTEGER, what TEXT, PRIMARY KEY (clock, at, rank, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due_seq ON due (seq);
"""
BY_TAG = (
    "SELECT object.id, object.seq, object.body FROM tag JOIN object USING (seq)"
    " WHERE tag.kind = ? AND tag.name = ? AND tag.value = ? ORDER BY tag.seq"
)
NEXT_DUE = (
    "SELECT due.at, due.what, object.kind, object.id FROM due JOIN object USING (seq)"
    " WHERE due.clock = ? ORDER BY due.at, due.rank, due.seq LIMIT 1"
)
COMPARED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def opened(file: Path) -> sqlite3.Connection:
    """The database, with its tables. Raises sqlite3.OperationalError when another stand-in has it."""
    database = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=1)
    # Exclusive: two stand-ins on one folder would each believe its own memory.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA cache_size = -64000")
    columns = [row[1] for row in database.execute("PRAGMA table_info(object)")]
    if columns and "created" not in columns:
        database.execute("ALTER TABLE object RENAME TO older")
    database.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT;")
    return database


def older(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """(kind, body) of what a stand-in of before kept without indexes, taken out, oldest first."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'older'").fetchone():
        return []
    rows: list[tuple[str, str]] = database.execute("SELECT kind, body FROM older ORDER BY seq").fetchall()
    database.execute("DROP TABLE older")
    return rows


def field(item: Json, name: str) -> Any:
    """What an object says under a name; two of them lie deeper since 2025 (docs.stripe.com/changelog)."""
    if name in item:
        return item[name]
    if name == "subscription" and item.get("object") == "invoice":
        return ((item["parent"] or {}).get("subscription_details") or {}).get("subscription")
    if name == "payment_intent" and item.get("object") == "invoice_payment":
        return item["payment"]["payment_intent"]
    if name == "coupon" and item.get("object") == "promotion_code":
        return item["promotion"]["coupon"]
    return None


def tags(item: Json) -> list[tuple[str, str]]:
    """The fields it is found by."""
    if item.get("object", "event") == "event":
        return [("type", item["type"])] if "type" in item else []
    names = INDEXED if item["object"] in BY_STATUS else INDEXED[:-1]
    named = ((name, field(item, name)) for name in names)
    return [(name, value) for name, value in named if isinstance(value, str)]


def best_index(kind: str, same: Json) -> str | None:
    """The field to look these up by, None when all have to be read."""
    names = {"event": ("type",)}.get(kind, INDEXED if kind in BY_STATUS else INDEXED[:-1])
    return next((name for name in names if isinstance(same.get(name), str)), None)


def walk(
    kind: str, same: Json, edges: dict[str, int], past: tuple[int, int] | None, *, up: bool
) -> tuple[str, list[Any], Json]:
    """The query for a walk, its values, and the fields that it leaves to be looked at."""
    rest, name = dict(same), best_index(kind, same)
    values: list[Any] = [kind]
    if name is None:
        words, table = "SELECT body FROM object WHERE kind = ?", "object"
    else:
        words = "SELECT body FROM tag JOIN object USING (seq) WHERE tag.kind = ? AND tag.name = ? AND tag.value = ?"
        values += [name, rest.pop(name)]
        table = "tag"
    for edge, moment in edges.items():
        words += f" AND {table}.created {COMPARED[edge]} ?"
        values.append(moment)
    if past is not None:
        words += f" AND ({table}.created, {table}.seq) {'>' if up else '<'} (?, ?)"
        values += past
    way = "ASC" if up else "DESC"
    return f"{words} ORDER BY {table}.created {way}, {table}.seq {way}", values, rest


def write(database: sqlite3.Connection, seq: int, key: tuple[str, str], item: Json, body: str) -> None:
    """Keep the object itself."""
    database.execute("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?)", (seq, *key, item.get("created", 0), body))


def find_by(
    database: sqlite3.Connection,
    seq: int,
    kind: str,
    item: Json,
    named: list[tuple[str, str]],
    due: list[tuple[str, int, int, str]],
) -> None:
    """Keep what it is found by, instead of what it was found by before."""
    database.execute("DELETE FROM tag WHERE seq = ?", (seq,))
    database.execute("DELETE FROM due WHERE seq = ?", (seq,))
    created = item.get("created", 0)
    database.executemany("INSERT INTO tag VALUES (?, ?, ?, ?, ?)", [(kind, *one, created, seq) for one in named])
    database.executemany("INSERT INTO due VALUES (?, ?, ?, ?, ?)", [(*one[:3], seq, one[3]) for one in due])


def insert(database: sqlite3.Connection, seq: int, rows: Iterable[Row]) -> int:
    """Put in new objects, numbered from `seq`; returns the number after the last."""
    known = iter(rows)
    while batch := list(itertools.islice(known, 5000)):
        objects, named, due = [], [], []
        for row in batch:
            objects.append((seq, row.kind, row.id, row.created, row.body))
            named += [(row.kind, name, value, row.created, seq) for name, value in row.tags]
            due += [(clock, at, rank, seq, what) for clock, at, rank, what in row.due]
            seq += 1
        database.executemany("INSERT INTO object VALUES (?, ?, ?, ?, ?)", objects)
        database.executemany("INSERT INTO tag VALUES (?, ?, ?, ?, ?)", named)
        database.executemany("INSERT INTO due VALUES (?, ?, ?, ?, ?)", due)
    return seq


def delete(database: sqlite3.Connection, seq: int) -> None:
    """Forget it."""
    for table in ("object", "tag", "due"):
        database.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
