"""The way back for whoever still reads the old address: a change that is under way is stopped."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from service.accounts.actions.credentials_email import EXPIRED
from service.accounts.models import OneTimeLink
from service.accounts.queries.settings import pending_email
from service.accounts.rules.links import NEW_EMAIL, STOP_NEW_EMAIL
from service.accounts.writes import credentials as writes
from service.accounts.writes.factors import locked_user
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.ids import token_hash


def stop_link_is_open(*, token: str, wall_now: datetime) -> bool:
    """May this link still stop a change? Looking changes nothing."""
    with db.reading() as session:
        return session.scalars(_stops(token, wall_now)).one_or_none() is not None


def stop_new_email(*, token: str, actor: Actor, wall_now: datetime) -> None:
    """Stop a change of address that is under way, and sign everybody out: somebody else may have asked for it.

    Raises Rejected for a link that is unknown, used or too old, or whose change is made already.
    """
    with db.transaction() as session:
        user_id = session.scalars(_stops(token, wall_now)).one_or_none()
        if user_id is not None:
            # The account first, as where the address changes: whichever comes second sees what the first one did.
            locked_user(session, user_id)
            user_id = session.scalars(_stops(token, wall_now).with_for_update()).one_or_none()
        if user_id is None:
            action = "account.stop_new_email"
            writes.note_stale_link(session, actor, token=token, purpose=STOP_NEW_EMAIL, action=action)
        else:
            writes.spend_links(session, user_id=user_id, purposes=(NEW_EMAIL, STOP_NEW_EMAIL), wall_now=wall_now)
            writes.end_sign_ins(session, user_id=user_id, wall_now=wall_now)
            writes.forget_devices(session, user_id=user_id, wall_now=wall_now)
            audit.record(session, actor, "account.stop_new_email", "user", user_id)
    if user_id is None:
        raise EXPIRED


def cancel_new_email(*, user_id: UUID, actor: Actor, wall_now: datetime) -> bool:
    """By whoever asked for it: the link in the new mailbox works no more. Returns whether a change was under way.

    The links that were mailed to the present address go on working: who presses here may not be who reads there.
    """
    with db.transaction() as session:
        locked_user(session, user_id)
        if pending_email(session, user_id, wall_now) is None:
            return False
        writes.spend_links(session, user_id=user_id, purposes=(NEW_EMAIL,), wall_now=wall_now)
        audit.record(session, actor, "account.stop_new_email", "user", user_id)
        return True


def _stops(token: str, wall_now: datetime) -> Select[UUID]:
    return select(OneTimeLink.user_id).where(
        OneTimeLink.token_hash == token_hash(token),
        OneTimeLink.purpose == STOP_NEW_EMAIL,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > wall_now,
    )
