"""A clinician records the visit and decides. The software checks and keeps; it never decides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.queries import policy_on
from service.catalog.rules.whole import Catalog
from service.enrollment import emails, writes
from service.enrollment.models import EligibilityDecision, Enrollment
from service.enrollment.queries import records
from service.enrollment.rules import status
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, Rejected, words
from service.kit.ids import new_id
from service.mail import writes as mail
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import License, Practitioner
from service.visits.rules.encounters import Circumstances, VisitRecord, why_not

EVENTS = {"approve": "decide_approve", "decline": "decide_decline", "more_info": "ask_more"}
AUTHORITY = "federal_telemedicine_authority"


class NotSignable(Rejected):
    """The record cannot be signed as it is. `reasons` are plain sentences for the clinician."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("not_signable", reasons[0])
        self.reasons = reasons


def record_decision(*, enrollment_id: UUID, record: VisitRecord, catalog: Catalog, actor: Actor, now: datetime) -> UUID:
    """Sign the encounter and keep the decision that rests on it, in one transaction. Returns the encounter's id.

    Raises NotAllowed for anybody but a practitioner, OutsideCareTeam for one who does not look after this patient,
    NotSignable with every reason, Conflict when there is no visit to record. Sending the same decision twice gives the
    first one's encounter.
    """
    with db.transaction() as session:
        clinician = visits.practitioner_of(session, actor.user_id) if actor.user_id else None
        if actor.role != "clinician" or clinician is None:
            raise NotAllowed("clinicians_only", words("Only a clinician may record a visit and decide."))
        enrollment = writes.locked(session, enrollment_id)
        accounts.check_may_open(session, actor, enrollment.patient_id)
        visit = visits.booked_visit(session, enrollment.patient_id)
        if visit is None:
            return _the_first(session, enrollment, clinician, record)
        license = visits.license_for(session, clinician.id, enrollment.state)
        reasons = why_not(record, _known(session, enrollment, clinician, license, visit.starts_at, catalog, now))
        if reasons or license is None:
            raise NotSignable(reasons)
        encounter_id = bookings.sign_encounter(
            session,
            appointment_id=visit.id,
            patient_id=enrollment.patient_id,
            license=license,
            record=record,
            pdmp_system=_pdmp_system(catalog, enrollment.state, now),
            signed_by=clinician.user_id,
            now=now,
        )
        bookings.finish(session, visit.id)
        _keep(session, enrollment, encounter_id, clinician, record, now)
        writes.move(session, enrollment, EVENTS[record.decision], actor, now)
        audit.record(session, actor, "encounter.sign", "encounter", encounter_id, patient_id=enrollment.patient_id)
        _tell(session, enrollment, record, now)
        return encounter_id


def _known(
    session: Session,
    enrollment: Enrollment,
    clinician: Practitioner,
    license: License | None,
    starts_at: datetime,
    catalog: Catalog,
    now: datetime,
) -> Circumstances:
    today = now.astimezone(ZoneInfo(clinician.time_zone)).date()
    authority = policy_on(catalog, AUTHORITY, "US", today)
    return Circumstances(
        now=now,
        starts_at=starts_at,
        today=today,
        license_expires_on=license.expires_on if license else None,
        enrolled_in=enrollment.state,
        physician_option=bool(catalog.states[enrollment.state].disclosures_on(today)),
        telemedicine_authority=authority is not None and authority.value is True,
        on_hold=safety.standing_hold(session, enrollment.patient_id),
    )


def _pdmp_system(catalog: Catalog, code: str, now: datetime) -> str:
    state = catalog.states[code]
    pdmp = state.pdmp_on(state.day(now))
    return pdmp.system if pdmp else ""


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


def _the_first(session: Session, enrollment: Enrollment, clinician: Practitioner, record: VisitRecord) -> UUID:
    """The same decision sent a second time is the first; anything else has nothing to rest on."""
    last = records.latest_decision(session, enrollment.id)
    moved_so = status.TABLE[("booked", EVENTS[record.decision])] == enrollment.status
    if last and moved_so and (last.practitioner_id, last.decision) == (clinician.id, record.decision):
        return last.encounter_id
    raise Conflict("no_visit", words("There is no booked visit to record. A decision always rests on a visit."))


def _tell(session: Session, enrollment: Enrollment, record: VisitRecord, now: datetime) -> None:
    """Approvals are told when staff complete them; the others now, in words that say nothing of the reason."""
    letters = {"decline": emails.enrollment_declined, "more_info": emails.enrollment_more_info}
    if record.decision not in letters:
        return
    person = accounts.patient(session, enrollment.patient_id)
    mail.put(
        session,
        letters[record.decision](),
        key=f"enrollment_{record.decision}:{enrollment.id}:{now.isoformat()}",
        user_id=person.user_id,
        locale=person.locale,
        now=now,
    )
