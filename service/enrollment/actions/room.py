"""Before the room of a visit opens the patient says where they are; and what happens when the picture fails."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts.rules.contact import one_line, phone_number
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment.actions.book import own_enrollment, own_patient, own_visit, wish_of
from service.enrollment.queries.booking import AWAY, is_away
from service.enrollment.queries.consents import agreed_to_visits
from service.enrollment.queries.rooms import licensed
from service.enrollment.rules.booking import Wanted
from service.enrollment.rules.regions import REGIONS
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words
from service.safety import writes as safety
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.rules.day import ELSEWHERE, room_is

ADDRESS_MAX = 300


def say_where(
    *,
    appointment_id: UUID,
    state: str,
    county_fips: str,
    emergency_address: str,
    callback: str,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> bool:
    """Keep where the patient says they are. True when the room may open for them.

    `state` is a USPS code or "elsewhere"; an empty `emergency_address` means that help would go to the home address.
    In another state than the visit's the room stays shut, a person is called, and charges, parcels and sessions stop
    (domain.md 2.1 G-LOC). Raises NotFound for somebody else's visit, Conflict when the room is not open or its
    clinician has no license there by now, Rejected for a missing or unreadable answer. Whoever said that they are away
    says nothing else until a person has talked to them.
    """
    patient_id = own_patient(actor)
    phone, address = phone_number(callback), one_line(emergency_address)
    if len(address) > ADDRESS_MAX:
        raise Rejected("address_too_long", words("That is longer than we can keep. Use a shorter form."))
    with db.transaction() as session:
        wish = wish_of(own_enrollment(session, patient_id))
        _check_open(session, appointment_id, patient_id, wish, catalog, now)
        _check_agreed(session, patient_id, wish, catalog, now)
        here = _place(catalog, wish, state, county_fips)
        bookings.attest(
            session,
            patient_id=patient_id,
            appointment_id=appointment_id,
            state=state,
            county_fips=county_fips if here else "",
            emergency_address=address,
            callback=phone,
            now=now,
        )
        audit.record(session, actor, "visit.attest", "appointment", appointment_id, patient_id=patient_id)
        if not here:
            _stop(session, appointment_id, patient_id, catalog, now)
        return here


def go_by_phone(*, appointment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """The picture failed: the clinician calls. Said twice it is once.

    Raises NotFound for somebody else's visit, Conflict when the room is not open or nobody knows yet where they are.
    """
    patient_id = own_patient(actor)
    with db.transaction() as session:
        wish = wish_of(own_enrollment(session, patient_id))
        _check_open(session, appointment_id, patient_id, wish, catalog, now)
        _check_agreed(session, patient_id, wish, catalog, now)
        said = visits.attestation_of(session, appointment_id)
        if said is None or said.state != wish.state:
            raise Conflict("where_first", words("Tell us first where you are right now."))
        bookings.by_phone(session, appointment_id, now)
        audit.record(session, actor, "visit.by_phone", "appointment", appointment_id, patient_id=patient_id)


def _check_open(
    session: Session, appointment_id: UUID, patient_id: UUID, wish: Wanted, catalog: Catalog, now: datetime
) -> None:
    visit = own_visit(session, appointment_id, patient_id)
    if visit.status != "booked" or room_is(visit.starts_at, visit.ends_at, now, catalog.visits) != "open":
        raise Conflict("room_shut", words("The room of this visit is not open now."))
    if is_away(session, patient_id):
        raise Conflict("away", words("You told us that you are in another state. We get in touch with you first."))
    if not licensed(session, visit, wish.state, catalog, now):
        raise Conflict(
            "nobody_may", words("Your visit cannot begin with this clinician. We call you about another time.")
        )


def _check_agreed(session: Session, patient_id: UUID, wish: Wanted, catalog: Catalog, now: datetime) -> None:
    """Before an encounter the patient has agreed to electronic records and to care by video there (domain.md 6)."""
    if not agreed_to_visits(session, patient_id, wish.state, catalog, now):
        raise Conflict("agree_first", words("First read and sign the two documents that come before a visit."))


def _place(catalog: Catalog, wish: Wanted, state: str, county_fips: str) -> bool:
    """Is that the state of the visit? Raises Rejected for a place that does not exist."""
    if state != ELSEWHERE and state not in REGIONS:
        raise Rejected("no_such_state", words("Choose where you are right now."))
    if state != wish.state:
        return False
    if catalog.states[wish.state].county(county_fips) is None:
        raise Rejected("county_missing", words("Choose the county you are in."))
    return True


def _stop(session: Session, appointment_id: UUID, patient_id: UUID, catalog: Catalog, now: datetime) -> None:
    """First stop what must stop, then call a person."""
    source = {"code": AWAY, "source_kind": "appointment", "source_id": appointment_id, "patient_id": patient_id}
    rule = catalog.alerts[AWAY]
    if rule.holds:
        safety.place_hold(session, **source, now=now)  # type: ignore[arg-type]
    safety.raise_alert(session, **source, now=now, definition=rule)  # type: ignore[arg-type]
