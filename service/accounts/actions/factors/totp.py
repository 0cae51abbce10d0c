"""An authenticator app: shown once, in force when a code from it came back. Wall time, but `now` of a mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pyotp

from service.accounts.actions.factors.settle import added, changing, removed
from service.accounts.actions.sign_in import SignedIn
from service.accounts.models import User
from service.accounts.rules.factors import PENDING_LIFE, totp_step
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words

NOT_YET = Rejected(
    "code_wrong",
    words(
        "That is not the code your app should show now. Check that your phone's clock is right, and try the next one."
    ),
)
NOTHING_PENDING = Rejected("nothing_pending", words("Start again: there is no code to scan any more."))


def start_totp(*, user_id: UUID, sign_in_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Make a fresh secret that waits 15 minutes for its first code, in this sign-in and in no other.

    What was in force before stays so until then.
    """
    with db.transaction() as session:
        user, _ = changing(session, user_id, sign_in_id, wall_now)
        user.totp_pending_sealed = crypto.seal(pyotp.random_base32(), "users", "totp_pending", user_id)
        user.totp_pending_for, user.totp_pending_at = sign_in_id, wall_now
        audit.record(session, actor, "account.start_totp", "user", user_id)


def cancel_totp(*, user_id: UUID, sign_in_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """Forget the secret that waits."""
    with db.transaction() as session:
        user, _ = changing(session, user_id, sign_in_id, wall_now)
        _forget_pending(user)
        audit.record(session, actor, "account.cancel_totp", "user", user_id)


def add_totp(
    *,
    user_id: UUID,
    sign_in_id: UUID,
    code: str,
    end_others: bool,
    device_cookie: str | None,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Put the waiting secret in force, because its app shows the right code. Replaces another app.

    Raises Rejected for a wrong code, or when no secret waits in this sign-in (any longer).
    """
    with db.transaction() as session:
        user, row = changing(session, user_id, sign_in_id, wall_now)
        secret = _pending(user, sign_in_id, wall_now)
        step = totp_step(secret, code, None, wall_now.timestamp())
        if step is not None:
            user.totp_sealed = crypto.seal(secret, "users", "totp", user_id)
            user.totp_last_step = step
            _forget_pending(user)
            done = added(
                session, user, row, "totp_added", device_cookie, end_others=end_others, now=now, wall_now=wall_now
            )
        outcome = "done" if step is not None else "refused"
        audit.record(session, actor, "account.add_totp", "user", user_id, outcome=outcome)
    if step is None:
        raise NOT_YET
    return done


def remove_totp(
    *, user_id: UUID, sign_in_id: UUID, end_others: bool, actor: Actor, now: datetime, wall_now: datetime
) -> str:
    """Codes of the app count no more. Returns the sign-in's new token. Raises Conflict when staff have nothing else."""
    with db.transaction() as session:
        user, row = changing(session, user_id, sign_in_id, wall_now)
        user.totp_sealed = user.totp_last_step = None
        _forget_pending(user)
        token = removed(session, user, row, "totp_removed", end_others=end_others, now=now, wall_now=wall_now)
        audit.record(session, actor, "account.remove_totp", "user", user_id)
    return token


def _pending(user: User, sign_in_id: UUID, wall_now: datetime) -> str:
    """What was shown in this very sign-in, while it waits. A secret that somebody else has seen is not taken."""
    shown_at = user.totp_pending_at
    here = user.totp_pending_for == sign_in_id and shown_at is not None and wall_now - shown_at < PENDING_LIFE
    if user.totp_pending_sealed is None or not here:
        raise NOTHING_PENDING
    return crypto.unseal(user.totp_pending_sealed, "users", "totp_pending", user.id)


def _forget_pending(user: User) -> None:
    user.totp_pending_sealed = user.totp_pending_for = user.totp_pending_at = None
