"""Removing a whole record, long after. Only the owner of the database can: the service may not remove evidence."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, or_, select
from sqlalchemy.orm import Session

from service.accounts.models import (
    BreakGlass,
    CareTeamMember,
    KeptForm,
    KnownDevice,
    OneTimeCode,
    OneTimeLink,
    Passkey,
    Patient,
    RecoveryCode,
    SignIn,
    User,
)
from service.accounts.rules.links import while_open
from service.billing.models import (
    Agreement,
    Cancellation,
    Checkout,
    Credit,
    Dispute,
    Drift,
    GateRecord,
    Intent,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Membership,
    MembershipNote,
    PriceNotice,
    Refund,
    StripeEvent,
)
from service.checkins.models import CheckIn, CheckInTurn
from service.consent.models import ConsentAcceptance, ConsentWithdrawal, GoodFaithEstimate
from service.enrollment.models import Assessment, EligibilityDecision, Enrollment, EnrollmentMove
from service.mail.models import OutboxMessage
from service.privacy.models import DataExport, LegalHold
from service.reminders.models import Reminder
from service.safety.models import Alert, SafetyHold
from service.visits.models import Appointment, Encounter, EncounterAddendum, LocationAttestation


def remove_record(session: Session, patient_id: UUID) -> int:
    """Remove everything of one patient, the account too. Returns how many rows went.

    The trail stays: it has ids and no content, and its own time (docs/decisions). Texts of consents stay: they are
    nobody's. The caller has locked the patient and looked for a legal hold.
    """
    user_id = session.scalars(select(Patient.user_id).where(Patient.id == patient_id)).one()
    enrollments = select(Enrollment.id).where(Enrollment.patient_id == patient_id)
    encounters = select(Encounter.id).where(Encounter.patient_id == patient_id)
    memberships = select(Membership.id).where(Membership.patient_id == patient_id)
    invoices = select(Invoice.id).where(Invoice.membership_id.in_(memberships))
    objects = (
        select(Membership.stripe_subscription_id).where(Membership.patient_id == patient_id),
        select(Membership.stripe_customer_id).where(Membership.patient_id == patient_id),
        select(Invoice.stripe_invoice_id).where(Invoice.membership_id.in_(memberships)),
        select(Refund.stripe_refund_id).where(Refund.patient_id == patient_id),
        select(Dispute.stripe_dispute_id).where(Dispute.patient_id == patient_id),
        select(Checkout.stripe_session_id).where(Checkout.membership_id.in_(memberships)),
    )
    # What refers to something goes before it.
    order: list[tuple[Any, Any]] = [
        (StripeEvent, or_(*(StripeEvent.object_id.in_(ids) for ids in objects))),
        (Reminder, Reminder.patient_id == patient_id),
        (CheckInTurn, CheckInTurn.membership_id.in_(memberships)),
        (CheckIn, CheckIn.patient_id == patient_id),
        (LedgerEntry, LedgerEntry.patient_id == patient_id),
        (Refund, Refund.patient_id == patient_id),
        (Dispute, Dispute.patient_id == patient_id),
        (Credit, Credit.patient_id == patient_id),
        (MembershipNote, MembershipNote.patient_id == patient_id),
        (Intent, Intent.patient_id == patient_id),
        (Cancellation, Cancellation.patient_id == patient_id),
        (PriceNotice, PriceNotice.patient_id == patient_id),
        (Agreement, Agreement.patient_id == patient_id),
        (Drift, Drift.membership_id.in_(memberships)),
        (InvoiceLine, InvoiceLine.invoice_id.in_(invoices)),
        (Invoice, Invoice.membership_id.in_(memberships)),
        (Checkout, Checkout.membership_id.in_(memberships)),
        (GateRecord, GateRecord.patient_id == patient_id),
        (Membership, Membership.patient_id == patient_id),
        (EligibilityDecision, EligibilityDecision.enrollment_id.in_(enrollments)),
        (EncounterAddendum, EncounterAddendum.encounter_id.in_(encounters)),
        (Encounter, Encounter.patient_id == patient_id),
        (LocationAttestation, LocationAttestation.patient_id == patient_id),
        (Appointment, Appointment.patient_id == patient_id),
        (EnrollmentMove, EnrollmentMove.enrollment_id.in_(enrollments)),
        (Enrollment, Enrollment.patient_id == patient_id),
        (ConsentWithdrawal, ConsentWithdrawal.patient_id == patient_id),
        (ConsentAcceptance, ConsentAcceptance.patient_id == patient_id),
        (GoodFaithEstimate, GoodFaithEstimate.patient_id == patient_id),
        (SafetyHold, SafetyHold.patient_id == patient_id),
        (Alert, Alert.patient_id == patient_id),
        (Assessment, Assessment.patient_id == patient_id),
        (CareTeamMember, CareTeamMember.patient_id == patient_id),
        (BreakGlass, BreakGlass.patient_id == patient_id),
        (DataExport, DataExport.patient_id == patient_id),
        (LegalHold, LegalHold.patient_id == patient_id),  # lifted ones: while one stands nothing comes here
        (Patient, Patient.id == patient_id),
        (OutboxMessage, OutboxMessage.user_id == user_id),
        (OutboxMessage, OutboxMessage.message_key == f"account_closed:{user_id}"),
        (OutboxMessage, OutboxMessage.wanted_while == while_open(user_id)),
        (OneTimeCode, OneTimeCode.user_id == user_id),
        (KeptForm, KeptForm.user_id == user_id),
        (OneTimeLink, OneTimeLink.user_id == user_id),
        (RecoveryCode, RecoveryCode.user_id == user_id),
        (Passkey, Passkey.user_id == user_id),
        (SignIn, SignIn.user_id == user_id),
        (KnownDevice, KnownDevice.user_id == user_id),
        (User, User.id == user_id),
    ]
    removed = 0
    for model, mine in order:
        done: CursorResult[Any] = session.execute(  # type: ignore[assignment]
            delete(model).where(mine).execution_options(synchronize_session=False)
        )
        removed += done.rowcount
    return removed
