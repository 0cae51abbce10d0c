"""Who may end somebody's care, why, and what that does to them. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from service.kit.errors import words

# Why staff end care (config/refunds.toml says what each gives back), and who may say so. Whether somebody is still to
# be treated is a clinician's to decide; what has happened anyway, whoever learns of it records.
WHO: Final = MappingProxyType(
    {
        "care_ended": ("clinician",),
        "safety_stop": ("clinician",),
        "approval_withdrawn": ("clinician",),
        "consent_withdrawn": ("clinician", "coordinator", "owner"),
        "out_of_state": ("clinician", "coordinator", "owner"),
        "died": ("clinician", "coordinator", "owner"),
    }
)
WORDS: Final = MappingProxyType(
    {
        "care_ended": words("Treatment is complete, or goes on elsewhere"),
        "safety_stop": words("It is not safe to go on"),
        "approval_withdrawn": words("A clinician takes the approval back"),
        "consent_withdrawn": words("The patient took a consent back and does not give it again"),
        "out_of_state": words("The patient lives where we cannot treat"),
        "died": words("The patient has died"),
    }
)
DELIVERED_WORDS: Final = MappingProxyType(
    {
        "nothing_yet": words("Nothing was ever delivered to them"),
        "not_this_month": words("Nothing in the month that is paid for now"),
        "this_month": words("Something in the month that is paid for now, or I do not know"),
    }
)
MAY_END: Final = ("clinician", "coordinator", "owner")
NOTE_MAX: Final = 2000


def reasons_for(role: str | None) -> tuple[str, ...]:
    """The reasons somebody of this role may give, in the order of the page."""
    return tuple(reason for reason, roles in WHO.items() if role in roles)


def tells_nobody(reason: str) -> bool:
    """No mail goes to somebody who has died, nor to whoever reads their mail now."""
    return reason == "died"
