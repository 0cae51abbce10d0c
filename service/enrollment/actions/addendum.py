"""A clinician of the care team adds to a signed encounter. What was signed stays as it is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.enrollment import writes
from service.enrollment.actions.decide import NotSignable
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, NotFound, Rejected, words
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.models import Encounter
from service.visits.rules.encounters import SETTLES, why_not_added

TEXT_MAX = 20_000


def add_addendum(
    *, enrollment_id: UUID, encounter_id: UUID, text: str, settles: tuple[str, ...], actor: Actor, now: datetime
) -> UUID:
    """Sign an addendum. Returns its id; sending the same words twice gives the first one's.

    `settles`: questions of care at home that the record left open and that are settled now ("sitter", "monitor").
    Raises NotAllowed for anybody but a clinician, OutsideCareTeam for one not on the team (a broken glass lets them
    look, not write), NotFound for an encounter of somebody else, NotSignable for an empty one.
    """
    text = text.strip()
    if not set(settles) <= set(SETTLES) or len(text) > TEXT_MAX:
        raise Rejected("not_an_addendum", words("This cannot be added as it is. Check what you entered."))
    with db.transaction() as session:
        if actor.role != "clinician" or actor.user_id is None:
            raise clinicians_only()
        enrollment = writes.locked(session, enrollment_id)
        accounts.check_looks_after(session, actor, enrollment.patient_id)
        encounter = session.get(Encounter, encounter_id)
        if encounter is None or encounter.patient_id != enrollment.patient_id:
            raise NotFound("no_such_encounter", words("We could not find that visit."))
        whys = why_not_added(text, settles)
        if whys:
            raise NotSignable(whys)
        if visits.practitioner_of(session, actor.user_id) is None:
            raise clinicians_only()
        for there in visits.addenda_of(session, encounter):
            if (there.signed_by, there.text, there.settles) == (actor.user_id, text, tuple(sorted(settles))):
                return there.id
        addendum_id = bookings.add_addendum(
            session, encounter=encounter, text=text, settles=settles, signed_by=actor.user_id, now=now
        )
        audit.record(session, actor, "encounter.add", "encounter", encounter_id, patient_id=enrollment.patient_id)
        return addendum_id


def clinicians_only() -> NotAllowed:
    """What everybody else hears."""
    return NotAllowed("clinicians_only", words("Only a clinician may add to the record of a visit."))
