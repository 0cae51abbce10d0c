"""Who is this, what are they called, and who looks after them."""

from __future__ import annotations

from service.accounts.queries.care import (
    Caller,
    Contact,
    TeamMember,
    callers,
    care_team,
    carers_among,
    check_may_open,
    check_patient,
    colleagues,
    contact,
    glass_broken_until,
    looked_after,
    may_open,
    on_care_team,
)
from service.accounts.queries.glass import Look, is_only_owner, look, looker_of, looks, overdue_looks
from service.accounts.queries.people import (
    PatientDetails,
    address_of,
    claims,
    display_name,
    display_names,
    email_index,
    patient,
    patients,
    staff_ids,
    user_by_email,
)
from service.accounts.queries.principal import Principal, principal

__all__ = [
    "Caller",
    "Contact",
    "Look",
    "PatientDetails",
    "Principal",
    "TeamMember",
    "address_of",
    "callers",
    "care_team",
    "carers_among",
    "check_may_open",
    "check_patient",
    "claims",
    "colleagues",
    "contact",
    "display_name",
    "display_names",
    "email_index",
    "glass_broken_until",
    "is_only_owner",
    "look",
    "looked_after",
    "looker_of",
    "looks",
    "may_open",
    "on_care_team",
    "overdue_looks",
    "patient",
    "patients",
    "principal",
    "staff_ids",
    "user_by_email",
]
