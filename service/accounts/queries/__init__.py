"""Who is this, what are they called, and who looks after them."""

from __future__ import annotations

from service.accounts.queries.care import glass_broken_until, may_open, on_care_team
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
    "PatientDetails",
    "Principal",
    "address_of",
    "claims",
    "display_name",
    "display_names",
    "email_index",
    "glass_broken_until",
    "may_open",
    "on_care_team",
    "patient",
    "patients",
    "principal",
    "staff_ids",
    "user_by_email",
]
