"""A visit that did not take place, a follow-up too: the patient may book again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.enrollment import writes
from service.enrollment.rules.booking import MOVES_THE_ENROLLMENT
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, words
from service.mail import writes as mail
from service.visits import emails
from service.visits import queries as visits
from service.visits import writes as bookings

ROLES = ("clinician", "coordinator")


def mark_missed(*, enrollment_id: UUID, actor: Actor, now: datetime) -> None:
    """Note that the booked visit was not held, and tell the patient how to book again.

    Raises NotAllowed for other roles, OutsideCareTeam for whoever does not look after the patient, Conflict without a
    booked visit or before its time is over.
    """
    if actor.role not in ROLES:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))
    with db.transaction() as session:
        enrollment = writes.locked(session, enrollment_id)
        accounts.check_looks_after(session, actor, enrollment.patient_id)
        visit = visits.booked_visit(session, enrollment.patient_id)
        if visit is None or visit.ends_at > now:
            raise Conflict("visit_not_over", words("There is no booked visit whose time is over."))
        bookings.miss(session, visit.id, now)
        if visit.kind == MOVES_THE_ENROLLMENT:
            writes.give_visit_back(session, enrollment, actor, now)
        audit.record(session, actor, "visit.miss", "appointment", visit.id, patient_id=visit.patient_id)
        person = accounts.patient(session, visit.patient_id)
        mail.put(
            session,
            emails.visit_missed(starts_at=visit.starts_at, time_zone=person.time_zone, locale=person.locale),
            key=f"visit_missed:{visit.id}",
            user_id=person.user_id,
            locale=person.locale,
            now=now,
        )
