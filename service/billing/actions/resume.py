"""A membership that was stopped goes on, when a person of staff and the one gate both say so."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import queries, rules, writes
from service.billing.actions import intents, sync
from service.billing.gateway import Declined, Gateway, NeedsAction
from service.billing.models import Membership
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.enrollment.rules.gate import Reason
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, words

PRICE_LATER = Conflict(
    "price_later",
    words(
        "Nothing was charged: the higher price they agreed to counts from their next charge on, and going on now would "
        "charge it today. Let the membership go on once the day of that charge has come."
    ),
)


@dataclass(frozen=True, slots=True)
class Resumed:
    """What came of it. "refused" comes with the gate's `reasons`; "not_paid": it stays stopped, nothing was charged."""

    outcome: Literal["goes_on", "refused", "not_paid"]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Meant:
    """The decision as recorded. Without `intent_id` there is nothing to ask of Stripe."""

    subscription_id: str
    intent_id: UUID | None = None
    reasons: tuple[Reason, ...] = ()


def resume(*, membership_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> Resumed:
    """Ask the gate, then charge for a new month from today; paid, it goes on. Pressed twice it is one charge.

    Raises NotAllowed for other roles, OutsideCareTeam for whoever does not look after the patient, NotFound, Conflict
    where the patient has cancelled, it has ended or a higher price counts from a later charge, and the gateway's
    TryAgain (the next try is the same call) and Bug.
    """
    if actor.kind != "staff" or actor.role not in rules.MAY_RESUME:
        raise NotAllowed("may_not_resume", words("Only a coordinator or the owner can let a membership go on."))
    meant = _mean(membership_id, gateway, catalog, actor, now)
    if meant.reasons:
        return Resumed("refused", meant.reasons)
    if meant.intent_id is not None:
        with suppress(Declined, NeedsAction):  # what is true now is asked below
            intents.perform(meant.intent_id, gateway=gateway, catalog=catalog, now=now)
    with db.transaction() as session:
        sync.subscription_now(session, meant.subscription_id, gateway=gateway, catalog=catalog, now=now)
        row = writes.locked_membership(session, membership_id)
        if row is not None and row.status in rules.IN_CARE:
            return Resumed("goes_on")
    return Resumed("not_paid")


def _mean(membership_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> _Meant:
    """Look at Stripe first, ask the gate, and keep its answer and the decision with its key."""
    with db.transaction() as session:
        known = session.get(Membership, membership_id)
        if known is None or known.stripe_subscription_id is None:
            raise NotFound("no_membership", words("There is no such membership."))
        accounts.check_may_open(session, actor, known.patient_id)
        subscription_id = known.stripe_subscription_id
        # As `sync` has it: what Stripe has, the enrollment, the membership. So nobody waits in a circle.
        writes.lock_object(session, subscription_id)
        enrollment.locked(session, known.enrollment_id)
        sync.subscription_now(session, subscription_id, gateway=gateway, catalog=catalog, now=now)
        row = writes.locked_membership(session, membership_id)
        assert row is not None
        if row.status in rules.IN_CARE:
            return _Meant(subscription_id)
        if row.status != "stopped":
            raise Conflict("has_ended", words("This membership has ended, so it cannot go on."))
        if row.cancels_at_period_end or intents.unanswered(session, row.id) == "cancel":
            raise Conflict("cancelled", words("The patient has cancelled this membership, so it cannot go on."))
        if queries.dearer_from(session, row, now) is not None:
            raise PRICE_LATER  # charged today it would be the new price, before the charge they were told of
        intent = intents.mean(session, row, "resume", actor=actor, now=now)
        answer, _ = writes.ask_gate(
            session,
            patient_id=row.patient_id,
            enrollment_id=row.enrollment_id,
            period=f"resume:{intent.id}",
            charge_at=now,
            catalog=catalog,
            now=now,
        )
        outcome = "done" if answer.yes else "refused"
        audit.record(
            session, actor, "membership.resume", "membership", row.id, patient_id=row.patient_id, outcome=outcome
        )
        if not answer.yes:
            intent.status, intent.settled_at, intent.outcome = "refused", now, "gate"
        return _Meant(subscription_id, intent.id if answer.yes else None, answer.reasons)
