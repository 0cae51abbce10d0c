"""Whoever joined, or asked for the link again, hears by mail. A worker finds out what there is to write, and to whom.

So the page, its time and its statements are the same whether an address is known, waits to be proved, or is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import writes
from service.accounts.models import ConfirmationRequest, Patient, User
from service.accounts.writes.letters import tell_owner
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import SYSTEM

BATCH = 50
Closed = Callable[[Session, Sequence[UUID], datetime], None]


def mail_confirmations(*, closed: Closed, now: datetime) -> int:
    """Look at who asked: mail the link to whoever may prove the address, or tell its owner, once a day, who tried.

    An address that is owned already is nobody else's to prove: whoever joined with it is closed, and `closed` ends
    what these patients began. Each request in its own transaction. Returns how many were looked at.
    """
    looked_at = 0
    while looked_at < BATCH and _look_at_one(closed, now):
        looked_at += 1
    return looked_at


def _look_at_one(closed: Closed, now: datetime) -> bool:
    with db.transaction() as session:
        oldest = select(ConfirmationRequest).order_by(ConfirmationRequest.asked_at).limit(1)
        asked = session.scalars(oldest.with_for_update(skip_locked=True)).one_or_none()
        if asked is None:
            return False
        session.delete(asked)
        _answer(session, asked.email_index, closed, now)
        return True


def _answer(session: Session, index: bytes, closed: Closed, now: datetime) -> None:
    """All who typed this address, locked in the order in which whoever proves it locks them."""
    rows = session.scalars(select(User).where(User.email_index == index).order_by(User.id).with_for_update()).all()
    owner = next((row for row in rows if row.email_confirmed_at is not None), None)
    waiting = [row for row in rows if row.email_confirmed_at is None and row.deactivated_at is None]
    if not waiting:
        return
    if owner is None:
        newest = max(waiting, key=lambda row: (row.created_at, row.id))
        writes.send_confirmation(session, user_id=newest.id, now=now)
        return
    for row in waiting:
        row.deactivated_at = now
        audit.record(session, SYSTEM, "account.join", "user", row.id, outcome="refused", reason="known_address")
    patients = select(Patient.id).where(Patient.user_id.in_([row.id for row in waiting]))
    closed(session, session.scalars(patients).all(), now)
    tell_owner(session, owner, now)
