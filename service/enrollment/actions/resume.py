"""Going on with an assessment elsewhere: leave an address, get a link, press its button; one nudge for who asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.accounts.queries import email_index
from service.accounts.rules import normal_email
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment import emails
from service.enrollment.actions.answer import locked_by
from service.enrollment.models import Assessment
from service.enrollment.queries.assessments import by_link, details, opened, place_of
from service.enrollment.rules.nudge import LINK_FOR, NUDGE_AFTER, closes_at, leaves_at, zone_of
from service.enrollment.writes import assessments as writes
from service.kit import crypto, db, queue
from service.kit.actor import Actor
from service.kit.errors import NotFound, Rejected, words
from service.kit.ids import new_token, token_hash
from service.mail import writes as mail
from service.mail.rules import Email

Wish: TypeAlias = InstrumentedAttribute[datetime | None]
Heard: TypeAlias = Callable[[Session, Catalog, Assessment, datetime], None]
log = structlog.get_logger(__name__)

BATCH = 50
MOST_FOR_ONE = 5  # mails about one assessment, whatever is typed: it is no way to write to strangers
MOST_TO_ONE = 3  # links that work at the same time for one address
LINK_GONE = NotFound(
    "link_gone",
    words("This link has run out, or a newer one took its place. You can ask for another or start again."),
)
OVER = Rejected("assessment_over", words("Your answers are complete already, so there is nothing left to go on with."))


def leave_address(*, token: str, email: str, nudge: bool, actor: Actor, now: datetime) -> None:
    """Note where the link shall go, and whether one nudge is wanted. Every address makes the same statements.

    The address serves for that alone. Raises Rejected for an unfit one and where nothing is left to answer, NotFound.
    """
    address = normal_email(email)
    with db.transaction() as session:
        row = locked_by(session, token)
        if row.outcome is not None or row.patient_id is not None:
            raise OVER
        row.contact_sealed = crypto.seal(address, "assessments", "contact", row.id)
        row.contact_index = email_index(address)
        row.link_wanted_at = now
        row.nudge_at = now + NUDGE_AFTER if nudge and row.nudged_at is None else None
        queue.enqueue(session, "enrollment.mail_resume_links")
        audit.record(session, actor, "assessment.leave_address", "assessment", row.id)


def take_over(*, link: str, actor: Actor, now: datetime) -> str:
    """The button behind the link: these answers belong to this browser now, and no longer to the one before.

    Returns the new secret. Raises NotFound when the link has run out, was replaced, or somebody joined with it.
    """
    token = new_token()
    with db.transaction() as session:
        row = by_link(session, link, now, lock=True)
        if row is None:
            raise LINK_GONE
        row.token_hash = token_hash(token)
        audit.record(session, actor, "assessment.take_over", "assessment", row.id)
    return token


def mail_links(*, catalog: Catalog, now: datetime) -> int:
    """Answer everybody who asked for the link, and tie attempts of one address together.

    Returns how many were looked at. Each in its own transaction; one that cannot be answered is logged and given up.
    """
    looked_at = 0
    while looked_at < BATCH and (row_id := _first(Assessment.link_wanted_at, now)):
        looked_at += 1
        _for(row_id, Assessment.link_wanted_at, _answer_one, catalog, now)
    return looked_at


def nudge_left(*, catalog: Catalog, now: datetime) -> int:
    """Remind once whoever asked for it and has not come back for a day. Returns how many were looked at."""
    looked_at = 0
    while looked_at < BATCH and (row_id := _first(Assessment.nudge_at, now)):
        looked_at += 1
        _for(row_id, Assessment.nudge_at, _nudge_one, catalog, now)
    return looked_at


def _first(wish: Wish, now: datetime) -> UUID | None:
    with db.reading() as session:
        return session.scalar(select(Assessment.id).where(wish <= now).order_by(wish).limit(1))


def _for(row_id: UUID, wish: Wish, do: Heard, catalog: Catalog, now: datetime) -> None:
    """`do` it for one row under its lock, unless another worker does. Whatever happens, the wish is heard."""
    with db.transaction() as session:
        query = select(Assessment).where(Assessment.id == row_id, wish <= now)
        row = session.scalars(query.with_for_update()).one_or_none()
        if row is None:
            return
        try:
            with session.begin_nested():
                do(session, catalog, row, now)
        except Exception:
            log.exception("an assessment's mail could not be written", assessment=str(row_id), wish=wish.key)
            session.refresh(row)
            setattr(row, wish.key, None)


def _answer_one(session: Session, catalog: Catalog, row: Assessment, now: datetime) -> None:
    row.link_wanted_at = None
    if writes.link_attempts(session, row) and row.submitted_at is not None:
        session.flush()
        writes.compare_with_earlier(session, catalog, row, now)
    if row.contact_sealed is None or row.outcome is not None or row.patient_id is not None:
        return
    others = select(func.count()).where(
        Assessment.contact_index == row.contact_index, Assessment.link_until > now, Assessment.id != row.id
    )
    if (session.scalar(others) or 0) < MOST_TO_ONE:
        _mail_link(session, row, emails.assessment_link, now)


def _nudge_one(session: Session, catalog: Catalog, row: Assessment, now: datetime) -> None:
    """Never at night where they live, never once they have finished, and never with questions that are others now."""
    here = details(session, catalog, row, now)
    over = row.contact_sealed is None or not here.goes_on or row.nudged_at is not None
    if over or _was_in_danger(session, row):
        row.nudge_at = None
        return
    zone, quiet = zone_of(place_of(catalog, opened(row))), catalog.reminders.quiet_hours
    leaving = leaves_at(now, zone, quiet)
    if leaving > now:
        row.nudge_at = leaving
        return
    row.nudge_at, row.nudged_at = None, now
    _mail_link(session, row, emails.assessment_nudge, now, send_before=closes_at(now, zone, quiet))


def _was_in_danger(session: Session, row: Assessment) -> bool:
    """Did an attempt of this address end with help in an emergency? Nobody is drawn back after that (domain.md 2.4)."""
    same = select(Assessment.id).where(Assessment.contact_index == row.contact_index, Assessment.do_not_market)
    return session.scalar(same.limit(1)) is not None


def _mail_link(
    session: Session,
    row: Assessment,
    letter: Callable[[str], Email],
    now: datetime,
    send_before: datetime | None = None,
) -> None:
    """A fresh link; the one before stops working. The number in the key is what keeps it to a few for an assessment."""
    token = new_token()
    address = crypto.unseal(row.contact_sealed or b"", "assessments", "contact", row.id)
    for number in range(MOST_FOR_ONE):
        queued = mail.put(
            session,
            letter(token),
            key=f"assessment:{row.id}:{number}",
            address=address,
            locale=row.locale,
            now=now,
            send_before=send_before,
            wanted_while=f"assessment_open:{row.id}",
        )
        if queued is not None:
            row.link_hash, row.link_until = token_hash(token), now + LINK_FOR
            return
