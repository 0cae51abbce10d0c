"""Staff give a charge back: asked for, decided by a second person where the amount says so, and sent once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions import intents
from service.billing.actions import refunds as core
from service.billing.actions.desk.look import NO_SUCH, check
from service.billing.gateway import Bug, Declined, Gateway, NeedsAction
from service.billing.models import Credit, Dispute, Invoice, InvoiceLine, Membership, Refund
from service.billing.rules.giving import DISPUTE_LOST
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, TryAgain, words
from service.safety import rules as safety_rules
from service.safety import writes as calls

Row = TypeVar("Row", Refund, Credit)
Came = Literal["waits", "sent", "on_its_way", "refused", "unknown"]
CHANGED = words("This charge has changed since you opened the page. Look again: nothing was given back.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. "waits": for a second person; "unknown": Stripe has not answered, and is asked again by itself;
    "on_its_way": taken, and the bank has not said yes yet."""

    refund_id: UUID
    came: Came


def ask_refund(
    *,
    membership_id: UUID,
    invoice_id: UUID,
    amount_cents: int,
    left_cents: int,
    reason: str,
    note: str,
    lines: Mapping[UUID, int] | None = None,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Give `amount_cents` of a charge back, or ask a second person to. `left_cents`: what the page said was left.

    Two presses are one refund: after the first, less is left than the second saw. Raises NotAllowed, NotFound, Rejected
    for a reason nobody offers or an amount of nothing, Conflict where more is asked for than is left, where the charge
    changed meanwhile, or while a bank disputes it or after it kept the money.
    """
    user_id = check(actor, rules.MAY_ASK)
    if reason not in rules.REFUND_REASONS:
        raise Rejected("no_such_reason", words("Choose one of the reasons on this page"))
    with db.transaction() as session:
        membership, invoice = _locked(session, membership_id, invoice_id)
        pressed_before = _same_press(session, invoice, user_id, amount_cents, left_cents, now)
        if pressed_before is not None:
            return Outcome(pressed_before.id, came(pressed_before))
        _check_not_disputed(session, invoice.id)
        if writes.refunds.left(invoice) != left_cents:
            raise Conflict("charge_changed", CHANGED)
        if lines:
            _check_lines(session, invoice.id, lines, amount_cents)
        second = _takes_two(session, invoice.id, amount_cents, actor.role, catalog)
        row = writes.refunds.ask(
            session,
            membership,
            invoice,
            amount_cents=amount_cents,
            reason=reason,
            source="staff",
            asked_by=user_id,
            second_person=second,
            lines={str(line): cents for line, cents in (lines or {}).items()},
            note=note.strip(),
            now=now,
        )
        audit.record(
            session, actor, "refund.ask", "refund", row.id, patient_id=row.patient_id, reason=f"{reason}:{amount_cents}"
        )
        if second:
            call_second_person(session, row.id, row.patient_id, catalog, now)
            return Outcome(row.id, "waits")
        intent_id = core.send(session, membership, row, actor=actor, now=now).id
    return made(Refund, row.id, intent_id, gateway, catalog, now)


def takes_two(*, invoice_id: UUID, amount_cents: int, role: str, catalog: Catalog) -> bool:
    """Would a second person decide about so much of this charge? Said before the button is pressed."""
    with db.reading() as session:
        return _takes_two(session, invoice_id, amount_cents, role, catalog)


def decide_refund(
    *, refund_id: UUID, yes: bool, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Outcome:
    """The second person's word. Raises NotAllowed for whoever asked and for other roles, NotFound, and Conflict once it
    is decided or while a bank disputes the charge or after it kept the money."""
    user_id = check(actor, rules.MAY_GIVE)
    with db.transaction() as session:
        found = session.get(Refund, refund_id)
        if found is None:
            raise NotFound("no_refund", words("There is no such refund."))
        membership, invoice = _locked(session, found.membership_id, found.invoice_id)
        session.refresh(found, with_for_update=True)
        if found.asked_by == user_id:
            raise NotAllowed("your_own", words("You asked for this yourself. A second person decides about it."))
        if found.status != "asked":
            raise Conflict("decided", words("Somebody has decided about this already."))
        audit.record(
            session,
            actor,
            "refund.approve" if yes else "refund.decline",
            "refund",
            found.id,
            patient_id=found.patient_id,
            reason=str(found.amount_cents),
        )
        calls.settle(session, code=rules.ASKED_ALERT, source_id=found.id, by=user_id, now=now)
        if not yes:
            writes.refunds.decline(session, invoice, found, decided_by=user_id, now=now)
            return Outcome(found.id, "refused")
        _check_not_disputed(session, invoice.id)
        found.status, found.decided_by, found.decided_at = "approved", user_id, now
        session.flush()
        intent_id = core.send(session, membership, found, actor=actor, now=now).id
    return made(Refund, refund_id, intent_id, gateway, catalog, now)


def call_second_person(session: Session, about: UUID, patient_id: UUID, catalog: Catalog, now: datetime) -> None:
    """Somebody asked to give money back or on top: call whoever may decide."""
    calls.raise_alert(
        session,
        code=rules.ASKED_ALERT,
        source_kind="payment",
        source_id=about,
        patient_id=patient_id,
        now=now,
        definition=safety_rules.definition(catalog, rules.ASKED_ALERT),
    )


def made(table: type[Row], row_id: UUID, intent_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime) -> Outcome:
    """Make the call that was meant for a refund or a credit, and say what came of it."""
    try:
        intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
    except TryAgain:
        return Outcome(row_id, "unknown")
    except (Bug, Declined, NeedsAction):
        return Outcome(row_id, "refused")
    with db.reading() as session:
        return Outcome(row_id, came(session.get_one(table, row_id)))


def came(row: Refund | Credit) -> Came:
    """What came of it so far, by how its row stands."""
    by_status: dict[str, Came] = {"asked": "waits", "done": "sent", "failed": "refused", "declined": "refused"}
    return by_status.get(row.status, "on_its_way")


def _locked(session: Session, membership_id: UUID, invoice_id: UUID) -> tuple[Membership, Invoice]:
    """The membership first, then its charge: the order of locks is everywhere the same."""
    membership = writes.locked_membership(session, membership_id)
    invoice = writes.refunds.locked_invoice(session, invoice_id) if membership is not None else None
    if membership is None or invoice is None or invoice.membership_id != membership_id:
        raise NO_SUCH
    return membership, invoice


def _same_press(
    session: Session, invoice: Invoice, user_id: UUID, amount_cents: int, left_cents: int, now: datetime
) -> Refund | None:
    """What this very person asked for a moment ago from the same page: their second press finds it."""
    if writes.refunds.left(invoice) != left_cents - amount_cents:
        return None
    return session.scalars(
        select(Refund)
        .where(
            Refund.invoice_id == invoice.id,
            Refund.asked_by == user_id,
            Refund.amount_cents == amount_cents,
            Refund.asked_at > now - rules.SAME_PRESS,
            Refund.status.in_((*rules.RESERVED, "done")),
        )
        .order_by(Refund.asked_at.desc())
        .limit(1)
    ).first()


def _check_not_disputed(session: Session, invoice_id: UUID) -> None:
    gone = or_(Dispute.closed_at.is_(None), Dispute.status == DISPUTE_LOST)
    status = session.scalar(select(Dispute.status).where(Dispute.invoice_id == invoice_id, gone).limit(1))
    if status == DISPUTE_LOST:
        raise Conflict(
            "disputed", words("The bank gave this payment back to the cardholder. Nothing more is left to give back.")
        )
    if status is not None:
        raise Conflict(
            "disputed",
            words(
                "The bank disputes this charge. Nothing can be given back until that is settled: it would pay twice."
            ),
        )


def _check_lines(session: Session, invoice_id: UUID, lines: Mapping[UUID, int], amount_cents: int) -> None:
    """What is given by line adds up, and no line gets more than it cost."""
    costs = {
        row.id: row.amount_cents
        for row in session.execute(
            select(InvoiceLine.id, InvoiceLine.amount_cents).where(InvoiceLine.invoice_id == invoice_id)
        )
    }
    given: dict[str, int] = {}
    rows = select(Refund.lines).where(Refund.invoice_id == invoice_id, Refund.status.in_((*rules.RESERVED, "done")))
    for chosen in session.scalars(rows):
        for name, cents in chosen.items():
            given[name] = given.get(name, 0) + cents
    for line, cents in lines.items():
        if line not in costs or cents <= 0 or cents + given.get(str(line), 0) > costs[line]:
            raise Conflict("line_changed", CHANGED)
    if sum(lines.values()) != amount_cents:
        raise Rejected("lines_do_not_add_up", words("Tick the lines again: they do not add up to the amount"))


def _takes_two(session: Session, invoice_id: UUID, amount_cents: int, role: str | None, catalog: Catalog) -> bool:
    """What was given on this charge by one person each counts too."""
    query = select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
        Refund.invoice_id == invoice_id,
        Refund.source == "staff",
        Refund.second_person.is_(False),
        Refund.status.in_((*rules.RESERVED, "done")),
    )
    above = catalog.billing.second_person_above_cents
    return rules.takes_two(amount_cents, role, above=above, alone_so_far=session.scalar(query) or 0)
