"""What we mail about an account: the link that proves an address, and word of anything that was changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts.models import ConfirmationRequest, OneTimeLink, User
from service.accounts.queries import email_index
from service.accounts.rules import CONFIRM_LINK_LIFE, CONFIRM_MAIL_EVERY, CONFIRM_MAILS_A_DAY
from service.kit import queue
from service.kit.clock import wall_now
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail


def ask_for_confirmation(session: Session, address: str) -> None:
    """Note that the link which confirms a normalised address is wanted. A worker finds out what there is to mail."""
    session.add(ConfirmationRequest(id=new_id(), email_index=email_index(address), asked_at=wall_now()))
    queue.enqueue(session, "accounts.mail_confirmations")


def send_confirmation(session: Session, *, user_id: UUID, now: datetime) -> bool:
    """Mail a link that proves the address: at most one a minute and five a day for an address, whoever asks.

    Returns whether a mail was queued. Where none was, the links sent before go on working, for this claim too.
    """
    wall, index = wall_now(), session.scalars(select(User.email_index).where(User.id == user_id)).one()
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(index[:8], "big", signed=True))))
    sent, newest = session.execute(
        select(func.count(), func.max(OneTimeLink.created_at))
        .join(User, User.id == OneTimeLink.user_id)
        .where(User.email_index == index, OneTimeLink.created_at > wall - timedelta(days=1))
    ).one()
    if sent >= CONFIRM_MAILS_A_DAY or (newest is not None and wall - newest < CONFIRM_MAIL_EVERY):
        return False
    link_id, token = new_id(), new_token()
    session.add(
        OneTimeLink(
            id=link_id,
            user_id=user_id,
            purpose="confirm_email",
            token_hash=token_hash(token),
            created_at=wall,
            expires_at=wall + CONFIRM_LINK_LIFE,
        )
    )
    mail.put(session, emails.confirm_address(token), key=f"confirm:{link_id}", user_id=user_id, now=now)
    session.flush()
    return True


def tell_owner(session: Session, user: User | None, now: datetime) -> None:
    """Tell whoever owns an address that somebody signed up with it again, if anybody does. At most once a day."""
    if user is None or user.deactivated_at is not None:
        return
    key = f"already:{user.id}:{now:%Y-%m-%d}"
    mail.put(session, emails.already_registered(), key=key, user_id=user.id, now=now)


def tell_codes_tried(session: Session, *, user_id: UUID, now: datetime, wall_now: datetime) -> None:
    """Mail somebody that their password was right and the step after it wrong, again and again. Once a day."""
    key = f"codes_tried:{user_id}:{wall_now:%Y-%m-%d}"
    mail.put(session, emails.codes_tried(), key=key, user_id=user_id, now=now)


def tell_security_changed(session: Session, *, user_id: UUID, what: str, now: datetime) -> None:
    """Mail somebody that `what` (a code of emails.security_changed) happened to their account. `now`: business time."""
    mail.put(session, emails.security_changed(what), key=f"security:{new_id()}", user_id=user_id, now=now)
