"""Ten codes for the day the phone is lost."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts.actions.factors.settle import changing
from service.accounts.queries.factors import has_factor
from service.accounts.rules.factors import new_recovery_codes
from service.accounts.writes import factors as proofs
from service.accounts.writes import tell_security_changed
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, words

NOTHING_TO_RECOVER = Conflict(
    "no_second_step", words("Recovery codes stand in for an app or a passkey. Add one of those first.")
)


def make_recovery_codes(
    *, user_id: UUID, sign_in_id: UUID, actor: Actor, now: datetime, wall_now: datetime
) -> list[str]:
    """Ten new codes, in place of any others. They are returned this once, and kept only as digests.

    Raises Conflict for somebody without an app or a passkey.
    """
    codes = new_recovery_codes()
    with db.transaction() as session:
        user, _ = changing(session, user_id, sign_in_id, wall_now)
        if not has_factor(session, user):
            raise NOTHING_TO_RECOVER
        proofs.keep_recovery_codes(session, user_id, codes, wall_now)
        tell_security_changed(session, user_id=user_id, what="recovery_codes_made", now=now)
        audit.record(session, actor, "account.make_recovery_codes", "user", user_id)
    return codes
