"""Who works here: how long an invitation lasts, and what an owner may do to whom. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from service.kit.errors import NotAllowed, Rejected, words

INVITATION_LIFE = timedelta(hours=72)  # shared/domain.md 9.4: single use, mailed, short-lived
REASON_LEAST, REASON_MOST = 5, 300  # characters

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


def checked_reason(text: str) -> str:
    """Why somebody loses something, in one line, for the trail. Raises Rejected."""
    reason = " ".join(text.split())
    if not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise Rejected("reason_missing", words("Give a reason in a few words, without anything about a patient."))
    return reason
