"""A charge that failed: tell the patient again, or drop it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import emails, rules, writes
from service.billing.actions import intents
from service.billing.actions.desk.ending import Acted
from service.billing.actions.desk.look import NO_SUCH, check
from service.billing.actions.desk.notes import write_down
from service.billing.actions.stops.performing import perform_all
from service.billing.gateway import Gateway
from service.billing.models import Invoice
from service.billing.queries.desk.story import TOLD
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, words
from service.mail import writes as mail
from service.mail.models import OutboxMessage


def tell_again(*, membership_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """The mail about the charge that failed, once more. Raises Conflict for a patient who was told lately, or when
    nothing is open any more."""
    check(actor)
    with db.transaction() as session:
        row = writes.locked_membership(session, membership_id)
        if row is None:
            raise NO_SUCH
        invoice = _open_charge(session, row.id)
        person = accounts.patient(session, row.patient_id)
        last = session.scalar(
            select(OutboxMessage.created_at)
            .where(OutboxMessage.user_id == person.user_id, OutboxMessage.template == TOLD)
            .order_by(OutboxMessage.created_at.desc())
            .limit(1)
        )
        if last is not None and now - last < catalog.billing.tell_again_after:
            raise Conflict(
                "told_lately", words("They were told a short while ago. Wait a day before telling them again.")
            )
        mail.put(
            session,
            emails.payment_problem(
                amount_cents=invoice.amount_due_cents, card=rules.card_words(row.card_brand, row.card_last4)
            ),
            key=f"payment_problem_again:{invoice.id}:{now.isoformat()}",
            now=now,
            user_id=person.user_id,
            locale=person.locale,
        )
        audit.record(session, actor, "membership.tell_again", "membership", row.id, patient_id=row.patient_id)


def drop_charge(
    *, membership_id: UUID, invoice_id: UUID, why: str, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Acted:
    """Void a charge that failed: nobody owes it any more. The patient is told. Raises Conflict where it is not open."""
    author_id = check(actor, rules.MAY_GIVE)
    with db.transaction() as session:
        row = writes.locked_membership(session, membership_id)
        if row is None:
            raise NO_SUCH
        invoice = _open_charge(session, row.id)
        if invoice.id != invoice_id:
            raise Conflict("charge_changed", words("This charge is not open any more. Nothing was dropped."))
        intent = intents.mean(
            session,
            row,
            "void",
            details={"invoice": invoice.stripe_invoice_id},
            lane=f"invoice:{invoice.id}",
            actor=actor,
            now=now,
        )
        if intent.meant_at == now and intent.tries == 0:
            write_down(session, row, why.strip(), author_id=author_id, now=now)
        audit.record(
            session,
            actor,
            "charge.drop",
            "membership",
            row.id,
            patient_id=row.patient_id,
            reason=str(invoice.amount_due_cents),
        )
        meant = [intent.id]
    return Acted(perform_all(meant, gateway=gateway, catalog=catalog, now=now))


def _open_charge(session: Session, membership_id: UUID) -> Invoice:
    found = session.scalars(
        select(Invoice)
        .where(Invoice.membership_id == membership_id, Invoice.status == "open", Invoice.attempts > 0)
        .order_by(Invoice.issued_at.desc())
        .limit(1)
    ).first()
    if found is None:
        raise Conflict("nothing_open", words("No charge of this membership is open any more."))
    return found
