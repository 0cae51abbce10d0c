"""Who is acting: an argument of every use case, so that the audit trail never guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """A visitor, a patient, a member of staff, or the system itself.

    `address` is where the request came from; `role` is set for staff, `patient_id` for patients.
    """

    kind: Literal["visitor", "patient", "staff", "system"]
    user_id: UUID | None = None
    role: str | None = None
    patient_id: UUID | None = None
    sign_in_id: UUID | None = None
    address: str | None = None
    user_agent: str | None = None


SYSTEM = Actor("system")
