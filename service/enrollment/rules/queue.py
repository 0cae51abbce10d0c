"""What the queue can be narrowed to, how that stands in an address, and who is waited for at each status. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from service.enrollment.rules.status import STATUSES, WAITING_FOR_CLINICIAN, WAITING_FOR_STAFF

OVER: Final = ("declined", "ended")
LISTED: Final = tuple(status for status in STATUSES if status not in OVER)
WAITING: Final = (*WAITING_FOR_CLINICIAN, *WAITING_FOR_STAFF)
WAITING_FOR_PATIENT: Final = tuple(status for status in LISTED if status not in (*WAITING, "active"))
# Several statuses under one word; the empty word is what staff see first.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"": WAITING, "patient": WAITING_FOR_PATIENT, "all": LISTED}
OWNERS: Final = ("mine", "nobody", "left")  # or a colleague, by their id
FLAGS: Final = ("hold", "alert")
SINCE: Final = (1, 3, 7, 14, 30)  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom somebody wants to see. What is empty does not narrow; what is set must all hold.

    `status`: one, or a word of GROUPS. `owner`: one of OWNERS, or a colleague's id. `flag`: one of FLAGS. `moving`:
    lives in another state by now. `today`: has a visit booked today. `longer`: waits longer than so many days.
    """

    status: str = ""
    state: str = ""
    owner: str = ""
    flag: str = ""
    moving: bool = False
    today: bool = False
    longer: int = 0

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that `status` stands for."""
        return GROUPS.get(self.status) or (self.status,)

    @property
    def longer_than(self) -> timedelta:
        """How long at least somebody waits."""
        return timedelta(days=self.longer)

    @property
    def narrowed(self) -> bool:
        """Is anything but the status chosen?"""
        return replace(self, status="") != Wanted()

    def address(self) -> dict[str, Any]:
        """What stands in an address: codes, and at most a colleague's random id. Nothing of a patient."""
        words = {"status": self.status, "state": self.state, "owner": self.owner, "flag": self.flag}
        ticks = {"moving": "y" if self.moving else "", "today": "y" if self.today else ""}
        return {name: word for name, word in {**words, **ticks, "longer": str(self.longer or "")}.items() if word}


def wanted(asked: Mapping[str, str], states: Collection[str]) -> Wanted:
    """What an address asks for. A word nobody offers does not narrow: an old bookmark shows more, never an error."""

    def one_of(name: str, known: Collection[str]) -> str:
        return word if (word := asked.get(name, "")) in known else ""

    days = one_of("longer", [str(day) for day in SINCE])
    owner = asked.get("owner", "")
    return Wanted(
        status=one_of("status", (*GROUPS, *LISTED)),
        state=one_of("state", states),
        owner=owner if owner in OWNERS or _is_id(owner) else "",
        flag=one_of("flag", FLAGS),
        moving=asked.get("moving") == "y",
        today=asked.get("today") == "y",
        longer=int(days or 0),
    )


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
