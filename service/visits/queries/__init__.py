"""What other domains may ask about visits."""

from __future__ import annotations

from service.visits.queries.clinicians import (
    License,
    OpenTime,
    Practitioner,
    license_for,
    open_times,
    practitioner,
    practitioner_of,
)
from service.visits.queries.visits import (
    SignedEncounter,
    Visit,
    booked_at,
    booked_visit,
    booked_visits,
    encounters_of,
    in_person_exam_on,
    visit,
    visits_of,
)

__all__ = [
    "License",
    "OpenTime",
    "Practitioner",
    "SignedEncounter",
    "Visit",
    "booked_at",
    "booked_visit",
    "booked_visits",
    "encounters_of",
    "in_person_exam_on",
    "license_for",
    "open_times",
    "practitioner",
    "practitioner_of",
    "visit",
    "visits_of",
]
