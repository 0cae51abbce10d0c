"""What our own transitions deserve, each once, under a key of its own: never an effect per message."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import emails, queries, rules
from service.billing.actions.halting import call_billing
from service.billing.actions.sync import drafts
from service.billing.gateway import InvoiceFacts
from service.billing.models import Checkout, Intent, Membership
from service.billing.rules.charges import coming_cents
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.kit.actor import SYSTEM
from service.kit.errors import Conflict
from service.kit.ids import new_id
from service.mail import writes as mail
from service.mail.rules import Email
from service.safety import queries as safety

log = structlog.get_logger(__name__)


def follow(
    session: Session,
    row: Membership,
    step: rules.Step,
    invoices: tuple[InvoiceFacts, ...],
    catalog: Catalog,
    now: datetime,
) -> None:
    """Everything a step deserves: mails, care that begins, a call where money came that should not have."""
    _tell(session, row, step, invoices, now)
    if step.started:
        _begin_care(session, row, catalog, now)
    if step.ended:
        _end_care(session, row, now)
    drafts.ask_about(session, row, invoices, catalog, now)
    # The gate said yes before the charge; a hold may have come since. The money goes back by `stops.judge_payments`.
    if (step.started or step.resumed) and safety.standing_hold(session, row.patient_id):
        _note_trouble(session, row, "membership.paid_on_hold", catalog, now)


def _tell(
    session: Session, row: Membership, step: rules.Step, invoices: tuple[InvoiceFacts, ...], now: datetime
) -> None:
    person = accounts.addressee(session, row.patient_id)
    card = rules.card_words(row.card_brand, row.card_last4)

    def send(email: Email, key: str) -> None:
        mail.put(session, email, key=key, now=now, user_id=person.user_id, locale=person.locale)

    if step.started and row.period_ends_at is not None:
        send(
            emails.membership_started(
                price_cents=row.price_cents,
                next_cents=coming_cents(row, row.period_ends_at),
                next_charge_at=row.period_ends_at,
                time_zone=person.time_zone,
                locale=person.locale,
            ),
            f"membership_started:{row.id}",
        )
    for invoice in invoices:
        if invoice.status == "paid" and invoice.paid_at is not None and invoice.amount_paid_cents > 0:
            send(
                emails.payment_receipt(
                    amount_cents=invoice.amount_paid_cents,
                    paid_at=invoice.paid_at,
                    card=card,
                    time_zone=person.time_zone,
                    locale=person.locale,
                ),
                f"receipt:{invoice.id}",
            )
        elif step.problem and invoice.status == "open" and invoice.attempts > 0:
            send(
                emails.payment_problem(amount_cents=invoice.amount_due_cents, card=card),
                f"payment_problem:{invoice.id}:{invoice.attempts}",
            )
    if step.ending and row.period_ends_at is not None:
        # Of our own transition: two tabs, a crash after the call or a message that was quicker make one mail.
        wish = _wish_to_end(session, row) or new_id()
        send(
            emails.membership_ending(
                ends_at=row.period_ends_at,
                for_price=queries.ended_by_price(session, row.id),
                time_zone=person.time_zone,
                locale=person.locale,
            ),
            f"membership_ending:{row.id}:{wish}",
        )
    if step.ended:
        send(emails.membership_ended(), f"membership_ended:{row.id}")
    if step.gave_up:
        send(emails.membership_unpaid(), f"membership_unpaid:{row.id}:{row.grace_since or now:%Y-%m-%dT%H:%MZ}")
    if step.resumed:
        send(emails.membership_back(), f"membership_back:{row.id}:{row.period_starts_at or now:%Y-%m-%dT%H:%MZ}")


def _wish_to_end(session: Session, row: Membership) -> UUID | None:
    """The latest wish to cancel, so that its mail is one."""
    return session.scalar(
        select(Intent.id)
        .where(Intent.membership_id == row.id, Intent.kind == "cancel", Intent.status.in_(("meant", "done")))
        .order_by(Intent.meant_at.desc(), Intent.id.desc())
        .limit(1)
    )


def _begin_care(session: Session, row: Membership, catalog: Catalog, now: datetime) -> None:
    """Paid: the enrollment becomes active. Where something came in between, it is kept and shown, never dropped."""
    row.activated_at = now
    session.execute(
        update(Checkout)
        .where(Checkout.membership_id == row.id, Checkout.status.in_(("meant", "open")))
        .values(status="completed")
    )
    try:
        enrollment.move(session, row.enrollment_id, "pay", SYSTEM, now)
    except Conflict:
        _note_trouble(session, row, "membership.paid_out_of_turn", catalog, now)


def _end_care(session: Session, row: Membership, now: datetime) -> None:
    """Nothing is paid for any more. What was approved and signed stands for a while: they may come back."""
    care = enrollment.locked(session, row.enrollment_id)
    if care.status == "active" and not _closes(session, row):
        enrollment.move(session, care, "lapse", SYSTEM, now)


def _closes(session: Session, row: Membership) -> bool:
    """Does it end because the account is being closed? That ends the enrollment itself, for good."""
    closing = exists().where(
        Intent.membership_id == row.id, Intent.kind == "end", Intent.details["reason"].astext == "account_closed"
    )
    return bool(session.scalar(select(closing)))


def _note_trouble(session: Session, row: Membership, what: str, catalog: Catalog, now: datetime) -> None:
    """Keep it and call a person: somebody decides about the money. One call while one is open."""
    log.error("a payment arrived that should not have been made", membership=str(row.id))
    audit.record(session, SYSTEM, what, "membership", row.id, patient_id=row.patient_id, outcome="refused")
    call_billing(session, row, catalog, now)
