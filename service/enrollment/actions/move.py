"""A patient's new address. In another state nothing is booked, charged or sent until somebody there may go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import writes as letters
from service.accounts.models import Patient
from service.accounts.queries.settings import Address
from service.accounts.rules.contact import one_line
from service.accounts.writes import contact as accounts
from service.audit import writes as audit
from service.catalog.queries import open_programs, open_states
from service.catalog.queries.places import place_of_zip, zone_of_zip
from service.catalog.rules.whole import Catalog
from service.enrollment import writes
from service.enrollment.queries.moving import Move, move_of, unsettled
from service.enrollment.queries.records import current_enrollment
from service.enrollment.rules.delivery import check_street
from service.enrollment.rules.moving import Spot, Turn, WhichCounty, spot
from service.kit import db
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import Rejected, words
from service.safety import writes as safety

log = structlog.get_logger(__name__)

MOVED, HOME_AGAIN = "MOVED", "HOME_AGAIN"  # config/alerts.toml
LINE_MAX = 100
BATCH = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of it. With `needs_yes` the patient has to confirm the new state first, and nothing is kept yet.

    `ahead` is what the move means for their enrollment; None where none goes on.
    """

    changed: bool
    state: str
    served: bool
    needs_yes: bool = False
    another_state: bool = False
    ahead: Move | None = None


def move(
    *,
    user_id: UUID,
    line1: str,
    line2: str,
    city: str,
    zip_code: str,
    county_fips: str | None,
    yes_to: str | None,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> Moved | WhichCounty:
    """Keep a new address, and with it state, county and, unless another one was chosen, the time zone.

    A new state is kept once `yes_to` names it. With it the one gate says no, the enrollment follows as far as it may
    and visits make way; then staff are alerted, all in one transaction. Word of the change is mailed.
    Returns WhichCounty where the ZIP leaves that open. Raises Rejected for a missing part, an address where nobody can
    hand over a parcel, or a ZIP that nobody knows.
    """
    address = _address(line1, line2, city)
    found = spot(place_of_zip(catalog, zip_code, county_fips), open_states(catalog, now))
    if isinstance(found, WhichCounty):
        return found
    with db.transaction() as session:
        _enrollment_first(session, user_id)
        was = accounts.locked_patient(session, user_id)
        same_place = (was.zip_code, was.state, was.county_fips) == (found.zip_code, found.state, found.county_fips)
        if same_place and was.address == address:
            return Moved(False, found.state, found.served)
        another_state = found.state != was.state
        if another_state and yes_to != found.state:
            ahead = move_of(session, was.id, catalog, now, lives_in=found.state)
            return Moved(False, found.state, found.served, True, True, ahead)
        zone = _zone(catalog, was.zip_code, was.county_fips, was.time_zone, found)
        home = accounts.Home(address, found.zip_code, found.state, found.county_fips, zone)
        accounts.change_home(session, user_id, home)
        session.flush()
        if another_state:
            what = writes.follow(session, was.id, catalog, actor, now)
            _alert(session, was.id, what, catalog, now)
        letters.tell_security_changed(session, user_id=user_id, what="address_changed", now=now)
        reason = "another_state" if another_state else None
        audit.record(session, actor, "account.change_address", "user", user_id, patient_id=was.id, reason=reason)
    return Moved(True, found.state, found.served, another_state=another_state)


def settle_moves(*, catalog: Catalog, now: datetime, limit: int = BATCH) -> int:
    """Look again at who lives elsewhere: their state may have opened, or a visit been recorded that stood in the way.

    Each in its own transaction; one that fails never stops the rest. Returns how many moved on.
    """
    with db.reading() as session:
        waiting = unsettled(session, open_programs(catalog, now), limit)
    return sum(_settle(patient_id, catalog, now) for patient_id in waiting)


def _settle(patient_id: UUID, catalog: Catalog, now: datetime) -> bool:
    try:
        with db.transaction() as session:
            what = writes.follow(session, patient_id, catalog, SYSTEM, now)
            if what != "nothing":
                _alert(session, patient_id, what, catalog, now)
    except Exception:
        log.exception("a move could not be looked at again", patient=str(patient_id))
        return False
    return what != "nothing"


def _enrollment_first(session: Session, user_id: UUID) -> None:
    """Whoever books locks the enrollment, then touches the patient: in the other order the two would block for ever."""
    patient_id = session.scalars(select(Patient.id).where(Patient.user_id == user_id)).one()
    found = current_enrollment(session, patient_id)
    if found is not None:
        writes.locked(session, found.id)


def _alert(session: Session, patient_id: UUID, what: Turn, catalog: Catalog, now: datetime) -> None:
    code = HOME_AGAIN if what == "home" else MOVED
    safety.raise_alert(
        session,
        code=code,
        source_kind="patient",
        source_id=patient_id,
        patient_id=patient_id,
        now=now,
        definition=catalog.alerts[code],
    )


def _address(line1: str, line2: str, city: str) -> Address:
    address = Address(one_line(line1), one_line(line2), one_line(city))
    if not address.line1:
        raise Rejected("line1_missing", words("Enter your street and house number"))
    if not address.city:
        raise Rejected("city_missing", words("Enter your city"))
    if max(len(address.line1), len(address.line2), len(address.city)) > LINE_MAX:
        raise Rejected("line1_too_long", words("That is longer than we can keep. Use a shorter form."))
    check_street(address.line1, address.line2)
    return address


def _zone(catalog: Catalog, old_zip: str, old_county: str, present: str, found: Spot) -> str:
    """The new ZIP's zone, unless the person had chosen another than the old ZIP's, or the list knows none."""
    if present != (zone_of_zip(catalog, old_zip, old_county or None) or present):
        return present
    return zone_of_zip(catalog, found.zip_code, found.county_fips or None) or present
