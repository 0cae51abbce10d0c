"""Holds, and the one way to lift them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, NotFound, Rejected, words
from service.safety import queries, rules
from service.safety.models import SafetyHold

NO_SUCH_HOLD = NotFound("no_such_hold", words("We could not find that hold."))
CLINICIAN_LIFTS = NotAllowed("clinician_lifts", words("Only a clinician can lift a hold."))


def open_hold(*, hold_id: UUID, actor: Actor) -> queries.HoldDetails:
    """A hold for the page that lifts it; who saw it is noted.

    Raises NotAllowed for other roles, NotFound, OutsideCareTeam for whoever does not look after the patient.
    """
    if actor.role not in rules.MAY_LIFT:
        raise CLINICIAN_LIFTS
    with db.transaction() as session:
        found = queries.hold(session, hold_id)
        if found is None:
            raise NO_SUCH_HOLD
        if found.patient_id is not None:
            accounts.check_may_open(session, actor, found.patient_id)
        audit.record(session, actor, "record.view", "hold", hold_id, patient_id=found.patient_id)
        return found


def lift_hold(*, hold_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Lift a hold: a clinician's judgement, with a reason. Lifting it twice changes nothing.

    Raises NotAllowed for anybody else, OutsideCareTeam for a clinician who does not look after the patient, Rejected
    without a reason, NotFound for an unknown hold.
    """
    if actor.user_id is None or actor.role not in rules.MAY_LIFT:
        raise CLINICIAN_LIFTS
    if len(reason.strip()) < rules.REASON_MIN:
        raise Rejected("reason_missing", words("Write in a sentence why it is safe to go on."))
    with db.transaction() as session:
        hold = session.scalars(select(SafetyHold).where(SafetyHold.id == hold_id).with_for_update()).one_or_none()
        if hold is None:
            raise NO_SUCH_HOLD
        if hold.patient_id is not None:
            accounts.check_looks_after(session, actor, hold.patient_id)
        if hold.lifted_at is not None:
            return
        hold.lifted_at = now
        hold.lifted_by = actor.user_id
        hold.lift_reason_sealed = crypto.seal(reason.strip(), "safety_holds", "lift_reason", hold.id)
        audit.record(session, actor, "hold.lift", "hold", hold.id, patient_id=hold.patient_id)
