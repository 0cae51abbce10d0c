"""Another e-mail address: asked for here, proved by a link to the new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts import writes as letters
from service.accounts.actions import credentials, tries
from service.accounts.models import OneTimeLink, User
from service.accounts.queries import email_index, user_by_email
from service.accounts.rules import normal_email
from service.accounts.rules.links import (
    NEW_EMAIL,
    NEW_EMAIL_LINK_LIFE,
    NEW_EMAIL_MAILS_A_DAY,
    RESET,
    STOP_LINK_LIFE,
    STOP_NEW_EMAIL,
    while_open,
)
from service.accounts.writes import credentials as writes
from service.accounts.writes import sign_ins
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.kit.ids import new_id, token_hash
from service.kit.passwords import verify_password
from service.mail import writes as mail
from service.mail.rules import Email

EXPIRED = Rejected("link_expired", words("This link has expired or was used already."))
OWN = Rejected("email_same", words("That is your address already."))
ENOUGH = NotAllowed(
    "email_wait", words("You asked for several links today. Look in that mailbox, or try again tomorrow.")
)
WRONG = Rejected("password_wrong", words("That is not your password. Check it and try again."))
WAIT = credentials.WAIT


def ask_for_new_email(*, user_id: UUID, email: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Mail a link to the new address and word of it to the present one. Nothing changes before the link is used.

    Where the new address is somebody else's, that person is told instead and the caller learns nothing of it.
    Raises Rejected for an unfit address or one's own, NotAllowed after five in a day.
    """
    address = normal_email(email)
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        present = crypto.unseal(user.email_sealed, "users", "email", user_id)
        if user.email_index == email_index(address):
            raise OWN
        enough = _asked_today(session, user_id, wall_now) >= NEW_EMAIL_MAILS_A_DAY
        if enough:
            action = "account.ask_for_new_email"
            audit.record(session, actor, action, "user", user_id, outcome="refused", reason="email_wait")
        else:
            _mail_both(session, user, address, present, actor, now, wall_now)
    if enough:
        raise ENOUGH


def _mail_both(
    session: Session, user: User, address: str, present: str, actor: Actor, now: datetime, wall_now: datetime
) -> None:
    """The link to the new address, and to the present one the way to stop it."""
    # One change at a time. The links that stop a change go on working, so that nobody is left without one.
    writes.spend_links(session, user_id=user.id, purposes=(NEW_EMAIL,), wall_now=wall_now)
    link_id, token = writes.new_link(
        session,
        user_id=user.id,
        purpose=NEW_EMAIL,
        life=NEW_EMAIL_LINK_LIFE,
        wall_now=wall_now,
        detail={"email": address},
    )
    _, stop = writes.new_link(session, user_id=user.id, purpose=STOP_NEW_EMAIL, life=STOP_LINK_LIFE, wall_now=wall_now)
    owner = user_by_email(session, address)  # one question and one letter, whoever's it is
    if owner is not None:
        letters.tell_owner(session, owner, now)
    else:
        _put(session, user, emails.confirm_new_email(token), f"new_email:{link_id}", address, now)
    _put(session, user, emails.new_email_asked(stop), f"new_email_asked:{link_id}", present, now)
    audit.record(session, actor, "account.ask_for_new_email", "user", user.id)


def _put(session: Session, user: User, letter: Email, key: str, address: str, now: datetime) -> None:
    """To an address, on behalf of an account: whoever has closed it gets nothing more."""
    wanted = while_open(user.id)
    mail.put(session, letter, key=key, address=address, locale=user.locale, now=now, wanted_while=wanted)


def _asked_today(session: Session, user_id: UUID, wall_now: datetime) -> int:
    since = wall_now - timedelta(days=1)
    query = select(func.count()).where(
        OneTimeLink.user_id == user_id, OneTimeLink.purpose == NEW_EMAIL, OneTimeLink.created_at > since
    )
    return session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class _Change:
    link_id: UUID
    user_id: UUID
    email: str
    password_hash: str


def new_email_link_is_open(*, token: str, wall_now: datetime) -> bool:
    """May this link still prove a new address? Looking changes nothing."""
    with db.reading() as session:
        return _change(session, token, wall_now) is not None


def confirm_new_email(*, token: str, password: str, actor: Actor, now: datetime, wall_now: datetime) -> str | None:
    """The new address becomes the account's: the link proves the mailbox, the password that it is the owner.

    Both addresses are told, every other sign-in ends, and links mailed to the old address stop working. Returns the new
    token of the sign-in it happened in, if it was the owner's.
    Raises Rejected for an unknown, used or expired link, an address taken meanwhile or another password, NotAllowed
    after many tries.
    """
    with db.transaction() as session:
        change = _change(session, token, wall_now)
        if change is None:
            writes.note_stale_link(session, actor, token=token, purpose=NEW_EMAIL, action="account.change_email")
        allowed = change is not None and tries.allow(session, tries.of_link(change.link_id), wall_now)
    if change is None:
        raise EXPIRED
    if not allowed:
        raise WAIT
    right = verify_password(change.password_hash, password)  # slow: outside any transaction
    with db.transaction() as session:
        done = right and _give(session, token, change, actor, now, wall_now)
        outcome = "done" if done else "refused"
        audit.record(session, actor, "account.change_email", "user", change.user_id, outcome=outcome)
        here = actor.sign_in_id if done and actor.user_id == change.user_id else None
        fresh = sign_ins.renewed_token(session, here, change.user_id, wall_now) if here else None
    if not right:
        raise WRONG
    if not done:
        raise EXPIRED
    return fresh


def _change(session: Session, token: str, wall_now: datetime) -> _Change | None:
    found = session.execute(
        select(OneTimeLink, User.password_hash)
        .join(User, User.id == OneTimeLink.user_id)
        .where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.purpose == NEW_EMAIL,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > wall_now,
            User.deactivated_at.is_(None),
        )
    ).one_or_none()
    link = found[0] if found else None
    if found is None or link is None or link.detail_sealed is None:
        return None
    detail = crypto.unseal_json(link.detail_sealed, "one_time_links", "detail", link.id)
    return _Change(link.id, link.user_id, detail["email"], found[1])


def _give(session: Session, token: str, change: _Change, actor: Actor, now: datetime, wall_now: datetime) -> bool:
    """Whether the address could still be given. Others who typed it and never proved it lose their claim."""
    user = session.scalars(select(User).where(User.id == change.user_id).with_for_update()).one()
    if _change(session, token, wall_now) != change:  # used, or the password replaced, a moment ago
        return False
    old, index = crypto.unseal(user.email_sealed, "users", "email", user.id), email_index(change.email)
    try:
        with session.begin_nested():
            user.email_sealed, user.email_index = crypto.seal(change.email, "users", "email", user.id), index
            session.flush()
    except IntegrityError:
        return False  # somebody proved it meanwhile
    unproved = update(User).where(
        User.email_index == index, User.email_confirmed_at.is_(None), User.deactivated_at.is_(None)
    )
    session.execute(unproved.values(deactivated_at=now))
    writes.spend_links(session, user_id=user.id, purposes=(NEW_EMAIL, STOP_NEW_EMAIL, RESET), wall_now=wall_now)
    here = actor.sign_in_id if actor.user_id == user.id else None
    writes.end_sign_ins(session, user_id=user.id, wall_now=wall_now, but=here)
    letters.tell_security_changed(session, user_id=user.id, what="email_changed", now=now)
    # Leaves even if the account is closed right after: it may be the only word to whoever it was taken from.
    notice = emails.email_changed()
    mail.put(session, notice, key=f"security:{new_id()}", address=old, locale=user.locale, now=now)
    return True
