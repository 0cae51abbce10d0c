"""A clinician records the visit and, where one is due, decides. The software checks and keeps; it never decides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.consent import writes as evidence
from service.enrollment import emails, writes
from service.enrollment.models import EligibilityDecision, Enrollment
from service.enrollment.queries import records
from service.enrollment.queries.papers import provider_of
from service.enrollment.queries.signing import VisitToSign, visit_to_sign
from service.enrollment.rules import status
from service.kit import crypto, db
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import Conflict, NotAllowed, Rejected, words
from service.kit.ids import new_id
from service.mail import writes as mail
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import Practitioner
from service.visits.rules.encounters import VisitRecord, Why, why_not

HAS_LEFT = NotAllowed(
    "has_left", words("By your calendar here you had left by the day of this visit. An owner can put that right.")
)
EVENTS = {"approve": "decide_approve", "decline": "decide_decline", "more_info": "ask_more"}


class NotSignable(Rejected):
    """The record cannot be signed as it is. `whys` name the field of each reason, `reasons` are the sentences alone."""

    def __init__(self, whys: tuple[Why, ...]) -> None:
        super().__init__("not_signable", whys[0].message)
        self.whys = whys
        self.reasons = tuple(why.message for why in whys)


def record_decision(
    *,
    enrollment_id: UUID,
    record: VisitRecord,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    appointment_id: UUID | None = None,
) -> UUID:
    """Sign the encounter and keep the decision that rests on it, in one transaction. Returns the encounter's id.

    A consultation decides, a transfer decides about care in the state the patient moved to, a follow-up is only
    recorded. `appointment_id`: the visit the clinician had before them, where the page says so.
    Raises NotAllowed for anybody but a practitioner, for one who had left by the day of the visit and for an emergency
    look, OutsideCareTeam for one who does not look after this patient, NotSignable with every reason, Conflict when
    there is no visit to record. Sending the same record twice gives the first one's encounter.
    """
    with db.transaction() as session:
        clinician = visits.practitioner_of(session, actor.user_id) if actor.user_id else None
        if actor.role != "clinician" or clinician is None:
            raise NotAllowed("clinicians_only", words("Only a clinician may record a visit and decide."))
        enrollment = writes.locked(session, enrollment_id)
        accounts.check_looks_after(session, actor, enrollment.patient_id)
        visit = visits.booked_visit(session, enrollment.patient_id)
        if visit is None or appointment_id not in (None, visit.id):
            return _the_first(session, enrollment, clinician, record, appointment_id)
        if clinician.has_left(visit.starts_at):
            raise HAS_LEFT
        case = visit_to_sign(session, catalog, enrollment, visit, clinician, now)
        whys = why_not(record, case.known)
        if case.license is None or whys:
            raise NotSignable(whys or (Why("", words("You have no license for this patient's state.")),))
        encounter_id = bookings.sign_encounter(
            session,
            appointment_id=visit.id,
            patient_id=enrollment.patient_id,
            practitioner_id=clinician.id,
            license=case.license,
            record=record,
            kind=case.kind,
            pdmp_system=case.pdmp_system,
            attestation_id=case.attestation.id if case.attestation else None,
            around=case.around,
            signed_by=clinician.user_id,
            now=now,
        )
        bookings.finish(session, visit.id, now)
        audit.record(session, actor, "encounter.sign", "encounter", encounter_id, patient_id=enrollment.patient_id)
        if record.decision is not None:
            _keep(session, enrollment, encounter_id, clinician, record, now)
            _follow(session, enrollment, case, record, actor, now)
            if case.kind == "transfer" and record.decision == "approve":
                _estimate(session, enrollment, encounter_id, clinician, record, catalog, now)
            if case.kind == "transfer":  # who comes back to a state has signed its texts before
                writes.all_signed(session, enrollment, catalog, SYSTEM, now)
            _tell(session, enrollment, case, record, encounter_id, now)
        return encounter_id


def _follow(
    session: Session, enrollment: Enrollment, case: VisitToSign, record: VisitRecord, actor: Actor, now: datetime
) -> None:
    """Move on as decided. A no to a transfer leaves things where they stand: stopped, until staff have spoken."""
    if case.kind == "consultation" and record.decision:
        writes.move(session, enrollment, EVENTS[record.decision], actor, now)
    elif record.decision == "approve":
        writes.transfer(session, enrollment, case.known.state, actor, now)


def _estimate(
    session: Session,
    enrollment: Enrollment,
    encounter_id: UUID,
    clinician: Practitioner,
    record: VisitRecord,
    catalog: Catalog,
    now: datetime,
) -> None:
    """Somebody else gives the care from now on, somewhere else: what was estimated before is estimated anew
    (45 CFR 149.610(b)(1): a change of scope or provider).
    """
    evidence.issue(
        session,
        patient_id=enrollment.patient_id,
        occasion="approval",
        about_id=encounter_id,
        catalog=catalog,
        now=now,
        provider=provider_of(session, clinician.id),
        diagnosis_codes=record.diagnoses,
    )


def _keep(
    session: Session,
    enrollment: Enrollment,
    encounter_id: UUID,
    clinician: Practitioner,
    record: VisitRecord,
    now: datetime,
) -> None:
    decision_id, reason = new_id(), record.reason.strip()
    session.add(
        EligibilityDecision(
            id=decision_id,
            enrollment_id=enrollment.id,
            encounter_id=encounter_id,
            practitioner_id=clinician.id,
            decision=record.decision,
            reason_sealed=crypto.seal(reason, "eligibility_decisions", "reason", decision_id) if reason else None,
            decided_at=now,
        )
    )
    session.flush()


def _the_first(
    session: Session,
    enrollment: Enrollment,
    clinician: Practitioner,
    record: VisitRecord,
    appointment_id: UUID | None,
) -> UUID:
    """The same record sent a second time is the first; anything else has nothing to rest on."""
    if appointment_id is not None:
        row = visits.encounter_at(session, appointment_id)
        if row is not None and row.patient_id == enrollment.patient_id:
            kept = records.decision_on(session, row.id)
            if (row.signed_by, kept) == (clinician.user_id, record.decision):
                return row.id
            raise bookings.already_recorded()
        raise Conflict("no_visit", words("This visit is no longer booked. Go back to the record to see what is."))
    last = records.latest_decision(session, enrollment.id)
    moved_so = record.decision and status.TABLE[("booked", EVENTS[record.decision])] == enrollment.status
    if last and moved_so and (last.practitioner_id, last.decision) == (clinician.id, record.decision):
        return last.encounter_id
    raise Conflict("no_visit", words("There is no booked visit to record. A decision always rests on a visit."))


def _tell(
    session: Session,
    enrollment: Enrollment,
    case: VisitToSign,
    record: VisitRecord,
    encounter_id: UUID,
    now: datetime,
) -> None:
    """One mail for each decision, in words that say neither what it was nor why."""
    letters = {
        "approve": emails.enrollment_approved if case.kind == "transfer" else emails.enrollment_decided,
        "decline": emails.enrollment_declined,
        "more_info": emails.enrollment_more_info,
    }
    person = accounts.patient(session, enrollment.patient_id)
    mail.put(
        session,
        letters[record.decision or "decline"](),
        key=f"enrollment_decision:{encounter_id}",
        user_id=person.user_id,
        locale=person.locale,
        now=now,
    )
