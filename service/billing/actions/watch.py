"""Staff look at memberships that need a person. The page names patients, so the look is noted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import queries, rules
from service.billing.queries import NeedsPerson
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotFound, words


@dataclass(frozen=True, slots=True)
class Watch:
    """The list, and how many of Stripe's messages nobody could act upon."""

    memberships: tuple[NeedsPerson, ...]
    parked: int


def open_watch(*, actor: Actor) -> Watch:
    """The list. Why the gate said no is for those who may decide about it and look after the patient."""
    with db.transaction() as session:
        rows = queries.needing_a_person(session)
        ids = [one.patient_id for one in rows]
        own = accounts.looked_after(session, user_id=actor.user_id, patient_ids=ids) if actor.user_id else set()
        found = tuple(_shown(one, actor, one.patient_id in own) for one in rows)
        seen = [(one.id, one.patient_id) for one in found]
        audit.record_many(session, actor, "record.view", "membership", seen)
        return Watch(found, queries.parked_count(session))


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
        return _shown(found, actor, True)


def _shown(one: NeedsPerson, actor: Actor, in_care: bool) -> NeedsPerson:
    return one if in_care and actor.role in rules.MAY_RESUME else replace(one, reasons=())
