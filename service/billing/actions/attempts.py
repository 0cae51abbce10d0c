"""One attempt to pay, as we record it: before Stripe is asked, and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import queries, rules, writes
from service.billing.gateway import CheckoutPage
from service.billing.models import Agreement, Checkout, Membership
from service.billing.rules.terms import Terms
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Meant:
    """One attempt as recorded. `refused`: the gate's reasons; `retire`: a page for another plan must close first."""

    refused: tuple[str, ...] = ()
    membership_id: UUID | None = None
    checkout_id: UUID | None = None
    customer_id: str | None = None
    session_id: str | None = None
    key: str = ""
    expires_at: datetime | None = None
    retire: bool = False


def mean(
    patient_id: UUID,
    plan: Plan,
    terms: Terms,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    code: str | None = None,
) -> Meant:
    """Lock the patient's enrollment, ask the gate, and write down the attempt with its key and what was agreed to."""
    with db.transaction() as session:
        enrollment_id = queries.live_enrollment(session, patient_id)
        if enrollment_id is None:
            raise NotFound("no_enrollment", words("There is nothing to pay for yet."))
        enrollment.locked(session, enrollment_id)  # two tabs wait for each other here
        row = writes.live_membership(session, patient_id)
        if row is not None and row.status in rules.LIVE:
            raise Conflict("already_a_member", words("You already have a membership. You were not charged again."))
        answer, _ = writes.ask_gate(
            session,
            patient_id=patient_id,
            enrollment_id=enrollment_id,
            period=f"start:{enrollment_id}",
            charge_at=now,
            catalog=catalog,
            now=now,
        )
        if not answer.yes:
            audit.record(
                session, actor, "checkout.start", "enrollment", enrollment_id, patient_id=patient_id, outcome="refused"
            )
            return Meant(refused=answer.codes)
        if row is None:
            row = _new_membership(session, patient_id, enrollment_id, plan, now)
        return _attempt(session, row, plan, terms, actor, now, code)


def _new_membership(session: Session, patient_id: UUID, enrollment_id: UUID, plan: Plan, now: datetime) -> Membership:
    row = Membership(
        id=new_id(),
        patient_id=patient_id,
        enrollment_id=enrollment_id,
        plan=plan.key,
        price_cents=plan.price_cents,
        status="awaiting_payment",
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _attempt(
    session: Session, row: Membership, plan: Plan, terms: Terms, actor: Actor, now: datetime, code: str | None
) -> Meant:
    """The attempt that stands, where it still serves; else a new one."""
    standing = session.scalars(
        select(Checkout)
        .where(Checkout.membership_id == row.id, Checkout.kind == "membership", Checkout.status.in_(("meant", "open")))
        .with_for_update()
    ).one_or_none()
    if standing is not None and standing.status == "meant" and now - standing.meant_at > rules.REPLAY_FOR:
        standing.status = "expired"  # nobody ever saw its page, and its key may be forgotten
        standing = None
        session.flush()
    other_plan = (row.plan, row.price_cents) != (plan.key, plan.price_cents)
    other_plan = other_plan or (standing is not None and standing.promotion != code)
    if standing is not None and standing.status == "meant" and other_plan:
        standing.status = "expired"  # whoever is just opening it will find it closed and look again
        standing = None
        session.flush()
    if standing is None:
        row.plan, row.price_cents = plan.key, plan.price_cents
        standing = Checkout(
            id=new_id(),
            membership_id=row.id,
            idempotency_key=rules.checkout_key(row.id, writes.next_attempt_number(session, row.id)),
            status="meant",
            promotion=code,
            meant_at=now,
            expires_at=now + rules.PAGE_LIVES,
        )
        session.add(standing)
        audit.record(session, actor, "checkout.start", "checkout", standing.id, patient_id=row.patient_id)
        session.flush()
    _keep_word(session, row, terms, actor, now)
    return Meant(
        membership_id=row.id,
        checkout_id=standing.id,
        customer_id=row.stripe_customer_id,
        session_id=standing.stripe_session_id,
        key=standing.idempotency_key,
        expires_at=standing.expires_at,
        retire=other_plan and standing.status == "open",
    )


def _keep_word(session: Session, row: Membership, terms: Terms, actor: Actor, now: datetime) -> None:
    """Once for each text: pressing twice, or in two tabs, is one word given."""
    latest = session.scalar(
        select(Agreement.sha256)
        .where(Agreement.membership_id == row.id)
        .order_by(Agreement.agreed_at.desc(), Agreement.id.desc())
        .limit(1)
    )
    if latest != terms.sha256:
        zone = accounts.patient(session, row.patient_id).time_zone
        writes.keep_agreement(
            session,
            patient_id=row.patient_id,
            membership_id=row.id,
            terms=terms,
            time_zone=zone,
            actor=actor,
            now=now,
        )


def record(meant: Meant, page: CheckoutPage) -> bool:
    """Write down the page. False when another tab closed the attempt meanwhile."""
    with db.transaction() as session:
        # The order of locks is everywhere the same: enrollment, membership, checkout.
        membership = session.get_one(Membership, meant.membership_id, with_for_update=True)
        row = session.get_one(Checkout, meant.checkout_id, with_for_update=True)
        if row.status not in ("meant", "open"):
            return False
        row.status, row.stripe_session_id, row.expires_at = "open", page.id, page.expires_at
        membership.stripe_customer_id = membership.stripe_customer_id or page.customer_id
        return True
