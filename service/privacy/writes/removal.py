"""What the service itself removes each day: rows that have run out, in batches. Nothing of a patient's record.

Clinical ages count in business time; sign-ins, links, codes and the like in wall time. A legal hold keeps everything of
its patient, whatever has run out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session

from service.accounts.models import (
    Invitation,
    KeptForm,
    KnownDevice,
    OneTimeCode,
    OneTimeLink,
    Patient,
    SignIn,
    SignInBackOff,
)
from service.billing.models import StripeEvent
from service.catalog.rules.retention import KeepRule
from service.enrollment.models import Assessment, ReviewRequest, WaitlistEntry
from service.kit import crypto
from service.mail.models import OutboxMessage
from service.privacy.models import DataExport
from service.privacy.queries import held_patients, held_users
from service.privacy.queries.holds import HeldKeys
from service.privacy.writes.closing import remove_contacts, remove_openers
from service.safety.models import Alert, SafetyHold


@dataclass(frozen=True, slots=True)
class Moments:
    """Both clocks, and what legal holds keep by keys that are no patient's id."""

    now: datetime
    wall_now: datetime
    held: HeldKeys


Due = Callable[[KeepRule, Moments], ColumnElement[bool]]
Remove = Callable[[Session, list[Any], Moments], int]  # returns how many went


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of one table: which are due, and how they go (default: deleted)."""

    model: Any
    due: Due
    remove: Remove | None = None


def _ended(model: Any, *moments: Any) -> Due:
    """Of an account: over by the wall clock, whichever way it ended."""

    def due(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
        return and_(func.coalesce(*moments) < keep.before(at.wall_now), model.user_id.not_in(held_users()))

    return due


def _visitors(emergency: bool) -> Due:
    def due(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
        return and_(
            Assessment.patient_id.is_(None),
            func.coalesce(Assessment.submitted_at, Assessment.started_at) < keep.before(at.now),
            Assessment.outcome == "emergency" if emergency else Assessment.outcome.is_distinct_from("emergency"),
        )

    return due


def _remove_assessments(session: Session, ids: list[Any], _: Moments) -> int:
    for model in (Alert, SafetyHold):
        session.execute(
            delete(model).where(model.source_kind == "assessment", model.source_id.in_(ids), model.patient_id.is_(None))
        )
    session.execute(delete(Assessment).where(Assessment.id.in_(ids)))
    return len(ids)


def _left_addresses(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    """A fingerprint of the address ties attempts together for some days; after an emergency it keeps marketing away."""
    there = or_(
        Assessment.contact_sealed.is_not(None),
        and_(Assessment.contact_index.is_not(None), Assessment.do_not_market.is_(False)),
    )
    free = or_(Assessment.patient_id.is_(None), Assessment.patient_id.not_in(held_patients()))
    return and_(there, free, Assessment.started_at < keep.before(at.now))


def _remove_left_addresses(session: Session, ids: list[Any], _: Moments) -> int:
    for row in session.scalars(select(Assessment).where(Assessment.id.in_(ids))):
        row.contact_sealed = row.nudge_at = row.link_wanted_at = None
        if not row.do_not_market:
            row.contact_index = None
    session.flush()
    return len(ids)


def _answered(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    held = select(Assessment.id).where(Assessment.patient_id.in_(held_patients()))
    return and_(
        ReviewRequest.contact_sealed.is_not(None),
        ReviewRequest.answered_at < keep.before(at.now),
        ReviewRequest.assessment_id.not_in(held),
    )


def _remove_answered(session: Session, ids: list[Any], _: Moments) -> int:
    session.execute(update(ReviewRequest).where(ReviewRequest.id.in_(ids)).values(contact_sealed=None))
    return len(ids)


def _contacts(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    return and_(
        Patient.closed_at < keep.before(at.now),
        Patient.contacts_removed_at.is_(None),
        Patient.id.not_in(held_patients()),
        # While somebody still has to call them, the number stays.
        not_(exists().where(Alert.patient_id == Patient.id, Alert.acknowledged_at.is_(None))),
    )


def _remove_contacts(session: Session, ids: list[Any], at: Moments) -> int:
    for patient in session.scalars(select(Patient).where(Patient.id.in_(ids))):
        remove_openers(session, patient.user_id)  # still there when a legal hold stood at the closing
        remove_contacts(session, patient, at.now)
    return len(ids)


def _remove_sign_ins(session: Session, ids: list[Any], _: Moments) -> int:
    """That somebody was here outlives the sign-in that proved it: how long a record is kept counts from it.

    Sign-ins of a patient whom somebody holds just now wait for the next time: who closes an account locks it first.
    """
    going = select(SignIn.user_id, func.max(SignIn.seen_at)).where(SignIn.id.in_(ids)).group_by(SignIn.user_id)
    seen = {row[0]: row[1] for row in session.execute(going)}
    patients = set(session.scalars(select(Patient.user_id).where(Patient.user_id.in_(seen))))
    locked = select(Patient).where(Patient.user_id.in_(patients)).with_for_update(skip_locked=True, key_share=True)
    for patient in session.scalars(locked.execution_options(populate_existing=True)):
        patient.last_seen_at = max(filter(None, (patient.last_seen_at, seen[patient.user_id])))
        patients.discard(patient.user_id)
    session.flush()
    gone = session.execute(
        delete(SignIn).where(SignIn.id.in_(ids), SignIn.user_id.not_in(patients)).returning(SignIn.id)
    )
    return len(gone.all())


def _devices(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    used = select(SignIn.device_id).where(SignIn.device_id.is_not(None))
    return and_(_ended(KnownDevice, KnownDevice.forgotten_at)(keep, at), KnownDevice.id.not_in(used))


def _invitations(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    ended = func.coalesce(Invitation.accepted_at, Invitation.withdrawn_at, Invitation.expires_at)
    return ended < keep.before(at.wall_now)


def _back_offs(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    return and_(SignInBackOff.wait_until < keep.before(at.wall_now), SignInBackOff.email_index.not_in(at.held.indexes))


def _mails(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    return and_(
        OutboxMessage.status != "queued",
        OutboxMessage.emptied_at.is_(None),
        OutboxMessage.ended_at < keep.before(at.now),
        or_(OutboxMessage.user_id.is_(None), OutboxMessage.user_id.not_in(held_users())),
        or_(OutboxMessage.wanted_while.is_(None), OutboxMessage.wanted_while.not_in(at.held.mails)),
        OutboxMessage.message_key.not_in(at.held.mails),
    )


def _empty_mails(session: Session, ids: list[Any], at: Moments) -> int:
    """The row stays: that a mail was sent is a fact of the record, and its key keeps it from being sent again."""
    for row in session.scalars(select(OutboxMessage).where(OutboxMessage.id.in_(ids))):
        row.facts_sealed = crypto.seal_json({}, "outbox", "facts", row.id)
        if row.address_sealed is not None:
            row.address_sealed = crypto.seal("", "outbox", "address", row.id)
        row.emptied_at = at.now
    session.flush()
    return len(ids)


def _pending(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    return and_(
        WaitlistEntry.confirmed_at.is_(None),
        WaitlistEntry.left_at.is_(None),
        WaitlistEntry.asked_at < keep.before(at.now),
        WaitlistEntry.email_index.not_in(at.held.indexes),
    )


def _left(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    over = func.coalesce(WaitlistEntry.left_at, WaitlistEntry.told_at)
    return and_(over < keep.before(at.now), WaitlistEntry.email_index.not_in(at.held.indexes))


def _webhooks(keep: KeepRule, at: Moments) -> ColumnElement[bool]:
    ended = func.coalesce(StripeEvent.handled_at, StripeEvent.parked_at)
    return and_(ended < keep.before(at.wall_now), StripeEvent.object_id.not_in(at.held.payment_objects))


def _copies(_: KeepRule, at: Moments) -> ColumnElement[bool]:
    """Each copy knows its own last moment: the rule was applied when it became ready."""
    return and_(
        DataExport.status == "ready",
        DataExport.expires_at <= at.wall_now,
        DataExport.patient_id.not_in(held_patients()),
    )


def _expire_copies(session: Session, ids: list[Any], _: Moments) -> int:
    for row in session.scalars(select(DataExport).where(DataExport.id.in_(ids))):
        row.status, row.json_sealed, row.pdf_sealed = "expired", None, None
    session.flush()
    return len(ids)


# What refers to something goes before it.
STEPS: Final[dict[str, tuple[Step, ...]]] = {
    "codes": (Step(OneTimeCode, _ended(OneTimeCode, OneTimeCode.used_at, OneTimeCode.expires_at)),),
    "kept_forms": (Step(KeptForm, _ended(KeptForm, KeptForm.used_at, KeptForm.expires_at)),),
    "links": (
        Step(OneTimeLink, _ended(OneTimeLink, OneTimeLink.used_at, OneTimeLink.expires_at)),
        Step(Invitation, _invitations),
    ),
    "sign_ins": (
        Step(SignIn, _ended(SignIn, SignIn.revoked_at, SignIn.expires_at), _remove_sign_ins),
        Step(KnownDevice, _devices),
    ),
    "back_offs": (Step(SignInBackOff, _back_offs),),
    "assessments": (Step(Assessment, _visitors(emergency=False), _remove_assessments),),
    "emergency_assessments": (Step(Assessment, _visitors(emergency=True), _remove_assessments),),
    "left_addresses": (
        Step(Assessment, _left_addresses, _remove_left_addresses),
        Step(ReviewRequest, _answered, _remove_answered),
    ),
    "closed_contacts": (Step(Patient, _contacts, _remove_contacts),),
    "mail_content": (Step(OutboxMessage, _mails, _empty_mails),),
    "waitlist_pending": (Step(WaitlistEntry, _pending),),
    "waitlist_left": (Step(WaitlistEntry, _left),),
    "webhook_bodies": (Step(StripeEvent, _webhooks),),
    "copies": (Step(DataExport, _copies, _expire_copies),),
}


def _key(model: Any) -> Any:
    return model.email_index if model is SignInBackOff else model.id


def count_due(session: Session, kind: str, keep: KeepRule, at: Moments) -> int:
    """How many rows of `kind` would go now."""
    return sum(
        session.scalar(select(func.count()).select_from(step.model).where(step.due(keep, at))) or 0
        for step in STEPS[kind]
    )


def remove_due(session: Session, kind: str, keep: KeepRule, at: Moments, limit: int) -> int:
    """Remove up to `limit` rows of each table of `kind`. Rows that somebody holds just now wait for the next time."""
    removed = 0
    for step in STEPS[kind]:
        key = _key(step.model)
        ids = list(
            session.scalars(select(key).where(step.due(keep, at)).limit(limit).with_for_update(skip_locked=True))
        )
        if not ids:
            continue
        if step.remove is not None:
            removed += step.remove(session, ids, at)
        else:
            session.execute(delete(step.model).where(key.in_(ids)))
            removed += len(ids)
    return removed
