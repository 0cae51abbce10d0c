"""Patients who may pay, and those who did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from service.billing.models import Intent, Invoice, Membership
from service.billing.rules.terms import Occasion, Terms
from service.enrollment.models import Enrollment
from service.kit import db
from service.kit.format import money
from service.mail.models import OutboxMessage
from service.safety import writes as safety
from tests.factories.consents import sign_all
from tests.factories.visits import Applicant, a_clinician, an_applicant, approved, reachable

if TYPE_CHECKING:
    from datetime import date

    from service.catalog.rules.plans import Plan
    from tests.conftest import House


def an_approved_patient(
    house: House, *, license_expires_on: date | None = None, in_person_exam_on: date | None = None
) -> Applicant:
    """Approved by a clinician, nothing signed yet."""
    applicant = an_applicant(house.catalog)
    clinician = a_clinician(**({"expires_on": license_expires_on} if license_expires_on else {}))
    approved(applicant, clinician, house.catalog, house.now, in_person_exam_on=in_person_exam_on)
    return applicant


def ready_to_pay(
    house: House,
    *,
    license_expires_on: date | None = None,
    in_person_exam_on: date | None = None,
    typed_name: str = "Ana Rivera",
) -> Applicant:
    """Approved, and everything signed that must be."""
    applicant = an_approved_patient(house, license_expires_on=license_expires_on, in_person_exam_on=in_person_exam_on)
    reachable(applicant.patient_id)
    sign_all(house, applicant, typed_name=typed_name, sure=True)
    return applicant


def terms_of(plan: Plan, occasion: Occasion = "start") -> Terms:
    """What somebody ticked the box of, in few words."""
    amount = money(plan.price_cents)
    return Terms(
        occasion=occasion,
        plan=plan.key,
        amount_cents=plan.price_cents,
        title=f"What you agree to: {plan.name}",
        lines=(("You pay today", amount), ("How long", "It renews each month until you cancel.")),
        box=f"I agree to be charged {amount} today and each month until I cancel",
    )


def membership_row(patient_id: UUID) -> Membership | None:
    """The patient's latest membership, as stored."""
    with db.reading() as session:
        query = select(Membership).where(Membership.patient_id == patient_id).order_by(Membership.created_at.desc())
        return session.scalars(query).first()


def invoices_of(membership_id: UUID) -> list[Invoice]:
    """A membership's invoices, as stored."""
    with db.reading() as session:
        return list(session.scalars(select(Invoice).where(Invoice.membership_id == membership_id)))


def enrollment_status(applicant: Applicant) -> str:
    """Where the patient's enrollment stands."""
    with db.reading() as session:
        return session.scalars(select(Enrollment.status).where(Enrollment.id == applicant.enrollment_id)).one()


def mails_to(applicant: Applicant) -> Counter[str]:
    """How often each mail about money is in the patient's outbox."""
    about_money = ("membership_", "payment_", "renewal_")
    with db.reading() as session:
        found = session.scalars(select(OutboxMessage.template).where(OutboxMessage.user_id == applicant.person.user_id))
        return Counter(template for template in found if template.startswith(about_money))


def a_hold(house: House, applicant: Applicant) -> None:
    """A safety hold on the patient."""
    with db.transaction() as session:
        safety.place_hold(
            session,
            code="RF-SI",
            source_kind="checkin",
            source_id=applicant.enrollment_id,
            patient_id=applicant.patient_id,
            now=house.now,
        )


def unanswered(applicant: Applicant) -> list[str]:
    """What was meant for a patient's membership and has no answer yet, by kind."""
    query = select(Intent.kind).where(Intent.patient_id == applicant.patient_id, Intent.status == "meant")
    with db.reading() as session:
        return list(session.scalars(query.order_by(Intent.kind)))
