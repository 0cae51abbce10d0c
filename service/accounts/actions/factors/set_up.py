"""Staff whose second step was removed show the code that they were given, before they add a new one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts.actions import tries
from service.accounts.actions.factors.settle import FIRST_STEP_FIRST
from service.accounts.actions.factors.shown import ENDED, WAIT
from service.accounts.queries.factors import has_factor
from service.accounts.writes import factors as proofs
from service.accounts.writes import set_up, sign_ins
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words

WRONG = Rejected(
    "code_wrong", words("That is not the code, or it is older than 72 hours. Check it, or ask an owner for a new one.")
)


def show_set_up_code(*, user_id: UUID, sign_in_id: UUID, code: str, actor: Actor, wall_now: datetime) -> None:
    """Let this sign-in add a first second step. Wall time. The code stays good until one is added.

    Raises Rejected for another code, NotAllowed while the account must wait, or for anybody who has a second step.
    """
    with db.transaction() as session:
        user = proofs.locked_user(session, user_id)
        row = sign_ins.standing_sign_in(session, sign_in_id, user_id)
        if row is None:
            raise ENDED
        if user.kind != "staff" or has_factor(session, user):
            raise FIRST_STEP_FIRST
        if tries.allow_code(session, user_id, wall_now) is None:
            raise WAIT
        right = set_up.is_right(session, user_id, code, wall_now)
        if right:
            row.may_set_up_at = wall_now
            tries.forget(session, tries.of_code(user_id), wall_now=wall_now)
        outcome = "done" if right else "refused"
        audit.record(session, actor, "account.show_set_up_code", "user", user_id, outcome=outcome)
    if not right:
        raise WRONG
