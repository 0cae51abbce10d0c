"""Everything the stand-in knows: objects in memory, written through to one SQLite file.

Readers see dictionaries; `commit` writes what changed in one transaction, so that a kill at any moment leaves
the state before or after a request, never half of it.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Store:
    """Objects by kind and id, in the order they were made. Not thread-safe: the world's lock guards it."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=1)
        # Exclusive: two stand-ins on one folder would each believe its own memory.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS object"
            " (kind TEXT, id TEXT, seq INTEGER, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        self._load()

    def _load(self) -> None:
        self._objects: dict[str, dict[str, Json]] = {}
        self._seq: dict[tuple[str, str], int] = {}
        self._changed: set[tuple[str, str]] = set()
        for kind, identifier, seq, body in self._database.execute(
            "SELECT kind, id, seq, body FROM object ORDER BY seq"
        ):
            self._objects.setdefault(kind, {})[identifier] = json.loads(body)
            self._seq[kind, identifier] = seq
        self._next = max(self._seq.values(), default=0) + 1

    def get(self, kind: str, identifier: str) -> Json | None:
        """The object, or None."""
        return self._objects.get(kind, {}).get(identifier)

    def all(self, kind: str) -> list[Json]:
        """Every object of the kind, oldest first."""
        return list(self._objects.get(kind, {}).values())

    def put(self, kind: str, item: Json) -> None:
        """Keep a new object, or note that a kept one changed."""
        key = (kind, str(item["id"]))
        if key not in self._seq:
            self._seq[key] = self._next
            self._next += 1
        self._objects.setdefault(kind, {})[key[1]] = item
        self._changed.add(key)

    def remove(self, kind: str, identifier: str) -> None:
        """Forget it; nothing happens when it is not there."""
        if self._objects.get(kind, {}).pop(identifier, None) is not None:
            self._changed.add((kind, identifier))

    def commit(self) -> None:
        """Write what changed since the last commit, all or nothing."""
        if not self._changed:
            return
        self._database.execute("BEGIN IMMEDIATE")
        for key in sorted(self._changed, key=lambda changed: self._seq[changed]):
            item = self.get(*key)
            if item is None:
                self._database.execute("DELETE FROM object WHERE kind = ? AND id = ?", key)
                del self._seq[key]
            else:
                self._database.execute(
                    "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?)", (*key, self._seq[key], json.dumps(item))
                )
        self._database.execute("COMMIT")
        self._changed.clear()

    def rollback(self) -> None:
        """Back to the last commit: for a mistake of ours, not for an error Stripe would answer."""
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        self._load()

    def close(self) -> None:
        """Write and let go of the file."""
        self.commit()
        self._database.close()
