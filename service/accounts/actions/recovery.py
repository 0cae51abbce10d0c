"""A forgotten password: the same page for every address, a link for those that have an account, a new password.

The request only notes that somebody asked. A worker looks whether there is such an account, so that neither the
page nor its time can tell.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts import writes as letters
from service.accounts.actions import tries
from service.accounts.models import OneTimeLink, ResetRequest, User
from service.accounts.queries import claims, email_index
from service.accounts.queries.people import names_of
from service.accounts.rules import LONGEST_WAIT_OVERALL, normal_email, password_problem
from service.accounts.rules.links import NEW_EMAIL, RESET, RESET_LINK_LIFE, RESET_MAIL_EVERY, STOP_NEW_EMAIL
from service.accounts.writes import credentials as writes
from service.audit import writes as audit
from service.kit import crypto, db, queue
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.kit.ids import new_id, token_hash
from service.kit.passwords import hash_password
from service.mail import writes as mail

BATCH = 50
EXPIRED = Rejected("link_expired", words("This link has expired or was used already. Ask for a new one."))
WAIT = NotAllowed(
    "reset_wait",
    words(
        "A link was asked for several times just now. Look in your mailbox first; then wait 15 minutes and try again."
    ),
)


def ask_reset(*, email: str, actor: Actor, wall_now: datetime) -> None:
    """Note that somebody wants a new password for `email`. Every address, known or not, makes the same statements.

    Raises Rejected for an unfit address, NotAllowed after too many requests for an address or from one place.
    """
    address = normal_email(email)
    with db.transaction() as session:
        for_address = tries.allow(session, crypto.index(f"reset:{address}", "link"), wall_now)
        from_here = tries.allow(session, tries.of_place(actor.address), wall_now, LONGEST_WAIT_OVERALL)
        allowed = for_address and from_here
        if allowed:
            session.add(ResetRequest(id=new_id(), email_index=email_index(address), asked_at=wall_now))
            queue.enqueue(session, "accounts.mail_reset_links")
        audit.record(session, actor, "account.ask_reset", "user", outcome="done" if allowed else "refused")
    if not allowed:
        raise WAIT


def mail_reset_links(*, now: datetime, wall_now: datetime) -> int:
    """Look at who asked, and mail those that have an account. Returns how many requests were looked at.

    Each in its own transaction. An address that was never proved gets the link that proves it instead.
    """
    looked_at = 0
    while looked_at < BATCH and _look_at_one(now, wall_now):
        looked_at += 1
    return looked_at


def _look_at_one(now: datetime, wall_now: datetime) -> bool:
    with db.transaction() as session:
        query = select(ResetRequest).order_by(ResetRequest.asked_at).limit(1).with_for_update(skip_locked=True)
        asked = session.scalars(query).one_or_none()
        if asked is None:
            return False
        session.delete(asked)
        if wall_now - asked.asked_at <= RESET_LINK_LIFE:  # whoever asked before a long outage has asked again
            _answer(session, asked.email_index, now, wall_now)
        return True


def _answer(session: Session, index: bytes, now: datetime, wall_now: datetime) -> None:
    query = select(User).where(User.email_index == index, User.email_confirmed_at.is_not(None)).with_for_update()
    user = session.scalars(query).one_or_none()
    if user is None:
        waiting = claims(session, index)
        if waiting:
            letters.send_confirmation(session, user_id=waiting[0].id, now=now)
        return
    if user.deactivated_at is not None or _mailed_lately(session, user.id, wall_now):
        return
    link_id, token = writes.new_link(session, user_id=user.id, purpose=RESET, life=RESET_LINK_LIFE, wall_now=wall_now)
    mail.put(session, emails.reset_password(token), key=f"reset:{link_id}", user_id=user.id, now=now)
    audit.record(session, SYSTEM, "account.mail_reset_link", "user", user.id)


def _mailed_lately(session: Session, user_id: UUID, wall_now: datetime) -> bool:
    newest = session.scalar(
        select(func.max(OneTimeLink.created_at)).where(
            OneTimeLink.user_id == user_id, OneTimeLink.purpose == RESET, OneTimeLink.used_at.is_(None)
        )
    )
    return newest is not None and wall_now - newest < RESET_MAIL_EVERY


def reset_link_is_open(*, token: str, wall_now: datetime) -> bool:
    """May this link still set a password? Looking changes nothing."""
    with db.reading() as session:
        return _owner(session, token, wall_now) is not None


def reset_password(*, token: str, password: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Set the password of whoever the link was mailed to, sign everybody out, and forget every browser.

    So the next sign-in is one in a new browser, and whoever has a second step of their own is asked for it.
    Raises Rejected for an unknown, used or expired link, a closed account, or a password that will not do.
    """
    about = _about(token, wall_now)
    if about and (problem := password_problem(password, about)):
        raise Rejected("password_unfit", problem)
    hashed = hash_password(password) if about else ""  # slow: outside any transaction
    with db.transaction() as session:
        user = _owner(session, token, wall_now, lock=True) if about else None
        if user is None:
            writes.note_stale_link(session, actor, token=token, purpose=RESET, action="account.reset_password")
        else:
            _set(session, user, hashed, actor, now, wall_now)
    if user is None:
        raise EXPIRED


def _about(token: str, wall_now: datetime) -> list[str]:
    """What a stranger may know of the link's owner; nothing where the link does not work."""
    with db.reading() as session:
        user = _owner(session, token, wall_now)
        if user is None:
            return []
        email = crypto.unseal(user.email_sealed, "users", "email", user.id)
        return [*names_of(user.display_name_sealed, user.id), email]


def _set(session: Session, user: User, hashed: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    user.password_hash, user.password_changed_at = hashed, wall_now
    user.set_up_until = None  # the mailbox alone is no way to a first second step: from here on it takes a code
    writes.spend_links(session, user_id=user.id, purposes=(RESET, NEW_EMAIL, STOP_NEW_EMAIL), wall_now=wall_now)
    writes.end_sign_ins(session, user_id=user.id, wall_now=wall_now)
    writes.forget_devices(session, user_id=user.id, wall_now=wall_now)
    letters.tell_security_changed(session, user_id=user.id, what="password_reset", now=now)
    audit.record(session, actor, "account.reset_password", "user", user.id)


def _owner(session: Session, token: str, wall_now: datetime, *, lock: bool = False) -> User | None:
    """Whose unused link this is, while it lives. With `lock` nobody else uses it meanwhile."""
    query = (
        select(User)
        .join(OneTimeLink, OneTimeLink.user_id == User.id)
        .where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.purpose == RESET,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > wall_now,
            User.deactivated_at.is_(None),
            User.email_confirmed_at.is_not(None),
        )
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()
