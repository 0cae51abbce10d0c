"""The second step of signing in. Wall time, but `now`, which dates a mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts.actions.factors.shown import ENDED, WRONG, Shown, is_right
from service.accounts.actions.sign_in import SignedIn, wants_offer
from service.accounts.queries.factors import has_factor
from service.accounts.rules.passkeys import Site
from service.accounts.writes import factors as proofs
from service.accounts.writes import sign_ins
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, words

SENT_ALREADY = NotAllowed(
    "code_sent_already",
    words("No new code was mailed: one went out a moment ago, or several did lately. Wait a little, then ask again."),
)


def second_factor(
    *,
    sign_in_id: UUID,
    user_id: UUID,
    shown: Shown,
    site: Site,
    remember: bool,
    device_cookie: str | None,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Finish a sign-in with what is `shown`, under a new token. `remember`: spare a patient this step here next time.

    Raises Rejected for what is not right or was used, NotAllowed while the account must wait.
    """
    with db.transaction() as session:
        user = proofs.locked_user(session, user_id)
        row = sign_ins.standing_sign_in(session, sign_in_id, user_id)
        if row is None:
            raise ENDED
        right = is_right(session, user, row, shown, purpose="sign_in", site=site, now=now, wall_now=wall_now)
        if right:
            spares = remember and user.kind == "patient"
            cookie = sign_ins.come_in(session, row, device_cookie, spares_step=spares, now=now, wall_now=wall_now)
            offer = wants_offer(user, own=has_factor(session, user))
            done = SignedIn(sign_ins.renew_token(row, wall_now), user.kind, device_cookie=cookie, offer=offer)
        outcome = "done" if right else "refused"
        audit.record(session, actor, "account.second_factor", "user", user_id, reason=shown.way, outcome=outcome)
    if not right:
        raise WRONG.get(shown.way, WRONG["app"])
    return done


def send_code(*, sign_in_id: UUID, user_id: UUID, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Mail another code for a half-done sign-in to a patient without a second step of their own.

    Raises NotAllowed while one must wait for the next one, or for anybody else.
    """
    with db.transaction() as session:
        user = proofs.locked_user(session, user_id)
        row = sign_ins.standing_sign_in(session, sign_in_id, user_id)
        if row is None or row.second_factor_at is not None or user.kind != "patient" or has_factor(session, user):
            raise ENDED
        sent = proofs.mail_code(
            session, user_id=user_id, sign_in_id=sign_in_id, purpose="sign_in", now=now, wall_now=wall_now
        )
        audit.record(session, actor, "account.send_code", "user", user_id, outcome="done" if sent else "refused")
    if not sent:
        raise SENT_ALREADY
