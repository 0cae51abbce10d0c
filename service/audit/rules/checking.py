"""What may be wrong with a chain, found in one pass that remembers one link. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.audit.rules.chain import NOTHING, Entry, Head, link

TOLD = 50  # after so many, findings are only counted


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a purge ended. `signed` says whether our key made its signature."""

    position: int
    hash: bytes
    removed: int
    made_at: datetime
    signed: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head as it was written down outside the database. `signed` as above."""

    day: str
    position: int
    hash: bytes
    links: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `kind` is a stable word, `words` a sentence."""

    kind: str
    words: str
    position: int | None = None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Lost:
    """The first place where the chain broke: what stood before it, and the hash that stands in it."""

    before: bytes
    position: int
    stored: bytes


@dataclass
class Check:
    """Feed it every link in order of position, then `end` it. `findings` empty means the chain holds."""

    checkpoints: Sequence[Checkpoint] = ()
    anchors: Sequence[Anchor] = ()
    findings: list[Finding] = field(default_factory=list)
    told_not: int = 0
    links: int = 0
    compared: int = 0

    def __post_init__(self) -> None:
        self.start = self._start()
        self.head = self.start
        self._lost: _Lost | None = None
        self._marks: Mapping[int, list[Anchor]] = self._by_position()
        self._compare(self.start)

    def feed(self, position: int, stored: bytes, entry_id: int, entry: Entry | None) -> None:
        """One link, with its entry, or None where that is gone."""
        self.links += 1
        before, expected = self.head.hash, self.head.position + 1
        if position < expected:
            self._find("not_purged", f"Position {position} stands before the last checkpoint.", position, entry_id)
            return
        self.head = Head(position, stored)
        self._compare(self.head)
        if position > expected:
            gone = f"{expected}" if position == expected + 1 else f"{expected} to {position - 1}"
            self._find("missing", f"Links are missing from the chain: position {gone}.", expected)
        elif entry is None:
            words = f"Entry {entry_id}, sealed at position {position}, was removed."
            self._find("entry_removed", words, position, entry_id)
        elif link(before, entry) != stored:
            self._broken(before, position, stored, entry)

    def end(self, unsealed: int, first_unsealed: int | None) -> None:
        """After the last link: what outside witnesses say, and how many old entries were never sealed."""
        beyond = [anchor for anchor in self.anchors if anchor.signed and anchor.position > self.head.position]
        if beyond:
            far = max(beyond, key=lambda anchor: anchor.position)
            words = (
                f"The tail is cut: on {far.day} the chain reached position {far.position}, "
                f"now it ends at {self.head.position}."
            )
            self._find("cut_tail", words, self.head.position + 1)
        if unsealed:
            words = f"Never sealed, though older than a minute: {unsealed} entries, the first is {first_unsealed}."
            self._find("never_sealed", words, None, first_unsealed)

    def _start(self) -> Head:
        gone = 0
        start = NOTHING
        for one in self.checkpoints:
            gone += one.removed
            if not one.signed or gone != one.position or one.position <= start.position:
                words = f"The checkpoint at position {one.position} is not ours: its signature or its count is wrong."
                self._find("forged_checkpoint", words, one.position)
                gone = one.position
            start = Head(one.position, one.hash)
        return start

    def _by_position(self) -> dict[int, list[Anchor]]:
        found: dict[int, list[Anchor]] = {}
        for anchor in self.anchors:
            if not anchor.signed:
                self._find("forged_anchor", f"The anchor of {anchor.day} is not ours: its signature is wrong.")
            else:
                found.setdefault(anchor.position, []).append(anchor)
        return found

    def _compare(self, head: Head) -> None:
        for anchor in self._marks.get(head.position, ()):
            self.compared += 1
            if anchor.hash != head.hash:
                words = (
                    f"Rolled back or written anew: on {anchor.day} another hash stood at position {head.position} "
                    "than stands there now."
                )
                self._find("rollback", words, head.position)
                return

    def _broken(self, before: bytes, position: int, stored: bytes, entry: Entry) -> None:
        lost = self._lost
        if lost is None:
            self._lost = _Lost(before, position, stored)
        elif link(lost.before, entry) in (stored, lost.stored):
            words = f"Links changed places: what belongs at position {lost.position} stands at {position}."
            self._find("reordered", words, position, entry.id)
            return
        words = f"The chain breaks at position {position}: entry {entry.id} or its link was changed."
        self._find("broken", words, position, entry.id)

    def _find(self, kind: str, words: str, position: int | None = None, entry_id: int | None = None) -> None:
        if len(self.findings) < TOLD:
            self.findings.append(Finding(kind, words, position, entry_id))
        else:
            self.told_not += 1
