"""Everything the stand-in knows, in one SQLite file: objects by kind and id, found by field and by when they are due.

Readers see dictionaries; `commit` writes what changed in one transaction, so that a kill at any moment leaves
the state before or after a request, never half of it. Only the objects of late are kept in memory, so that a hundred
thousand subscriptions with their invoices and events need no more of it than a hundred.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from service.sandbox.stripe import tables
from service.sandbox.stripe.tables import Json, Row

__all__ = ["Json", "Row", "Store"]

#: So many objects stay in memory between two requests; a request itself keeps each one it touched.
KEPT = 5_000
PUT_WHOLE = ("delivery", "event", "idempotency")
Key = tuple[str, str]
#: When an object does something by itself: (whose clock, moment, rank among ties, what).
DueOf = Callable[[str, Json], list[tuple[str, int, int, str]]]


class Store:
    """Objects by kind and id, in the order they were made. Not thread-safe: the world's lock guards it."""

    def __init__(self, file: Path, due_of: DueOf = lambda kind, item: []) -> None:
        self._database = tables.opened(file)
        self._due_of = due_of
        self._forget()
        found = self._database.execute("SELECT max(seq) FROM object").fetchone()[0]
        self._next = (found or 0) + 1
        self._database.execute("BEGIN IMMEDIATE")
        for kind, body in tables.older(self._database):
            self.put(kind, json.loads(body))
        self._database.execute("COMMIT") if not self._changed else self.commit()

    def _forget(self) -> None:
        self._live: dict[Key, Json] = {}
        self._seq: dict[Key, int] = {}
        self._changed: dict[Key, None] = {}
        self._waiting: dict[Key, None] = {}
        self._written: dict[Key, tuple[str, Any]] = {}

    # One object ------------------------------------------------------------------------------------------------------

    def get(self, kind: str, identifier: str) -> Json | None:
        """The object, or None."""
        key = (kind, identifier)
        if (item := self._live.get(key)) is not None:
            return item
        if key in self._waiting:
            return None  # removed, and not yet so in the file
        row = self._database.execute("SELECT seq, body FROM object WHERE kind = ? AND id = ?", key).fetchone()
        return self._kept(key, *row) if row else None

    def _kept(self, key: Key, seq: int, body: str) -> Json:
        if (item := self._live.get(key)) is None:
            item = self._live[key] = json.loads(body)
            self._seq[key] = seq
        return item

    def put(self, kind: str, item: Json) -> None:
        """Keep a new object, or note that a kept one changed."""
        key = (kind, str(item["id"]))
        if key not in self._seq and self.get(*key) is None:
            self._seq[key] = self._next
            self._next += 1
        self._live[key] = item
        self._changed[key] = self._waiting[key] = None

    def remove(self, kind: str, identifier: str) -> None:
        """Forget it; nothing happens when it is not there."""
        if self.get(kind, identifier) is not None:
            del self._live[kind, identifier]
            self._changed[kind, identifier] = self._waiting[kind, identifier] = None

    def text(self, kind: str, identifier: str) -> str:
        """The object as JSON; empty when it is not there."""
        self.flush()
        sought = "SELECT body FROM object WHERE kind = ? AND id = ?"
        row = self._database.execute(sought, (kind, identifier)).fetchone()
        return str(row[0]) if row else ""

    # Many ------------------------------------------------------------------------------------------------------------

    def all(self, kind: str) -> list[Json]:
        """Every object of the kind, oldest first. For kinds of which there are few."""
        self.flush()
        rows = self._database.execute("SELECT id, seq, body FROM object WHERE kind = ? ORDER BY seq", (kind,))
        return [self._kept((kind, row[0]), row[1], row[2]) for row in rows]

    def of(self, kind: str, **same: Any) -> list[Json]:
        """Objects of a kind with these fields, oldest first: by index when one of the fields has one."""
        if isinstance(identifier := same.pop("id", None), str):
            one = self.get(kind, identifier)
            found = [] if one is None else [one]
        else:
            name = tables.best_index(kind, same)
            if name is None:
                found = self.all(kind)
            else:
                self.flush()
                rows = self._database.execute(tables.BY_TAG, (kind, name, same.pop(name)))
                found = [self._kept((kind, row[0]), row[1], row[2]) for row in rows]
        return [item for item in found if all(tables.field(item, name) == value for name, value in same.items())]

    def count(self, kind: str) -> int:
        """How many there are."""
        self.flush()
        return int(self._database.execute("SELECT count(*) FROM object WHERE kind = ?", (kind,)).fetchone()[0])

    def newest(
        self, kind: str, same: Json, edges: dict[str, int], *, past: str = "", up: bool = False
    ) -> Iterator[Json]:
        """Copies of a kind's objects with these fields, one by one, from the newest on, or up from the oldest.

        `past` is the id to begin after; `edges` bound `created`. The store must not change while it is read.
        """
        self.flush()
        place = self._database.execute("SELECT created, seq FROM object WHERE kind = ? AND id = ?", (kind, past))
        words, values, rest = tables.walk(kind, same, edges, place.fetchone() if past else None, up=up)
        for row in self._database.execute(words, values):
            item: Json = json.loads(row[0])
            if all(tables.field(item, name) == value for name, value in rest.items()):
                yield item

    def due(self, clock: str) -> tuple[int, str, str, str] | None:
        """The next thing due by this clock: (moment, what, kind, id); ties in the order of ranks, then of age."""
        self.flush()
        row: tuple[int, str, str, str] | None = self._database.execute(tables.NEXT_DUE, (clock,)).fetchone()
        return row

    def load(self, rows: Iterable[Row]) -> None:
        """Put in many new objects at once, past the memory."""
        self.commit()
        self._database.execute("BEGIN IMMEDIATE")
        self._next = tables.insert(self._database, self._next, rows)
        self._database.execute("COMMIT")

    # Writing ---------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Into the file what was put since the last time, so that it is found; undone by `rollback` still."""
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            self._write(waiting)

    def _write(self, keys: dict[Key, None]) -> None:
        if not self._database.in_transaction:
            self._database.execute("BEGIN IMMEDIATE")
        for key in keys:
            item = self._live.get(key)
            if item is None:
                tables.delete(self._database, self._seq.pop(key))
                self._written.pop(key, None)
                continue
            body = json.dumps(item)
            tagged = (tables.tags(item), self._due_of(key[0], item))
            before = self._written.get(key)
            if before is None or before[0] != body:
                tables.write(self._database, self._seq[key], key, item, body)
            if before is None or before[1] != tagged:
                tables.find_by(self._database, self._seq[key], key[0], item, *tagged)
            self._written[key] = (body, tagged)

    def commit(self) -> None:
        """Write what changed since the last commit, all or nothing."""
        if self._changed:
            # Once more all that changed, not only what is waiting: whoever changed an object after it was put is heard.
            self._waiting = {}
            # Except of the kinds that are the many, and that nobody holds on to.
            again = (key for key in self._changed if key in self._seq)
            self._write({key: None for key in again if key[0] not in PUT_WHOLE or key not in self._written})
            self._changed = {}
            self._written = {}
            self._database.execute("COMMIT")
        if len(self._live) > KEPT:
            self._forget()

    def touched(self) -> list[Key]:
        """Kind and id of what was put since the last commit and is still there, in that order."""
        return [key for key in self._changed if key in self._live]

    def rollback(self) -> None:
        """Back to the last commit: for a mistake of ours, not for an error Stripe would answer."""
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        self._forget()

    def close(self) -> None:
        """Write and let go of the file."""
        self.commit()
        self._database.close()
