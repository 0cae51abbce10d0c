"""The clinician's side of a visit's room: who has come, how to reach them, and the way in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment.actions.look import SEES_ANSWERS
from service.enrollment.queries import rooms
from service.enrollment.queries.rooms import StaffRoom
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotFound, words
from service.visits import queries as visits


def open_room(*, appointment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> StaffRoom:
    """One visit on its day, with the number to call and, for clinicians, where an ambulance would go. It is noted.

    Raises NotFound, NotAllowed for roles that look after nobody, OutsideCareTeam for whoever does not look after this
    patient.
    """
    with db.transaction() as session:
        visit = visits.visit(session, appointment_id)
        if visit is None or visit.status in ("held", "let_go"):
            raise NotFound("no_such_visit", words("We could not find that visit."))
        until = accounts.check_may_open(session, actor, visit.patient_id)
        audit.record(
            session,
            actor,
            "record.view",
            "appointment",
            appointment_id,
            patient_id=visit.patient_id,
            reason="break_glass" if until else "logistics",
        )
        return rooms.staff_room(
            session, visit, viewer=actor.user_id, clinical=actor.role in SEES_ANSWERS, catalog=catalog, now=now
        )
