"""Staff complete what a clinician decided: the logistics, never the decision."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.enrollment import emails, writes
from service.enrollment.queries import records
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, words
from service.mail import writes as mail
from service.safety import queries as safety

ROLES = ("coordinator", "owner")


def complete_approval(*, enrollment_id: UUID, actor: Actor, now: datetime) -> None:
    """Open the rest of the way to a patient whom a clinician approved, and tell them. Completing twice is once.

    Raises NotAllowed for other roles, OutsideCareTeam for whoever does not look after the patient, Conflict without a
    clinician's approval or while a safety hold stands.
    """
    if actor.role not in ROLES:
        raise NotAllowed("coordinators_only", words("Only a coordinator completes an approval."))
    with db.transaction() as session:
        enrollment = writes.locked(session, enrollment_id)
        accounts.check_may_open(session, actor, enrollment.patient_id)
        if enrollment.status == "approved":
            return
        decision = records.latest_decision(session, enrollment_id)
        if decision is None or decision.decision != "approve":
            raise Conflict(
                "not_decided", words("A clinician has not approved this yet, so there is nothing to complete.")
            )
        if safety.standing_hold(session, enrollment.patient_id):
            raise Conflict("on_hold", words("A safety hold stands. A clinician must lift it before this can go on."))
        writes.move(session, enrollment, "complete", actor, now)
        person = accounts.patient(session, enrollment.patient_id)
        mail.put(
            session,
            emails.enrollment_approved(),
            key=f"enrollment_approved:{enrollment_id}:{decision.encounter_id}",
            user_id=person.user_id,
            locale=person.locale,
            now=now,
        )
