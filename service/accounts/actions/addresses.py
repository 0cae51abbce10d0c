"""Proving that an address is one's own: the link that was mailed there, and the password chosen at joining."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.accounts import writes
from service.accounts.actions import tries
from service.accounts.models import OneTimeLink, User
from service.accounts.queries import claims
from service.accounts.rules import normal_email
from service.accounts.writes import sign_ins
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.kit.ids import token_hash
from service.kit.passwords import verify_password

EXPIRED = Rejected("link_expired", words("This link has expired or was used already."))
WRONG = Rejected("password_wrong", words("That is not the password you chose when you joined. Check it and try again."))
WAIT = NotAllowed("password_wait", words("There were too many tries. Wait a few minutes, then try again."))


def link_is_open(*, token: str, wall_now: datetime) -> bool:
    """May this confirmation link still be used? Looking changes nothing: scanners open links too."""
    with db.reading() as session:
        link = session.scalars(select(OneTimeLink).where(OneTimeLink.token_hash == token_hash(token))).one_or_none()
        return link is not None and link.used_at is None and link.expires_at > wall_now


def confirm_address(
    *,
    token: str,
    password: str,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
    device_cookie: str | None = None,
) -> str | None:
    """Give the address to the account that joined with `password`, the newest such, and close the others.

    The link proves the address, the password says which account; both together prove what a mailed code would, so
    that this browser is known from now on: returns the cookie that says so. Pressing again after it worked is content
    and returns nothing.
    Raises Rejected for an unknown or expired link or another password, NotAllowed after too many tries.
    """
    with db.transaction() as session:
        link, index = _found(session, token)
        if link.used_at is not None and _owner_of(session, index):
            return None
        if link.used_at is not None or link.expires_at <= wall_now:
            raise EXPIRED
        allowed = tries.allow(session, tries.of_link(link.id), wall_now)
        known = [(claim.id, claim.password_hash) for claim in claims(session, index)]
    if not allowed:
        raise WAIT
    chosen = next((user_id for user_id, stored in known if verify_password(stored, password)), None)  # slow
    with db.transaction() as session:
        outcome = "refused" if chosen is None or not _give(session, index, chosen, now, wall_now) else "done"
        audit.record(session, actor, "account.confirm_address", "user", chosen or link.user_id, outcome=outcome)
        if chosen is not None and outcome == "done":
            _, cookie, _ = sign_ins.remember_device(session, chosen, device_cookie, wall_now, spares_step=True)
    if chosen is None:
        raise WRONG
    if outcome == "refused":
        raise EXPIRED
    return cookie


def _found(session: Session, token: str) -> tuple[OneTimeLink, bytes]:
    found = session.execute(
        select(OneTimeLink, User.email_index)
        .join(User, User.id == OneTimeLink.user_id)
        .where(OneTimeLink.token_hash == token_hash(token), OneTimeLink.purpose == "confirm_email")
    ).one_or_none()
    if found is None:
        raise EXPIRED
    return found[0], found[1]


def _owner_of(session: Session, index: bytes) -> UUID | None:
    """Who proved the address behind `index`."""
    return session.scalar(select(User.id).where(User.email_index == index, User.email_confirmed_at.is_not(None)))


def _give(session: Session, index: bytes, chosen: UUID, now: datetime, wall_now: datetime) -> bool:
    """The address becomes `chosen`'s, and no link or claim of anybody else works any more. False: it has an owner."""
    rows = session.scalars(select(User).where(User.email_index == index).order_by(User.id).with_for_update()).all()
    owner = _owner_of(session, index)
    if owner is not None:
        return owner == chosen  # pressed twice at once
    for row in rows:
        if row.id == chosen:
            row.email_confirmed_at = now
        else:
            row.deactivated_at = row.deactivated_at or now
    unused = update(OneTimeLink).where(OneTimeLink.user_id.in_([row.id for row in rows]), OneTimeLink.used_at.is_(None))
    session.execute(unused.values(used_at=wall_now))
    return True


def send_confirmation_again(*, email: str, actor: Actor) -> None:
    """Note that the link is wanted again. Every address, waiting for it or not, makes the same statements.

    Raises Rejected for an unfit address.
    """
    address = normal_email(email)
    with db.transaction() as session:
        writes.ask_for_confirmation(session, address)
        audit.record(session, actor, "account.send_confirmation", "user")
