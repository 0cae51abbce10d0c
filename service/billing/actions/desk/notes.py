"""What the next colleague should know about a membership's money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions.desk.look import NO_SUCH, check
from service.billing.models import Membership, MembershipNote
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.kit.ids import new_id


def add_note(*, membership_id: UUID, text: str, actor: Actor, now: datetime) -> UUID:
    """Write it down, sealed. Nobody can change it, the database included. Raises Rejected, NotFound, NotAllowed."""
    author_id = check(actor)
    body = text.strip()
    if not body:
        raise Rejected("no_note", words("Write what the next colleague should know"))
    if len(body) > rules.NOTE_MAX:
        raise Rejected("note_too_long", words("Write at most 2,000 letters"))
    with db.transaction() as session:
        row = writes.locked_membership(session, membership_id)
        if row is None:
            raise NO_SUCH
        note_id = write_down(session, row, body, author_id=author_id, now=now)
        audit.record(session, actor, "membership.note", "membership", row.id, patient_id=row.patient_id)
        return note_id


def write_down(session: Session, row: Membership, text: str, *, author_id: UUID, now: datetime) -> UUID:
    """A note beside what its author does, in the same transaction: sealed, about this membership."""
    note_id = new_id()
    session.add(
        MembershipNote(
            id=note_id,
            membership_id=row.id,
            patient_id=row.patient_id,
            author_id=author_id,
            body_sealed=crypto.seal(text, "membership_notes", "body", note_id),
            written_at=now,
        )
    )
    return note_id
