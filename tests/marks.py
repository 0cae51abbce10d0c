"""Values that nobody would type by chance, and every form in which one of them might turn up somewhere."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, quote_plus


def _inner_base64(value: bytes, alphabet: bytes) -> list[bytes]:
    """How `value` looks inside a longer base64 text, at each of the three places it may begin."""
    found = []
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + value, alphabet).rstrip(b"=")
        start = -(-lead * 8 // 6)
        end = len(text) if (lead + len(value)) % 3 == 0 else len(text) - 1
        found.append(text[start:end])
    return found


@dataclass(frozen=True)
class Mark:
    """One marked value. `forms` are its spellings: a name in capitals is the same name."""

    name: str
    value: str
    also: tuple[str, ...] = field(default=())  # other ways our own pages would write it: a date in words

    @cached_property
    def plain(self) -> frozenset[bytes]:
        """Every form that does not heed capitals, in lower-case letters."""
        found: set[str] = set()
        for value in (self.value, *self.also):
            for one in (value, value.lower()):
                found |= {one, quote(one, safe=""), quote_plus(one), json.dumps(one).strip('"'), one.encode().hex()}
        return frozenset(one.encode().lower() for one in found)

    @cached_property
    def encoded(self) -> frozenset[bytes]:
        """The value in base64. A short number has none that would be its own."""
        if self._short:
            return frozenset()
        values = (self.value, self.value.lower(), *self.also)
        return frozenset(
            one for value in values for how in (b"+/", b"-_") for one in _inner_base64(value.encode(), how)
        )

    @cached_property
    def _alone(self) -> re.Pattern[bytes]:
        """A short number by itself: inside a longer one, or inside an id, it is another number."""
        either = b"|".join(re.escape(one) for one in self.plain)
        return re.compile(rb"(?<![0-9a-z-])(?:" + either + rb")(?![0-9a-z-])")

    @property
    def _short(self) -> bool:
        return len(self.value) < 6

    def is_in(self, content: bytes, lowered: bytes | None = None) -> bool:
        """Whether `content` shows the value in any form."""
        lowered = content.lower() if lowered is None else lowered
        if self._short:
            return self._alone.search(lowered) is not None
        return any(one in lowered for one in self.plain) or any(one in content for one in self.encoded)


def found(marks: list[Mark], content: bytes) -> set[str]:
    """The names of the marks that `content` shows."""
    lowered = content.lower()
    return {mark.name for mark in marks if mark.is_in(content, lowered)}
