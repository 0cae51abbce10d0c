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
from service.visits.queries.due import VisitToRemind, next_remind_at, to_remind
from service.visits.queries.encounters import (
    Addendum,
    SignedEncounter,
    addenda_of,
    credentials_of,
    diagnoses_in,
    document_until,
    encounter_at,
    encounters_of,
    in_person_exam_on,
    is_as_signed,
)
from service.visits.queries.held import LastSeen, held_by, held_here, last_seen
from service.visits.queries.holds import chain_of, next_hold_ends_at
from service.visits.queries.openings import OpenTime, open_days, open_times
from service.visits.queries.room import (
    AskedFor,
    Attestation,
    Reach,
    Room,
    asked_for,
    attestation_of,
    reach,
    room_of,
    rooms_of,
)
from service.visits.queries.visits import (
    Visit,
    booked_at,
    booked_between,
    booked_visit,
    booked_visits,
    live_hold,
    visit,
    visits_of,
)

__all__ = [
    "Addendum",
    "AskedFor",
    "Attestation",
    "Held",
    "LastSeen",
    "License",
    "OpenTime",
    "Practitioner",
    "Reach",
    "Room",
    "SignedEncounter",
    "Visit",
    "VisitToRemind",
    "addenda_of",
    "asked_for",
    "attestation_of",
    "booked_at",
    "booked_between",
    "booked_visit",
    "booked_visits",
    "chain_of",
    "credentials_of",
    "diagnoses_in",
    "document_until",
    "encounter_at",
    "encounters_of",
    "held_by",
    "held_here",
    "in_person_exam_on",
    "is_as_signed",
    "last_seen",
    "license_for",
    "licenses_of",
    "live_hold",
    "next_hold_ends_at",
    "next_remind_at",
    "open_days",
    "open_times",
    "practitioner",
    "practitioner_of",
    "reach",
    "room_of",
    "rooms_of",
    "to_remind",
    "visit",
    "visits_of",
]
