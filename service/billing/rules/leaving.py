"""Why somebody ends their membership, if they care to say. Nothing of it is about health. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from service.kit.errors import words

WHY: Final = MappingProxyType(
    {
        "cost": words("It costs too much"),
        "time": words("It takes too much time"),
        "elsewhere": words("I get care somewhere else"),
        "not_for_me": words("It is not what I was looking for"),
        "service": words("Something went wrong with the service"),
        "moving": words("I am moving"),
        "other": words("Something else"),
    }
)
COMMENT_MAX: Final = 1000
# config/alerts.toml: somebody pays no more; a clinician sees that nothing they need stops from one day to the next.
TASK: Final = "LEAVING"
# config/refunds.toml: the patient asked for an end at once.
ASKED: Final = "asked"


def reason_kept(said: str | None) -> str | None:
    """The reason as it is kept: one of ours, or none. Nobody has to say why."""
    return said if said in WHY else None
