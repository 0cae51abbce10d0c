"""The room of a visit: its name, who said where they are, and how to reach them when the picture fails."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.kit import crypto
from service.visits.models import Appointment, LocationAttestation
from service.visits.queries.visits import opened_needs


@dataclass(frozen=True, slots=True)
class Attestation:
    """Where a patient said they are. `county_fips` is empty and `state` may be "elsewhere" where we do not work."""

    id: UUID
    appointment_id: UUID | None
    state: str
    county_fips: str
    at_home_address: bool
    attested_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """A visit's room. `by_phone_at`: since when it goes on by phone. `attested`: the last word on where they are."""

    name: str | None
    by_phone_at: datetime | None
    attested: Attestation | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach somebody during a visit. For the clinician who sees them: opened for that alone."""

    callback: str
    emergency_address: str


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What a patient asked for at a visit, with their own words opened: for who looks after them."""

    needs: tuple[str, ...]  # of rules.day.NEEDS
    own_words: str
    physician: bool


_ATTESTATION = (
    LocationAttestation.id,
    LocationAttestation.appointment_id,
    LocationAttestation.state,
    LocationAttestation.county_fips,
    LocationAttestation.at_home_address,
    LocationAttestation.attested_at,
)


def attestation_of(session: Session, appointment_id: UUID) -> Attestation | None:
    """The last word a patient gave for this visit on where they are, or None."""
    return attestations_of(session, [appointment_id]).get(appointment_id)


def attestations_of(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, Attestation]:
    """The last word for each of several visits; those without one are left out."""
    query = (
        select(*_ATTESTATION)
        .where(LocationAttestation.appointment_id.in_(appointment_ids))
        .order_by(LocationAttestation.attested_at, LocationAttestation.id)
    )
    found = [Attestation(*row) for row in session.execute(query)]
    return {one.appointment_id: one for one in found if one.appointment_id is not None}


def room_of(session: Session, appointment_id: UUID) -> Room | None:
    """The room of an appointment, or None where there is no such appointment."""
    query = select(Appointment.room, Appointment.by_phone_at).where(Appointment.id == appointment_id)
    row = session.execute(query).one_or_none()
    return None if row is None else Room(row.room, row.by_phone_at, attestation_of(session, appointment_id))


def rooms_of(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, Room]:
    """The rooms of several appointments."""
    attested = attestations_of(session, appointment_ids)
    rows = session.execute(
        select(Appointment.id, Appointment.room, Appointment.by_phone_at).where(Appointment.id.in_(appointment_ids))
    )
    return {row.id: Room(row.room, row.by_phone_at, attested.get(row.id)) for row in rows}


def reach(session: Session, attestation_id: UUID) -> Reach | None:
    """What was given to reach somebody, opened. The caller notes who looked."""
    row = session.get(LocationAttestation, attestation_id)
    if row is None:
        return None
    callback = address = ""
    if row.callback_sealed is not None:
        callback = crypto.unseal(row.callback_sealed, "location_attestations", "callback", row.id)
    if row.emergency_address_sealed is not None:
        address = crypto.unseal(row.emergency_address_sealed, "location_attestations", "emergency_address", row.id)
    return Reach(callback, address)


def asked_for(session: Session, appointment_id: UUID) -> AskedFor | None:
    """What was asked for at a visit, in words too. The caller notes who looked."""
    row = session.get(Appointment, appointment_id)
    if row is None:
        return None
    own_words = ""
    if row.needs_sealed is not None:
        own_words = crypto.unseal(row.needs_sealed, "appointments", "needs", row.id)
    needs = opened_needs(row.id, row.accommodations_sealed, row.needs_clear)
    return AskedFor(tuple(needs), own_words, row.physician_asked)
