"""Whoever signed a text that has a new version is told: some days before it holds, and on the day. Once each."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.rules.care import CARERS
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment import emails
from service.enrollment.queries import reconsent
from service.enrollment.queries.reconsent import NewText, Waiting
from service.kit import db, format
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, words
from service.mail import writes as mail
from service.mail.rules import Email

log = structlog.get_logger(__name__)
BATCH = 1000
# A version holds by each patient's own day. West of here nobody of ours lives: by now the day has begun for all.
WESTERNMOST = timedelta(hours=10)


def tell_of_new_texts(*, catalog: Catalog, now: datetime) -> int:
    """Mail those who have a new version to sign. Returns how many mails were put into the outbox.

    Nobody is written to outside of the hours for such mail on their own clock: they are found again later. Each in
    a transaction of its own, looked at once more there: one that breaks stops nobody else's.
    """
    told, on = 0, (now - WESTERNMOST).date()
    for ahead in (True, False):
        for text in reconsent.new_texts(catalog, on, ahead=ahead):
            key = f"consent_{'soon' if ahead else 'now'}:{text.document.sha256}"
            with db.reading() as session:
                found = reconsent.waiting(session, text, unless_mailed=key, limit=BATCH)
            for one in found:
                here = now.astimezone(ZoneInfo(one.time_zone)).time()
                if not catalog.reminders.quiet_hours.opens <= here < catalog.reminders.quiet_hours.closes:
                    continue
                try:
                    with db.transaction() as session:
                        told += _tell(session, text, one, key, ahead, now)
                except Exception:
                    log.exception("word of a new text could not be queued", patient=str(one.patient_id))
    return told


def _tell(session: Session, text: NewText, one: Waiting, key: str, ahead: bool, now: datetime) -> int:
    if not reconsent.waiting(session, text, patient_id=one.patient_id, limit=1):
        return 0  # signed a moment ago
    person = accounts.patient(session, one.patient_id)
    added = mail.put(
        session,
        _email(text, person.locale) if ahead else emails.consent_now(),
        key=f"{key}:{one.patient_id}",
        user_id=one.user_id,
        locale=person.locale,
        now=now,
    )
    return int(added is not None)


def _email(text: NewText, locale: str) -> Email:
    return emails.consent_soon(format.day(text.document.effective_on, "long", locale))


def who_has_not_signed(*, catalog: Catalog, actor: Actor, now: datetime) -> tuple[tuple[Waiting, str], ...]:
    """Whom a member of the care team looks after and who has a new version to sign, with their names; an owner sees
    everybody's. Whose names were shown is noted. Raises NotAllowed for everybody else.
    """
    if actor.kind != "staff" or actor.role not in CARERS:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))
    on = now.date()
    with db.transaction() as session:
        texts = [text for ahead in (False, True) for text in reconsent.new_texts(catalog, on, ahead=ahead)]
        of = None if actor.role == "owner" else actor.user_id
        found = [one for text in texts for one in reconsent.waiting(session, text, of=of)]
        audit.record_many(
            session, actor, "queue.view", "enrollment", sorted({(one.enrollment_id, one.patient_id) for one in found})
        )
        people = accounts.patients(session, {one.patient_id for one in found})
        return tuple(
            (one, f"{people[one.patient_id].given_name} {people[one.patient_id].family_name}") for one in found
        )
