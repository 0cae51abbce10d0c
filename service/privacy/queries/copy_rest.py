"""Of a copy: money, mail, who looked, and what you did here."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.accounts.models import User
from service.accounts.queries import display_names
from service.accounts.rules.links import while_open
from service.audit.models import AuditEntry
from service.audit.rules.acts import say, say_to_patient
from service.billing.models import Credit, Dispute, GateRecord, Invoice, Membership, MembershipNote, PriceNotice, Refund
from service.billing.rules import BY_RULE, CREDIT_REASONS, REFUND_REASONS
from service.catalog.rules.whole import Catalog
from service.enrollment.models import WaitlistEntry
from service.enrollment.rules.gate import MESSAGES
from service.kit import crypto
from service.mail.models import OutboxMessage
from service.privacy.models import DataExport
from service.privacy.rules import Entry, Section


def memberships(session: Session, patient_id: UUID, catalog: Catalog) -> Section:
    """Each membership, from its beginning to its end."""
    query = select(Membership).where(Membership.patient_id == patient_id).order_by(Membership.created_at)
    entries: list[Entry] = []
    for row in session.scalars(query):
        plan = catalog.plans.get(row.plan)
        entries.append(
            {
                "plan": plan.name if plan else row.plan,
                "each_month_cents": row.price_cents,
                "status": row.status,
                "agreed_at": row.created_at,
                "began_at": row.activated_at,
                "paid_up_to": row.paid_until or row.period_ends_at,
                "you_cancelled": row.cancels_at_period_end,
                "ended_at": row.ended_at,
                "card": row.card_brand,
                "card_ends_with": row.card_last4,
                "customer_at_the_payment_provider": row.stripe_customer_id,
            }
        )
    return Section("memberships", "Your memberships", entries)


def prices(session: Session, patient_id: UUID) -> Section:
    """Each new price you were told of, and what came of it."""
    rows = session.scalars(
        select(PriceNotice).where(PriceNotice.patient_id == patient_id).order_by(PriceNotice.told_at)
    )
    entries: list[Entry] = [
        {
            "told_at": row.told_at,
            "old_price_cents": row.old_cents,
            "new_price_cents": row.new_cents,
            "first_charge_at": row.applies_at,
            "outcome": row.outcome,
            "settled_at": row.settled_at,
        }
        for row in rows
    ]
    return Section("prices", "New prices you were told of", entries)


def payments(session: Session, patient_id: UUID) -> Section:
    """Each month's bill and what was paid."""
    rows = session.scalars(
        select(Invoice)
        .join(Membership, Membership.id == Invoice.membership_id)
        .where(Membership.patient_id == patient_id)
        .order_by(Invoice.issued_at)
    )
    entries: list[Entry] = [
        {
            "issued_at": row.issued_at,
            "status": row.status,
            "due_cents": row.amount_due_cents,
            "paid_cents": row.amount_paid_cents,
            "paid_at": row.paid_at,
        }
        for row in rows
    ]
    return Section("payments", "Bills and payments", entries)


def given_back(session: Session, patient_id: UUID) -> Section:
    """Money that went back to you, credit and months you were given, and payments your bank disputed."""
    entries: list[Entry] = [
        {
            "what": "refund",
            "cents": row.amount_cents,
            "why": REFUND_REASONS.get(row.reason, BY_RULE),
            "status": row.status,
            "asked_at": row.asked_at,
            "settled_at": row.settled_at,
        }
        for row in session.scalars(select(Refund).where(Refund.patient_id == patient_id).order_by(Refund.asked_at))
    ]
    entries += [
        {
            "what": "months" if row.months else "credit",
            "cents": row.amount_cents,
            "months": row.months,
            "why": CREDIT_REASONS.get(row.reason, BY_RULE),
            "status": row.status,
            "asked_at": row.asked_at,
            "settled_at": row.settled_at,
        }
        for row in session.scalars(select(Credit).where(Credit.patient_id == patient_id).order_by(Credit.asked_at))
    ]
    entries += [
        {
            "what": "dispute",
            "cents": row.amount_cents,
            "why": row.reason.replace("_", " "),
            "status": row.status.replace("_", " "),
            "asked_at": row.opened_at,
            "settled_at": row.closed_at,
        }
        for row in session.scalars(select(Dispute).where(Dispute.patient_id == patient_id).order_by(Dispute.opened_at))
    ]
    return Section("given_back", "Money given back, credit and disputes", entries)


def billing_notes(session: Session, patient_id: UUID) -> Section:
    """What staff wrote down about your payments, and with money they gave."""
    entries: list[Entry] = [
        {"written_at": row.written_at, "note": crypto.unseal(row.body_sealed, "membership_notes", "body", row.id)}
        for row in session.scalars(
            select(MembershipNote).where(MembershipNote.patient_id == patient_id).order_by(MembershipNote.written_at)
        )
    ]
    refunds = select(Refund).where(Refund.patient_id == patient_id, Refund.note_sealed.is_not(None))
    entries += [
        {"written_at": row.asked_at, "note": crypto.unseal(row.note_sealed or b"", "refunds", "note", row.id)}
        for row in session.scalars(refunds)
    ]
    credits = select(Credit).where(Credit.patient_id == patient_id, Credit.note_sealed.is_not(None))
    entries += [
        {"written_at": row.asked_at, "note": crypto.unseal(row.note_sealed or b"", "credits", "note", row.id)}
        for row in session.scalars(credits)
    ]
    return Section("billing_notes", "Notes about your payments", sorted(entries, key=lambda one: one["written_at"]))


def charges_checked(session: Session, patient_id: UUID) -> Section:
    """Whenever we asked whether a charge may be made."""
    query = select(GateRecord).where(GateRecord.patient_id == patient_id).order_by(GateRecord.asked_at)
    entries: list[Entry] = [
        {"asked_at": row.asked_at, "allowed": row.yes, "reasons": [MESSAGES.get(code, code) for code in row.reasons]}
        for row in session.scalars(query)
    ]
    return Section("charges_checked", "When we checked that a charge may be made", entries)


def mails(session: Session, user_id: UUID) -> Section:
    """Which mails were meant for you, when, and whether they left."""
    rows = session.execute(
        select(OutboxMessage.template, OutboxMessage.status, OutboxMessage.created_at, OutboxMessage.ended_at)
        .where(or_(OutboxMessage.user_id == user_id, OutboxMessage.wanted_while == while_open(user_id)))
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
    )
    entries: list[Entry] = [
        {
            "kind": row.template.replace("_", " "),
            "written_at": row.created_at,
            "status": row.status,
            "at": row.ended_at,
        }
        for row in rows
    ]
    return Section("mails", "Mails to you", entries)


def waitlist(session: Session, user_id: UUID) -> Section:
    """What your address waits for: a state to open, or a program in it."""
    rows = session.scalars(
        select(WaitlistEntry)
        .join(User, User.email_index == WaitlistEntry.email_index)
        .where(User.id == user_id, User.email_confirmed_at.is_not(None))
        .order_by(WaitlistEntry.asked_at)
    )
    entries: list[Entry] = [
        {
            "state": row.state,
            "program": row.program,
            "asked_at": row.asked_at,
            "confirmed_at": row.confirmed_at,
            "told_at": row.told_at,
            "left_at": row.left_at,
        }
        for row in rows
    ]
    return Section("waitlist", "Waiting for a state to open", entries)


def looks(session: Session, patient_id: UUID) -> Section:
    """Which members of staff opened or changed something of yours, or were turned away, and when: as on the page."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.actor_id, AuditEntry.action, AuditEntry.subject_kind, AuditEntry.outcome)
        .where(AuditEntry.patient_id == patient_id, AuditEntry.actor_kind == "staff")
        .order_by(AuditEntry.at, AuditEntry.id)
    ).all()
    names = display_names(session, {row.actor_id for row in rows if row.actor_id})
    entries: list[Entry] = [
        {
            "at": row.at,
            "who": names.get(row.actor_id, ""),
            "what": say_to_patient(row.action, row.subject_kind),
            "outcome": row.outcome,
        }
        for row in rows
    ]
    return Section("who_looked", "Who looked at your record", entries)


def own_acts(session: Session, patient_id: UUID, user_id: UUID) -> Section:
    """What you did here yourself, from where, as our trail has it."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.subject_kind, AuditEntry.outcome, AuditEntry.address)
        .where(or_(AuditEntry.patient_id == patient_id, AuditEntry.actor_id == user_id))
        .where(AuditEntry.actor_kind == "patient", AuditEntry.actor_id == user_id)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    entries: list[Entry] = [
        {
            "at": row.at,
            "what": say(row.action, row.subject_kind),
            "outcome": row.outcome,
            "network_address": row.address,
        }
        for row in rows
    ]
    return Section("your_acts", "What you did here", entries)


def copies(session: Session, patient_id: UUID) -> Section:
    """The copies you asked for."""
    query = select(DataExport.asked_at, DataExport.status, DataExport.ready_at).where(
        DataExport.patient_id == patient_id
    )
    entries: list[Entry] = [
        {"asked_at": row.asked_at, "status": row.status, "ready_at": row.ready_at}
        for row in session.execute(query.order_by(DataExport.asked_at))
    ]
    return Section("copies", "Copies you asked for", entries)
