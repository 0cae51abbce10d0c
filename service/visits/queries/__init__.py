"""What other domains may ask about visits."""

from __future__ import annotations

from service.visits.queries.clinicians import (
    Held,
    License,
    Practitioner,
    license_for,
    licenses_of,
    practitioner,
    practitioner_of,
)
from service.visits.queries.openings import OpenTime, open_days, open_times
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
    "Held",
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
    "licenses_of",
    "open_days",
    "open_times",
    "practitioner",
    "practitioner_of",
    "visit",
    "visits_of",
]
