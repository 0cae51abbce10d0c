"""Legal holds: while one stands, nothing of that patient is removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.accounts.rules import normal_email
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.kit.ids import new_id
from service.privacy import queries
from service.privacy.models import LegalHold
from service.privacy.queries import Hold

MAY_PLACE = ("owner",)
MAY_READ = ("owner", "auditor")
NOT_YOURS = NotAllowed("not_your_task", words("Only an owner can place or lift a legal hold."))
NO_SUCH_PATIENT = NotFound("no_such_patient", words("We could not find that patient."))


@dataclass(frozen=True, slots=True)
class PatientHolds:
    """A patient and the holds on them, the standing one first."""

    patient_id: UUID
    patient_name: str
    closed_at: datetime | None
    holds: list[Hold]

    @property
    def standing(self) -> Hold | None:
        return next((hold for hold in self.holds if hold.lifted_at is None), None)


def open_holds(*, actor: Actor) -> list[Hold]:
    """Every hold; whose names were shown is noted."""
    _check(actor, MAY_READ)
    with db.transaction() as session:
        found = queries.holds(session)
        audit.record_many(session, actor, "legal_hold.view", "legal_hold", [(h.id, h.patient_id) for h in found])
        return found


def open_patient(*, patient_id: UUID, actor: Actor) -> PatientHolds:
    """One patient's holds. Raises NotFound."""
    _check(actor, MAY_READ)
    with db.transaction() as session:
        row = session.get(Patient, patient_id)
        if row is None:
            raise NO_SUCH_PATIENT
        person = accounts.patient(session, patient_id)
        audit.record(session, actor, "legal_hold.view", "patient", patient_id, patient_id=patient_id)
        found = queries.holds(session, patient_id=patient_id)
        return PatientHolds(patient_id, f"{person.given_name} {person.family_name}", row.closed_at, found)


def find_patient(*, wanted: str, actor: Actor) -> UUID:
    """The patient behind an email address or a whole id. Raises NotFound, and NotAllowed for whoever places no holds.

    A closed account has no address any more: it is found by its id.
    """
    _check(actor, MAY_PLACE)
    with db.reading() as session:
        try:
            found = session.scalar(select(Patient.id).where(Patient.id == UUID(wanted)))
        except ValueError:
            found = _behind(session, wanted)
    if found is None:
        raise NO_SUCH_PATIENT
    return found


def _behind(session: Session, address: str) -> UUID | None:
    try:
        user = accounts.user_by_email(session, normal_email(address))
    except Rejected:
        return None
    return session.scalar(select(Patient.id).where(Patient.user_id == user.id)) if user is not None else None


def place_hold(*, patient_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Keep everything of this patient from now on. Raises Conflict where a hold stands, NotFound, NotAllowed."""
    user_id = _check(actor, MAY_PLACE)
    with db.transaction() as session:
        # Waits for whoever removes this very record; then there is nobody to hold.
        if session.scalar(select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True)) is None:
            raise NO_SUCH_PATIENT
        if queries.is_held(session, patient_id):
            raise Conflict("held_already", words("A legal hold stands on this patient already."))
        hold_id = new_id()
        session.add(
            LegalHold(
                id=hold_id,
                patient_id=patient_id,
                reason_sealed=crypto.seal(reason, "legal_holds", "reason", hold_id),
                placed_by=user_id,
                placed_at=now,
            )
        )
        audit.record(session, actor, "legal_hold.place", "legal_hold", hold_id, patient_id=patient_id)


def lift_hold(*, patient_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """From now on the schedule counts again, with everything that has run out meanwhile. Twice is once."""
    user_id = _check(actor, MAY_PLACE)
    with db.transaction() as session:
        row = session.scalars(
            select(LegalHold).where(LegalHold.patient_id == patient_id, LegalHold.lifted_at.is_(None)).with_for_update()
        ).one_or_none()
        if row is None:
            return
        row.lifted_at, row.lifted_by = now, user_id
        row.lift_reason_sealed = crypto.seal(reason, "legal_holds", "lift_reason", row.id)
        audit.record(session, actor, "legal_hold.lift", "legal_hold", row.id, patient_id=patient_id)


def _check(actor: Actor, roles: tuple[str, ...]) -> UUID:
    if actor.kind != "staff" or actor.role not in roles or actor.user_id is None:
        raise NOT_YOURS
    return actor.user_id
