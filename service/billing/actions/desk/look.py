"""Staff look at memberships and money. Each page names patients, so whose it showed is noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import rules
from service.billing.models import Membership
from service.billing.queries import desk
from service.billing.queries.desk import Desk, DisputeFacts, Failed, Given, Listing, Place
from service.billing.rules.shelves import Wanted
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, NotFound, words

NOT_YOURS = NotAllowed("not_your_task", words("Your role does not work with memberships."))
NO_SUCH = NotFound("no_membership", words("There is no such membership."))


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the list, and what waits elsewhere."""

    page: Listing
    waits: desk.Waits


@dataclass(frozen=True, slots=True)
class Asks:
    """What waits for a second person, with whom each is for."""

    given: tuple[Given, ...]
    names: dict[UUID, str]  # by patient


@dataclass(frozen=True, slots=True)
class Disputes:
    """Payments that a bank disputes, with whom each is about."""

    found: tuple[DisputeFacts, ...]
    names: dict[UUID, str]


def check(actor: Actor, roles: tuple[str, ...] = rules.MAY_SEE) -> UUID:
    """The user id of an `actor` of these roles. Raises NotAllowed."""
    if actor.kind != "staff" or actor.role not in roles or actor.user_id is None:
        raise NOT_YOURS
    return actor.user_id


def open_list(*, wanted: Wanted, actor: Actor, after: Place | None = None, before: Place | None = None) -> Shown:
    """A page of memberships. Raises NotAllowed."""
    check(actor)
    with db.transaction() as session:
        page = desk.listing(session, wanted, after=after, before=before)
        _note(session, actor, [(row.id, row.patient_id) for row in page.rows])
        return Shown(page, desk.waits(session))


def open_one(*, membership_id: UUID, actor: Actor) -> Desk:
    """One membership. Why the gate said no is for those who may decide about it and look after the patient.

    Raises NotAllowed, NotFound.
    """
    check(actor)
    with db.transaction() as session:
        row = session.get(Membership, membership_id)
        if row is None:
            raise NO_SUCH
        assert actor.user_id is not None
        cares = actor.role in rules.MAY_RESUME and bool(
            accounts.looked_after(session, user_id=actor.user_id, patient_ids=[row.patient_id])
        )
        found = desk.desk(session, membership_id, with_reasons=cares)
        assert found is not None
        _note(session, actor, [(row.id, row.patient_id)])
        return found


def find(*, wanted: str, actor: Actor) -> UUID:
    """The membership behind a whole e-mail address, or an id of ours or of Stripe's. Each try is noted; what was
    typed is not. Raises NotFound."""
    check(actor)
    with db.transaction() as session:
        found = desk.find(session, wanted)
        row = session.get(Membership, found) if found else None
        audit.record(
            session,
            actor,
            "membership.find",
            "membership",
            found,
            patient_id=row.patient_id if row else None,
            reason=None if row else "not_found",
        )
    if found is None:
        raise NO_SUCH
    return found


def open_failed(
    *, actor: Actor, after: Place | None = None, before: Place | None = None
) -> tuple[Listing, tuple[Failed, ...]]:
    """A page of failed payments."""
    check(actor)
    with db.transaction() as session:
        page, failed = desk.failed_payments(session, after=after, before=before)
        _note(session, actor, [(row.id, row.patient_id) for row in page.rows])
        return page, failed


def open_asks(*, actor: Actor) -> Asks:
    """What waits for a second person."""
    check(actor)
    with db.transaction() as session:
        found = desk.asks(session)
        _note(session, actor, {(one.membership_id, one.patient_id) for one in found})
        return Asks(tuple(found), _names(session, {one.patient_id for one in found}))


def open_ask(given_id: UUID, *, refund: bool, actor: Actor) -> tuple[Given, str]:
    """One refund or credit, and for whom it is. Raises NotFound for an id of none."""
    check(actor, rules.MAY_GIVE)
    with db.transaction() as session:
        found = desk.given(session, given_id, refund=refund)
        if found is None:
            raise NotFound("no_such_gift", words("There is no such refund or credit."))
        _note(session, actor, [(found.membership_id, found.patient_id)])
        return found, _names(session, {found.patient_id})[found.patient_id]


def open_disputes(*, actor: Actor, only: UUID | None = None) -> Disputes:
    """Open disputes first, then those that were closed; or the one with this id, if there is one."""
    check(actor)
    with db.transaction() as session:
        found = desk.open_disputes(session, only)
        _note(session, actor, {(one.membership_id, one.patient_id) for one in found})
        return Disputes(tuple(found), _names(session, {one.patient_id for one in found}))


def _names(session: Session, patient_ids: set[UUID]) -> dict[UUID, str]:
    people = accounts.patients(session, patient_ids)
    return {one.id: f"{one.given_name} {one.family_name}" for one in people.values()}


def _note(session: Session, actor: Actor, seen: Iterable[tuple[UUID, UUID]]) -> None:
    audit.record_many(session, actor, "record.view", "membership", list(seen))
