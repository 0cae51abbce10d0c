"""Who may book which kind of visit, and for which state. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["consultation", "follow_up", "transfer"]

BEFORE_A_DECISION: Final = ("assessed", "booked", "more_info")
AFTER_A_DECISION: Final = ("decided", "approved", "consented", "active")
MOVES_THE_ENROLLMENT: Final = "consultation"  # the others leave it where it is


@dataclass(frozen=True, slots=True)
class Wanted:
    """The visit that is next for somebody. `state` is where its clinician must hold a licence."""

    kind: Kind
    state: str


def wanted(status: str, state: str, moving_to: str | None) -> Wanted | None:
    """The kind of visit somebody at `status` may book, or None. Whoever moved sees a clinician of the new state."""
    if status in BEFORE_A_DECISION:
        return Wanted("consultation", state)
    if status in AFTER_A_DECISION:
        return Wanted("transfer", moving_to) if moving_to else Wanted("follow_up", state)
    return None
