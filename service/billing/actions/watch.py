"""Staff look at one membership that needs a person. The page names a patient, so the look is noted."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import queries, rules
from service.billing.queries import NeedsPerson
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotFound, words


def open_membership(*, membership_id: UUID, actor: Actor) -> NeedsPerson:
    """One of the list, for whoever looks after the patient.

    Raises NotFound for one that needs nobody (any more), NotAllowed for other roles, OutsideCareTeam.
    """
    with db.transaction() as session:
        found = next(iter(queries.needing_a_person(session, membership_id)), None)
        if found is None:
            raise NotFound("no_membership", words("This membership does not wait for anybody."))
        accounts.check_may_open(session, actor, found.patient_id)
        audit.record(session, actor, "record.view", "membership", found.id, patient_id=found.patient_id)
        return found if actor.role in rules.MAY_RESUME else replace(found, reasons=())
