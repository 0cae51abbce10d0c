"""Who works here: how long an invitation lasts, and what an owner may do to whom. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from service.kit.errors import NotAllowed, Rejected, words

INVITATION_LIFE = timedelta(hours=72)  # shared/domain.md 9.4: single use, mailed, short-lived
# Why somebody's place is changed, as the trail keeps it: codes, because the trail is for ever and holds no content.
REASONS: Final = ("leaving", "new_duties", "lost_device", "asked", "out_of_reach", "concern", "mistake", "other")

OWNERS_ONLY = NotAllowed("owners_only", words("Only an owner may do this."))
NOT_ONESELF = NotAllowed(
    "not_oneself", words("Nobody changes their own place on the team. Ask another owner to do it for you.")
)
LAST_OWNER = NotAllowed(
    "last_owner", words("This is the last owner. Make somebody else an owner first, so that the practice keeps one.")
)
NO_SUCH_ROLE = Rejected("no_such_role", words("There is no such role."))


def check_may_change(owners: Collection[UUID], *, by: UUID | None, whom: UUID) -> None:
    """May `by` (None: the command line) change the place of `whom`? `owners` are the active ones, locked.

    Raises NotAllowed: only an owner, never one's own place.
    """
    if by is None:
        return
    if by not in owners:
        raise OWNERS_ONLY
    if by == whom:
        raise NOT_ONESELF


def check_an_owner_stays(owners: Collection[UUID], *, without: UUID) -> None:
    """Raises NotAllowed where the practice would be left without an active owner."""
    if not set(owners) - {without}:
        raise LAST_OWNER


def checked_reason(reason: str) -> str:
    """Why somebody loses something, as a code for the trail. Raises Rejected."""
    if reason not in REASONS:
        raise Rejected("reason_missing", words("Choose one of the reasons."))
    return reason
