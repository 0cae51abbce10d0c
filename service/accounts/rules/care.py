"""Who may look after patients, and what breaking the glass allows. Pure.

Wall time throughout: an emergency look is measured by the clock on the wall, like a sign-in (shared/domain.md 9.2).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from service.kit.errors import NotAllowed, words

CARERS: Final = ("clinician", "coordinator", "owner")  # billing and auditors look after nobody
GLASS_LASTS: Final = timedelta(minutes=60)
REVIEW_WITHIN: Final = timedelta(days=7)
GLASS_REASONS: Final = ("emergency", "covering", "asked", "other")
WORDS_MIN, WORDS_MAX = 10, 2000
ONLY_READING: Final = NotAllowed(
    "only_reading",
    words("An emergency look lets you read, not sign. Ask a colleague on the care team, or an owner, to add you."),
)


def may_review(*, role: str | None, viewer: object, looker: object, looker_is_only_owner: bool) -> bool:
    """May `viewer` judge the look of `looker`? An owner may, never their own; the auditor where no owner is left."""
    if viewer == looker:
        return False
    return role == "owner" or (role == "auditor" and looker_is_only_owner)


def overdue(opened_at: datetime, wall_now: datetime) -> bool:
    """Has a look waited for its review for longer than seven days?"""
    return wall_now - opened_at > REVIEW_WITHIN
