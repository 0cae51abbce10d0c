"""Care ends: for a clinical reason, because somebody lives where we cannot treat, or has died. Billing ends with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import User
from service.accounts.writes.staff import end_sign_ins
from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions.halting import end
from service.billing.actions.refunds import due_by_policy
from service.billing.actions.stops.performing import perform_all
from service.billing.gateway import Gateway
from service.billing.models import Membership
from service.billing.rules.ending import MAY_END, NOTE_MAX, reasons_for, tells_nobody
from service.catalog.rules.refunds import DELIVERED, Delivered, EndRule, end_rule
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.enrollment.models import Enrollment
from service.enrollment.queries import records
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.visits import queries as visits
from service.visits import writes as bookings

OVER = ("declined", "ended")


@dataclass(frozen=True, slots=True)
class Ending:
    """Whose care would end, and what that gives back, by reason and by what was delivered, in cents."""

    enrollment_id: UUID
    patient_id: UUID
    name: str
    member: bool
    visit_at: datetime | None
    reasons: tuple[str, ...]
    gives_back: dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class EndedCare:
    """What came of it. `given_back_cents` is on its way; without `answered` Stripe is asked again by itself."""

    given_back_cents: int
    answered: bool
    member: bool


def open_ending(*, enrollment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> Ending:
    """The page before care ends. Raises NotAllowed, OutsideCareTeam, NotFound, Conflict where it is over already."""
    _check(actor)
    with db.transaction() as session:
        found = _found(session, enrollment_id, actor)
        row = session.scalars(
            select(Membership).where(Membership.patient_id == found.patient_id, Membership.status != "ended")
        ).one_or_none()
        reasons = reasons_for(actor.role)
        audit.record(session, actor, "record.view", "enrollment", enrollment_id, patient_id=found.patient_id)
        booked, person = visits.booked_visit(session, found.patient_id), accounts.patient(session, found.patient_id)
        return Ending(
            enrollment_id=enrollment_id,
            patient_id=found.patient_id,
            name=f"{person.given_name} {person.family_name}",
            member=row is not None and row.status in rules.LIVE,
            visit_at=booked.starts_at if booked is not None else None,
            reasons=reasons,
            gives_back={
                (reason, one): _gives_back(session, row, _rule(catalog, reason, now), one, now)
                for reason in reasons
                for one in DELIVERED
            },
        )


def end_care(
    *,
    enrollment_id: UUID,
    reason: str,
    delivered: str,
    note: str,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> EndedCare:
    """End somebody's care and with it everything that costs, at once. What must stop stops in one transaction.

    From it on the gate says no; the calls to Stripe are kept in it and made after it, as often as it takes. The refund
    is the policy's for `reason` and what was `delivered`. Who has died can sign in no more, and gets no mail.
    Raises NotAllowed for a role that may not say so, Rejected, NotFound, OutsideCareTeam, Conflict where it is over.
    """
    _check(actor)
    if reason not in reasons_for(actor.role):
        raise NotAllowed("not_your_reason", words("Only a clinician can decide this. Ask one on the care team."))
    said = next((one for one in DELIVERED if one == delivered), None)
    if said is None:
        raise Rejected("delivered_unknown", words("Say whether anything was delivered."))
    if len(note) > NOTE_MAX:
        raise Rejected("too_long", words("That is longer than we can keep. Use a shorter form."))
    with db.transaction() as session:
        found = _found(session, enrollment_id, actor)
        care = enrollment.locked(session, enrollment_id)
        row = writes.live_membership(session, found.patient_id)
        rule = _rule(catalog, reason, now)
        given = _gives_back(session, row, rule, said, now)
        booked = visits.booked_visit(session, found.patient_id)
        if booked is not None and bookings.cancel(session, booked.id, now):
            audit.record(session, actor, "visit.cancel", "appointment", booked.id, patient_id=found.patient_id)
        event = "end" if care.status == "active" else "withdraw"
        enrollment.move(session, care, event, actor, now)
        audit.record(
            session, actor, "care.end", "enrollment", enrollment_id, patient_id=found.patient_id, reason=reason
        )
        meant: list[UUID] = []
        if row is not None and row.stripe_subscription_id is not None:
            meant = end(
                session,
                row,
                rule,
                delivered=said,
                stopped_at=now,
                actor=actor,
                now=now,
                note=note.strip(),
            )
        elif row is not None:
            writes.end_unpaid(session, found.patient_id, now)  # a page that is open is closed by its tick
        if tells_nobody(reason):
            _shut(session, found.patient_id, wall_now)
    answered = perform_all(meant, gateway=gateway, catalog=catalog, now=now)
    return EndedCare(given, answered, member=bool(meant))


def _check(actor: Actor) -> None:
    if actor.kind != "staff" or actor.role not in MAY_END:
        raise NotAllowed("may_not_end_care", words("Only the care team can end somebody's care."))


def _found(session: Session, enrollment_id: UUID, actor: Actor) -> Enrollment:
    found = session.get(Enrollment, enrollment_id)
    if found is None or records.enrollment(session, enrollment_id) is None:
        raise NotFound("no_such_enrollment", words("We could not find that enrollment."))
    accounts.check_may_open(session, actor, found.patient_id)
    if found.status in OVER:
        raise Conflict("care_over", words("Their care is over already. Nothing was changed."))
    return found


def _rule(catalog: Catalog, reason: str, now: datetime) -> EndRule:
    rule = end_rule(catalog.ends, reason, now.date())
    if rule is None:
        raise Conflict("no_policy", words("No refund rule holds today for this reason. Ask an owner to add one."))
    return rule


def _gives_back(session: Session, row: Membership | None, rule: EndRule, delivered: Delivered, now: datetime) -> int:
    if row is None or row.stripe_subscription_id is None:
        return 0
    return sum(due_by_policy(session, row, rule.share(delivered), stopped_at=now).values())


def _shut(session: Session, patient_id: UUID, wall_now: datetime) -> None:
    """Nobody signs in, and no mail leaves: neither what waits nor what is queued later finds an address."""
    user = session.get_one(User, accounts.patient(session, patient_id).user_id, with_for_update={"key_share": True})
    user.deactivated_at = wall_now
    end_sign_ins(session, user.id, wall_now)
    session.flush()
