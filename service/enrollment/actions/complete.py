"""Staff complete what a clinician decided: the logistics, never the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.consent import writes as evidence
from service.enrollment import emails, writes
from service.enrollment.models import Enrollment
from service.enrollment.queries import records
from service.enrollment.queries.logistics import completion
from service.enrollment.queries.papers import provider_of
from service.enrollment.queries.records import Decision
from service.enrollment.queries.refusals import refusals
from service.enrollment.queries.review import full_name
from service.enrollment.rules.completion import Item, missing
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, words
from service.mail import writes as mail
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits.models import Encounter

ROLES = ("coordinator", "owner")


class NotReady(Conflict):
    """Something an approval waits for is missing. `items` name each."""

    def __init__(self, items: tuple[Item, ...]) -> None:
        super().__init__("not_ready", words("Something is still missing before this can be completed."))
        self.items = items


@dataclass(frozen=True, slots=True)
class Checklist:
    """The completion page: whose, where it stands, and each line."""

    enrollment_id: UUID
    patient_name: str
    status: str
    items: tuple[Item, ...]
    on_hold: bool
    glass_until: datetime | None


def open_checklist(*, enrollment_id: UUID, actor: Actor, now: datetime) -> Checklist:
    """What an approval waits for. The look is noted. Raises as `complete_approval` does for who may not."""
    _check_role(actor)
    with db.transaction() as session:
        found = records.enrollment(session, enrollment_id)
        if found is None:
            raise NotFound("no_such_enrollment", words("We could not find that enrollment."))
        until = accounts.check_may_open(session, actor, found.patient_id)
        decision = records.latest_decision(session, enrollment_id)
        audit.record(session, actor, "record.view", "enrollment", enrollment_id, patient_id=found.patient_id)
        return Checklist(
            enrollment_id=enrollment_id,
            patient_name=full_name(accounts.patient(session, found.patient_id)),
            status=found.status,
            items=completion(
                session,
                patient_id=found.patient_id,
                state=found.state,
                encounter_id=decision.encounter_id if decision and decision.decision == "approve" else None,
                now=now,
            ),
            on_hold=safety.standing_hold(session, found.patient_id),
            glass_until=until,
        )


def complete_approval(*, enrollment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Open the rest of the way to a patient whom a clinician approved, and tell them. Completing twice is once.

    Raises NotAllowed for other roles, OutsideCareTeam for whoever does not look after the patient, Conflict without a
    clinician's approval, while a safety hold stands or where the state's rules allow no care to go on by now, NotReady
    with each thing that is missing.
    """
    _check_role(actor)
    with db.transaction() as session:
        enrollment = writes.locked(session, enrollment_id)
        accounts.check_looks_after(session, actor, enrollment.patient_id)
        if enrollment.status == "approved":
            return
        decision = records.latest_decision(session, enrollment_id)
        if decision is None or decision.decision != "approve":
            raise Conflict(
                "not_decided", words("A clinician has not approved this yet, so there is nothing to complete.")
            )
        if safety.standing_hold(session, enrollment.patient_id):
            raise Conflict("on_hold", words("A safety hold stands. A clinician must lift it before this can go on."))
        lacking = missing(
            completion(
                session,
                patient_id=enrollment.patient_id,
                state=enrollment.state,
                encounter_id=decision.encounter_id,
                now=now,
            )
        )
        if lacking and enrollment.status == "decided":
            raise NotReady(lacking)
        _check_law(session, enrollment_id, catalog, now)
        writes.move(session, enrollment, "complete", actor, now)
        _estimate(session, enrollment, decision, catalog, now)
        person = accounts.patient(session, enrollment.patient_id)
        mail.put(
            session,
            emails.enrollment_approved(),
            key=f"enrollment_approved:{enrollment_id}:{decision.encounter_id}",
            user_id=person.user_id,
            locale=person.locale,
            now=now,
        )


def _check_law(session: Session, enrollment_id: UUID, catalog: Catalog, now: datetime) -> None:
    """Much may end between the decision and this: the state closes, a licence or the federal authority lapses."""
    found = records.enrollment(session, enrollment_id)
    if found is None:
        raise NotFound("no_such_enrollment", words("We could not find that enrollment."))
    against = refusals(session, catalog, found, accounts.patient(session, found.patient_id), now)
    if against:
        raise Conflict(against[0].code, against[0].message)


def _estimate(session: Session, enrollment: Enrollment, decision: Decision, catalog: Catalog, now: datetime) -> None:
    """What the coming months are expected to cost, given with the approval (45 CFR 149.610, domain.md 7.5)."""
    visit = session.get_one(Encounter, decision.encounter_id)
    evidence.issue(
        session,
        patient_id=enrollment.patient_id,
        occasion="approval",
        about_id=enrollment.id,
        catalog=catalog,
        now=now,
        provider=provider_of(session, decision.practitioner_id),
        diagnosis_codes=visits.codes_in(visit.record_sealed, visit.id).diagnoses,
    )


def _check_role(actor: Actor) -> None:
    if actor.role not in ROLES:
        raise NotAllowed("coordinators_only", words("Only a coordinator completes an approval."))
