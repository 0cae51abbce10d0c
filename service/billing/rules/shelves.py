"""What the list of memberships can be narrowed to, and how that stands in an address. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

# The empty word is what staff see first: what was stopped, is unpaid, or ends.
SHELVES: Final = ("", "all", "active", "grace", "stopped", "ending", "skipped", "disputed", "unpaid_yet", "ended")
FAILED: Final = "failed"  # of the page of failed payments: in grace, or stopped after every try
WHY_STOPPED: Final = ("paused", "unpaid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which memberships somebody wants to see. What is empty does not narrow; what is set must all hold.

    `shelf`: one of SHELVES. `state`: where the patient lives. `plan`: a key of config/plans.toml. `stopped_for`: of
    stopped ones, paused by us or unpaid after every try.
    """

    shelf: str = ""
    state: str = ""
    plan: str = ""
    stopped_for: str = ""

    @property
    def narrowed(self) -> bool:
        """Is anything but the shelf chosen?"""
        return replace(self, shelf="") != Wanted()

    def address(self) -> dict[str, str]:
        """What stands in an address: codes alone, nothing of a patient."""
        words = {"show": self.shelf, "state": self.state, "plan": self.plan, "stopped_for": self.stopped_for}
        return {name: word for name, word in words.items() if word}


def wanted(asked: Mapping[str, str], *, states: Collection[str], plans: Collection[str]) -> Wanted:
    """What an address asks for. A word nobody offers does not narrow: an old bookmark shows more, never an error."""

    def one_of(name: str, known: Collection[str]) -> str:
        return word if (word := asked.get(name, "")) in known else ""

    return Wanted(
        shelf=one_of("show", SHELVES),
        state=one_of("state", states),
        plan=one_of("plan", plans),
        stopped_for=one_of("stopped_for", WHY_STOPPED),
    )


def as_id(text: str) -> UUID | None:
    """`text` as an id of ours, or None."""
    try:
        return UUID(text.strip()) if len(text.strip()) in (32, 36) else None
    except ValueError:
        return None
