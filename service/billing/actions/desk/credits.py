"""Staff give credit for charges to come, or whole months. By the same rules as money back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions import intents
from service.billing.actions.desk.look import NO_SUCH, check
from service.billing.actions.desk.refunds import Outcome, call_second_person, came, made
from service.billing.gateway import Gateway
from service.billing.models import Credit, Membership
from service.billing.rules import charges
from service.catalog.rules.whole import Catalog
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.safety import writes as calls

OPEN = ("asked", "approved", "done")


def give(
    *,
    credit_id: UUID,
    membership_id: UUID,
    kind: Literal["credit", "comp"],
    amount: int,
    reason: str,
    note: str,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Give `amount` cents of credit, or that many months (`kind` "comp"), or ask a second person to.

    `credit_id` comes from the page: sent twice, it is one credit. Raises NotAllowed, NotFound, Rejected for nothing or
    too much at once, Conflict for a membership that charges no more or whose months are given already.
    """
    user_id = check(actor, rules.MAY_ASK)
    most = catalog.billing.most_credit_cents if kind == "credit" else catalog.billing.most_months_given
    if reason not in rules.CREDIT_REASONS:
        raise Rejected("no_such_reason", words("Choose one of the reasons on this page"))
    if not 0 < amount <= most:
        raise Rejected("not_so_much", words("That is more than may be given at once"))
    with db.transaction() as session:
        row = writes.locked_membership(session, membership_id)
        if row is None:
            raise NO_SUCH
        before = session.get(Credit, credit_id)
        if before is not None:
            return _pressed_before(before, membership_id, user_id)
        _check_takes(row, kind)
        worth = amount if kind == "credit" else amount * (row.next_price_cents or row.price_cents)
        second = _takes_two(session, row.id, worth, actor.role, catalog, now)
        credit = Credit(
            id=credit_id,
            membership_id=row.id,
            patient_id=row.patient_id,
            kind=kind,
            amount_cents=amount if kind == "credit" else None,
            months=amount if kind == "comp" else None,
            reason=reason,
            note_sealed=crypto.seal(note.strip(), "credits", "note", credit_id) if note.strip() else None,
            status="asked" if second else "approved",
            second_person=second,
            asked_by=user_id,
            asked_at=now,
        )
        session.add(credit)
        session.flush()
        audit.record(
            session, actor, "credit.ask", "credit", credit_id, patient_id=row.patient_id, reason=f"{reason}:{amount}"
        )
        if second:
            call_second_person(session, credit_id, row.patient_id, catalog, now)
            return Outcome(credit_id, "waits")
        intent_id = _send(session, row, credit, actor, now)
    return made(Credit, credit_id, intent_id, gateway, catalog, now)


def takes_two(*, membership_id: UUID, worth_cents: int, role: str, catalog: Catalog, now: datetime) -> bool:
    """Would a second person decide about so much? Said before the button is pressed."""
    with db.reading() as session:
        return _takes_two(session, membership_id, worth_cents, role, catalog, now)


def decide_credit(
    *, credit_id: UUID, yes: bool, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Outcome:
    """The second person's word. Raises as `refunds.decide_refund`."""
    user_id = check(actor, rules.MAY_GIVE)
    with db.transaction() as session:
        found = session.get(Credit, credit_id)
        if found is None:
            raise NotFound("no_credit", words("There is no such credit."))
        row = writes.locked_membership(session, found.membership_id)
        assert row is not None
        session.refresh(found, with_for_update=True)
        if found.asked_by == user_id:
            raise NotAllowed("your_own", words("You asked for this yourself. A second person decides about it."))
        if found.status != "asked":
            raise Conflict("decided", words("Somebody has decided about this already."))
        if yes:
            _check_takes(row, found.kind)
        found.decided_by, found.decided_at = user_id, now
        found.status = "approved" if yes else "declined"
        found.settled_at = None if yes else now
        session.flush()
        act = "credit.approve" if yes else "credit.decline"
        audit.record(session, actor, act, "credit", found.id, patient_id=found.patient_id)
        calls.settle(session, code=rules.ASKED_ALERT, source_id=found.id, by=user_id, now=now)
        if not yes:
            return Outcome(found.id, "refused")
        intent_id = _send(session, row, found, actor, now)
    return made(Credit, credit_id, intent_id, gateway, catalog, now)


def _check_takes(row: Membership, kind: str) -> None:
    if row.status not in rules.LIVE or row.stripe_subscription_id is None:
        raise Conflict("no_more_charges", words("This membership charges no more. Give money back instead."))
    if row.cancels_at_period_end:
        raise Conflict("no_more_charges", words("It ends before its next charge. Give money back instead."))
    if kind == "comp" and row.status == "stopped":
        raise Conflict("not_stopped", words("It is stopped, and months would pass unused. Give them once it goes on."))
    if kind == "comp" and row.discount_percent == 100:
        raise Conflict("given_already", words("The next charge is $0 already. Give months again when these are over."))


def _pressed_before(credit: Credit, membership_id: UUID, user_id: UUID) -> Outcome:
    if credit.membership_id != membership_id or credit.asked_by != user_id:
        raise NO_SUCH
    return Outcome(credit.id, came(credit))


def _send(session: Session, row: Membership, credit: Credit, actor: Actor, now: datetime) -> UUID:
    amount = {"amount_cents": credit.amount_cents}
    if credit.kind == "comp":
        amount = {"months": rules.months_to_run(now, _next_charges(row, credit.months or 0))}
    intent = intents.mean(
        session,
        row,
        "months" if credit.kind == "comp" else "credit",
        details={"credit": str(credit.id), **amount},
        lane=f"credit:{credit.id}",
        actor=actor,
        now=now,
    )
    return intent.id


def _next_charges(row: Membership, number: int) -> list[datetime]:
    assert row.period_ends_at is not None  # whoever was never charged is not live
    first = charges.next_charge(row.period_ends_at, row.anchor_at, row.collection_resumes_at)
    return [first, *charges.later_charges(row.anchor_at or row.period_ends_at, first, number - 1)]


def _takes_two(
    session: Session, membership_id: UUID, worth_cents: int, role: str | None, catalog: Catalog, now: datetime
) -> bool:
    """What credit this membership was given by one person each in the last 30 days counts too."""
    query = select(func.coalesce(func.sum(Credit.amount_cents), 0)).where(
        Credit.membership_id == membership_id,
        Credit.second_person.is_(False),
        Credit.status.in_(OPEN),
        Credit.asked_at > now - timedelta(days=30),
    )
    above = catalog.billing.second_person_above_cents
    return rules.takes_two(worth_cents, role, above=above, alone_so_far=session.scalar(query) or 0)
