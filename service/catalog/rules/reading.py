"""Reading one TOML table with a good memory: every mistake names its file, its key and the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

_NOTHING: Any = object()
T = TypeVar("T")


class CatalogError(Exception):
    """A file of the clinic says something that cannot be. `str()` reads "file: key: reason"."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


class Table:
    """One TOML table being read. `close()` refuses keys nobody asked for: a misspelt key must not be silent."""

    def __init__(self, file: str, values: Mapping[str, Any], path: str = "") -> None:
        self.file = file
        self._values = values
        self._path = path
        self._asked: set[str] = set()

    def fail(self, key: str, reason: str) -> CatalogError:
        """The error to raise about `key` of this table."""
        return CatalogError(self.file, self._name(key), reason)

    def text(self, key: str, default: str = _NOTHING) -> str:
        value = self._get(key, str, "a text", default)
        if value is not default and not value.strip():
            raise self.fail(key, "is empty")
        return str(value)

    def number(self, key: str, default: int = _NOTHING, *, least: int = 0) -> int:
        value = self._get(key, int, "a whole number", default)
        if value < least:
            raise self.fail(key, f"is {value}, and cannot be less than {least}")
        return int(value)

    def decimal(self, key: str) -> Decimal:
        """An exact number, written whole (9) or as a text ("3.9")."""
        value = self._get(key, (int, str), 'a whole number or a text like "3.9"', _NOTHING)
        try:
            return Decimal(value)
        except InvalidOperation:
            raise self.fail(key, f'is "{value}", and must be a number') from None

    def flag(self, key: str, default: bool = _NOTHING) -> bool:
        return bool(self._get(key, bool, "true or false", default))

    def day(self, key: str, default: date | None = _NOTHING) -> date:
        value: date = self._get(key, date, "a date like 2026-12-31", default)
        return value

    def day_or_none(self, key: str) -> date | None:
        return self.day(key) if key in self._values else None

    def clock_time(self, key: str) -> time:
        text = self.text(key)
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
            raise self.fail(key, f'is "{text}", and must be a time like 09:00')
        return time.fromisoformat(text)

    def zone(self, key: str, default: str = _NOTHING) -> str:
        """An IANA time zone that this machine knows."""
        name = self.text(key, default)
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise self.fail(key, f'"{name}" is not a time zone') from None
        return name

    def one_of(self, key: str, allowed: tuple[str, ...], default: str = _NOTHING) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.fail(key, f'is "{value}", and must be one of {", ".join(allowed)}')
        return value

    def like(self, key: str, pattern: str, example: str) -> str:
        value = self.text(key)
        if not re.fullmatch(pattern, value):
            raise self.fail(key, f'is "{value}", and must look like {example}')
        return value

    def texts(self, key: str, default: tuple[str, ...] = _NOTHING) -> tuple[str, ...]:
        if default is not _NOTHING and key not in self._values:
            return default
        values = self._get(key, list, "a list of texts", _NOTHING)
        if not all(isinstance(value, str) and value for value in values):
            raise self.fail(key, "must hold texts only")
        return tuple(values)

    def numbers(self, key: str, *, least: int = 0) -> tuple[int, ...]:
        """At least one whole number."""
        values = self._get(key, list, "a list of whole numbers", _NOTHING)
        if not values or not all(type(value) is int and value >= least for value in values):
            raise self.fail(key, f"must hold whole numbers of at least {least}")
        return tuple(values)

    def table(self, key: str) -> Table:
        return Table(self.file, self._get(key, dict, "a table", _NOTHING), self._name(key))

    def named_tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """Each sub-table of `[key.<name>]` with its name."""
        for name, values in self._get(key, dict, "a table of tables", {}).items():
            if not isinstance(values, dict):
                raise self.fail(f"{key}.{name}", "must be a table")
            yield name, Table(self.file, values, f"{self._name(key)}.{name}")

    def tables(self, key: str, *, needed: bool = True) -> tuple[Table, ...]:
        """Each table of `[[key]]`; its errors speak of `key[3]`, counted from 1."""
        rows = self._get(key, list, "a list of tables", _NOTHING if needed else [])
        if needed and not rows:
            raise self.fail(key, "is empty")
        for position, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                raise self.fail(f"{key}[{position}]", "must be a table")
        return tuple(Table(self.file, row, f"{self._name(key)}[{n}]") for n, row in enumerate(rows, 1))

    def names(self) -> tuple[str, ...]:
        """The keys that are there, in the file's order."""
        return tuple(self._values)

    def has(self, key: str) -> bool:
        return key in self._values

    def close(self) -> None:
        """Raise CatalogError when the table holds a key nobody read."""
        for key in self._values:
            if key not in self._asked:
                raise self.fail(key, "is not a key this file may have")

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str, kind: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        self._asked.add(key)
        if key not in self._values:
            if default is _NOTHING:
                raise self.fail(key, "is missing")
            return default
        value = self._values[key]
        # In Python True is an int; in a clinic's file it is a slip.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fail(key, f"must be {wanted}")
        return value


def unique(table: Table, key: str, values: tuple[T, ...], name: Callable[[T], str]) -> tuple[T, ...]:
    """`values` unchanged, or CatalogError when two of them go by the same name."""
    seen: set[str] = set()
    for value in values:
        if name(value) in seen:
            raise table.fail(key, f'names "{name(value)}" twice')
        seen.add(name(value))
    return values
