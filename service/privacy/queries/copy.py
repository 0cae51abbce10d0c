"""Everything a patient told us or that we hold about them, put together for themselves. Nobody else's data is in it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.catalog.rules.whole import Catalog
from service.privacy.queries import (
    copy_assessments,
    copy_care,
    copy_consents,
    copy_money,
    copy_rest,
    copy_self,
    copy_visits,
)
from service.privacy.rules import Section

# Said in the file itself, so that nobody takes silence for completeness.
LEFT_OUT = (
    "What other people told us, and who they are. Of our staff you find the names of those who cared for you.",
    "Notes that staff wrote to each other: the reason beside a decision, the reason a hold was lifted, "
    "and reviews of who looked at records. You may ask us for them; a clinician then looks at them with you.",
    "Passwords, secret keys and codes. We keep only what proves them, and nobody can read them back.",
    "Card numbers. Our payment provider has them, we do not.",
    "Copies of each mail. We keep that it was sent, when and of which kind, not its text.",
    "Anything put together for a legal matter: the law leaves that out of such copies.",
)


def copy_of(session: Session, patient_id: UUID, catalog: Catalog) -> list[Section]:
    """Each part of the copy, in reading order. Everything in it was asked for by this patient's or account's own id."""
    user_id = session.scalars(select(Patient.user_id).where(Patient.id == patient_id)).one()
    return [
        copy_self.account(session, user_id),
        copy_self.profile(session, patient_id, catalog),
        copy_self.devices(session, user_id),
        copy_assessments.assessments(session, patient_id, catalog),
        copy_care.enrollments(session, patient_id, catalog),
        copy_care.visits_booked(session, patient_id),
        copy_visits.places(session, patient_id),
        copy_visits.visit_notes(session, patient_id),
        copy_care.decisions(session, patient_id),
        copy_consents.consents(session, patient_id),
        copy_consents.estimates(session, patient_id),
        copy_care.check_ins(session, patient_id, catalog),
        copy_care.alerts(session, patient_id, catalog),
        copy_care.care_team(session, patient_id),
        copy_rest.memberships(session, patient_id, catalog),
        copy_money.agreements(session, patient_id),
        copy_rest.prices(session, patient_id),
        copy_rest.payments(session, patient_id),
        copy_money.cancellations(session, patient_id),
        copy_rest.given_back(session, patient_id),
        copy_rest.billing_notes(session, patient_id),
        copy_rest.charges_checked(session, patient_id),
        copy_rest.mails(session, user_id),
        copy_rest.waitlist(session, user_id),
        copy_rest.looks(session, patient_id),
        copy_rest.own_acts(session, patient_id, user_id),
        copy_rest.copies(session, patient_id),
    ]
