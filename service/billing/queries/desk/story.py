"""What happened to one membership and what was meant to: intents, the gate's answers, agreements, ends, notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.billing.models import Agreement, Cancellation, GateRecord, Intent, MembershipNote
from service.kit import crypto
from service.mail.models import OutboxMessage

SHOWN = 50
TOLD = "payment_problem"  # the mail about a failed charge
FAILED_TRY = "payment_problem:"  # begins its key for a try that failed: the charge's id and the try follow


@dataclass(frozen=True, slots=True)
class Meant:
    """A call to Stripe that somebody meant, and what came of it. `status` "meant": nobody knows yet. `by`: of staff.

    `charge`: Stripe's id of the one charge it is about; empty where it is about the membership.
    """

    kind: str
    charge: str
    status: str
    outcome: str
    by_kind: str
    by: str
    at: datetime
    try_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailedTry:
    """A try to charge that failed: when we heard of it and told the patient. `number` counts from 1.

    `charge`: Stripe's id of what was tried.
    """

    at: datetime
    charge: str
    number: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What the one gate said to a charge. `reasons` are codes, empty for whoever may not read them."""

    at: datetime
    yes: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the patient agreed to, word for word."""

    at: datetime
    amount_cents: int
    terms: str
    sha256: str


@dataclass(frozen=True, slots=True)
class End:
    """An end somebody asked for. What they wrote with it is for whoever looks after them."""

    at: datetime
    asked_by: str
    reason: str
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """What a colleague wrote down."""

    at: datetime
    by: str
    text: str


def meant(session: Session, membership_id: UUID) -> tuple[Meant, ...]:
    """The latest intents, the newest first."""
    query = select(Intent).where(Intent.membership_id == membership_id).order_by(Intent.meant_at.desc()).limit(SHOWN)
    rows = list(session.scalars(query))
    staff = {row.user_id for row in rows if row.user_id and row.actor_kind == "staff"}
    names = accounts.display_names(session, staff)
    return tuple(
        Meant(
            kind=row.kind,
            charge=str(row.details.get("invoice", "")),
            status=row.status,
            outcome=row.outcome or "",
            by_kind=row.actor_kind,
            by=names.get(row.user_id, "") if row.user_id else "",
            at=row.meant_at,
            try_at=row.try_at,
            settled_at=row.settled_at,
        )
        for row in rows
    )


def failed_tries(session: Session, patient_id: UUID) -> tuple[FailedTry, ...]:
    """Each try that failed, of any charge of this patient, the newest first. Its mail is the record of it: one for each
    try, kept after its words are gone."""
    rows: Any = session.execute(
        select(OutboxMessage.created_at, OutboxMessage.message_key)
        .join(Patient, Patient.user_id == OutboxMessage.user_id)
        .where(
            Patient.id == patient_id,
            OutboxMessage.template == TOLD,
            OutboxMessage.message_key.startswith(FAILED_TRY, autoescape=True),
        )
        .order_by(OutboxMessage.created_at.desc())
        .limit(SHOWN)
    )
    keys = [(at, *key.removeprefix(FAILED_TRY).split(":")) for at, key in rows]
    return tuple(FailedTry(at, charge, int(number)) for at, charge, number in keys)


def answers(session: Session, patient_id: UUID, *, since: datetime, with_reasons: bool) -> tuple[Answered, ...]:
    """The gate's latest answers to charges of a patient since their membership began, the newest first."""
    rows: Any = session.execute(
        select(GateRecord.asked_at, GateRecord.yes, GateRecord.reasons)
        .where(GateRecord.patient_id == patient_id, GateRecord.action == "charge", GateRecord.asked_at >= since)
        .order_by(GateRecord.asked_at.desc())
        .limit(10)
    )
    return tuple(Answered(at, yes, tuple(why) if with_reasons else ()) for at, yes, why in rows)


def agreed(session: Session, membership_id: UUID) -> tuple[Agreed, ...]:
    """What was agreed to, the newest first."""
    query = select(Agreement).where(Agreement.membership_id == membership_id)
    return tuple(
        Agreed(row.agreed_at, row.amount_cents, row.terms, row.sha256)
        for row in session.scalars(query.order_by(Agreement.agreed_at.desc()).limit(SHOWN))
    )


def ends(session: Session, membership_id: UUID) -> tuple[End, ...]:
    """Ends that were asked for, the newest first."""
    query = select(Cancellation).where(Cancellation.membership_id == membership_id)
    return tuple(
        End(row.asked_at, row.asked_by, row.reason or "", row.undone_at)
        for row in session.scalars(query.order_by(Cancellation.asked_at.desc()).limit(SHOWN))
    )


def notes(session: Session, membership_id: UUID) -> tuple[Note, ...]:
    """What colleagues wrote down, the newest first."""
    query = select(MembershipNote).where(MembershipNote.membership_id == membership_id)
    rows = list(
        session.scalars(query.order_by(MembershipNote.written_at.desc(), MembershipNote.id.desc()).limit(SHOWN))
    )
    names = accounts.display_names(session, {row.author_id for row in rows})
    return tuple(
        Note(
            row.written_at,
            names.get(row.author_id, ""),
            crypto.unseal(row.body_sealed, "membership_notes", "body", row.id),
        )
        for row in rows
    )
