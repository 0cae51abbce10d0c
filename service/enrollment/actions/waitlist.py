"""Waiting for a state, or a program in it, to open: ask, confirm by mail, leave. (Being told: actions/tell.py.)"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.queries import email_index
from service.accounts.rules import normal_email
from service.audit import writes as audit
from service.catalog.queries import open_programs
from service.catalog.rules.whole import Catalog
from service.enrollment import emails
from service.enrollment.models import WaitlistEntry
from service.enrollment.queries.waitlist import LINK_LIFE
from service.enrollment.rules.regions import REGIONS, Place, waiting_places
from service.kit import crypto, db, queue
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail

log = structlog.get_logger(__name__)

BATCH = 50
EXPIRED = Rejected("link_expired", words("This link has expired. You can join the waitlist again at any time."))


def ask(
    *, email: str, state: str, program: str = "", locale: str, catalog: Catalog, actor: Actor, now: datetime
) -> None:
    """Note that somebody wants to hear when `state` opens, or a `program` that we may not offer there.

    Known and unknown addresses make the same statements. Raises Rejected for an unfit address, or for what is no state,
    no program, or open already.
    """
    address = normal_email(email)
    if Place(state, program) not in waiting_places(open_programs(catalog, now), catalog.programs):
        raise Rejected("no_such_state", words("Choose the state you live in."))
    with db.transaction() as session:
        _note(session, address, Place(state, program), locale, now)
        queue.enqueue(session, "enrollment.mail_waitlist_links")
        audit.record(session, actor, "waitlist.ask", "waitlist")


def mail_waitlist_links(*, now: datetime) -> int:
    """Look at who asked, and mail those who do not wait already the link that confirms it.

    At most once a day for an address, and once more after each time it left or was told. Each in its own transaction;
    one that cannot be mailed is logged and given up. Returns how many were looked at.
    """
    looked_at = 0
    while looked_at < BATCH and _look_at_one(now):
        looked_at += 1
    return looked_at


def _look_at_one(now: datetime) -> bool:
    with db.transaction() as session:
        wanted = select(WaitlistEntry).where(WaitlistEntry.wanted_at.is_not(None)).order_by(WaitlistEntry.wanted_at)
        row = session.scalars(wanted.limit(1).with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return False
        row.wanted_at = None
        session.flush()  # heard, whatever comes of it: one row that cannot be read stands before nobody else's
        if row.confirmed_at is None or row.left_at is not None or row.told_at is not None:
            try:
                with session.begin_nested():
                    _mail_link(session, row, now)
            except Exception:
                log.exception("a link of the waitlist could not be mailed", entry=str(row.id))
        return True


def _mail_link(session: Session, row: WaitlistEntry, now: datetime) -> None:
    token, over = new_token(), row.left_at or row.told_at
    queued = mail.put(
        session,
        emails.waitlist_confirm(token, REGIONS[row.state]),
        key=f"waitlist:{row.id}:{now:%Y-%m-%d}" + (f":{over.isoformat()}" if over else ""),
        address=crypto.unseal(row.email_sealed, "waitlist_entries", "email", row.id),
        locale=row.locale,
        now=now,
        wanted_while=f"waitlist_open:{row.id}",
    )
    if queued is not None:  # otherwise today's mail is on its way and its link must go on working
        row.token_hash = token_hash(token)
        row.asked_at, row.confirmed_at, row.left_at, row.told_at = now, None, None, None


def confirm(*, token: str, actor: Actor, now: datetime) -> None:
    """Confirm the address, also after leaving. Twice is once, and after having been told it is nothing.

    Raises Rejected for an unknown or expired link.
    """
    with db.transaction() as session:
        row = _by_token(session, token)
        if row.confirmed_at is not None and row.left_at is None:
            return
        if now - row.asked_at > LINK_LIFE:
            raise EXPIRED
        row.confirmed_at, row.left_at = now, None
        audit.record(session, actor, "waitlist.confirm", "waitlist", row.id)
        address = crypto.unseal(row.email_sealed, "waitlist_entries", "email", row.id)
        mail.put(
            session,
            emails.waitlist_joined(token, REGIONS[row.state]),
            key=f"waitlist:{row.id}:joined:{now.isoformat()}",
            address=address,
            locale=row.locale,
            now=now,
            wanted_while=f"waitlist_open:{row.id}",
        )


def leave(*, token: str, actor: Actor, now: datetime) -> None:
    """Leave the list. Twice is once. Raises Rejected for an unknown link."""
    with db.transaction() as session:
        row = _by_token(session, token)
        if row.left_at is None:
            row.left_at = now
            audit.record(session, actor, "waitlist.leave", "waitlist", row.id)


def leave_by_machine(*, token: str, actor: Actor, now: datetime) -> None:
    """Leave the list by one click in a mail program (RFC 8058). An entry that is gone is left already."""
    try:
        leave(token=token, actor=actor, now=now)
    except Rejected:
        return


def _note(session: Session, address: str, place: Place, locale: str, now: datetime) -> None:
    """The one row of this address and place, made if need be, wants a look. One statement, whoever is there."""
    row_id = new_id()
    statement = insert(WaitlistEntry).values(
        id=row_id,
        email_sealed=crypto.seal(address, "waitlist_entries", "email", row_id),
        email_index=email_index(address),
        state=place.state,
        program=place.program,
        token_hash=token_hash(new_token()),
        asked_at=now,
        wanted_at=now,
        locale=locale,
    )
    there = {"wanted_at": now, "locale": locale}
    session.execute(statement.on_conflict_do_update(index_elements=["email_index", "state", "program"], set_=there))


def _by_token(session: Session, token: str) -> WaitlistEntry:
    """By the link that confirmed it or by the one in the mail that told."""
    hashed = token_hash(token)
    mine = or_(WaitlistEntry.token_hash == hashed, WaitlistEntry.told_token_hash == hashed)
    row = session.scalars(select(WaitlistEntry).where(mine).with_for_update()).one_or_none()
    if row is None:
        raise EXPIRED
    return row
