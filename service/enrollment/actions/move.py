"""A patient's new address. In another state nothing is charged, shipped or started until a person has looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.accounts import writes as letters
from service.accounts.queries.settings import Address
from service.accounts.rules.contact import one_line
from service.accounts.writes import contact as accounts
from service.audit import writes as audit
from service.catalog.queries import open_states
from service.catalog.queries.places import place_of_zip, zone_of_zip
from service.catalog.rules.whole import Catalog
from service.enrollment.queries.records import current_enrollment
from service.enrollment.rules.moving import Spot, WhichCounty, spot
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.safety import writes as safety

ALERT = "MOVED"  # config/alerts.toml
LINE_MAX = 100


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of it. With `needs_yes` the patient has to confirm the new state first, and nothing is kept yet.

    `home_again`: the enrollment is for that state.
    """

    changed: bool
    state: str
    served: bool
    needs_yes: bool = False
    home_again: bool = False


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

    A new state is kept once `yes_to` names it; then the one gate says no from here on (the enrollment is for the old
    state) and staff are alerted. Word of the change is mailed. Returns WhichCounty where the ZIP leaves that open.
    Raises Rejected for a missing part or a ZIP that nobody knows.
    """
    address = _address(line1, line2, city)
    found = spot(place_of_zip(catalog, zip_code, county_fips), open_states(catalog, now))
    if isinstance(found, WhichCounty):
        return found
    with db.transaction() as session:
        was = accounts.locked_patient(session, user_id)
        same_place = (was.zip_code, was.state, was.county_fips) == (found.zip_code, found.state, found.county_fips)
        if same_place and was.address == address:
            return Moved(False, found.state, found.served)
        another_state = found.state != was.state
        if another_state and yes_to != found.state:
            enrolled = current_enrollment(session, was.id)
            again = enrolled is not None and enrolled.state == found.state
            return Moved(False, found.state, found.served, needs_yes=True, home_again=again)
        zone = _zone(catalog, was.zip_code, was.county_fips, was.time_zone, found)
        home = accounts.Home(address, found.zip_code, found.state, found.county_fips, zone)
        accounts.change_home(session, user_id, home)
        if another_state:
            safety.raise_alert(
                session,
                code=ALERT,
                source_kind="patient",
                source_id=was.id,
                patient_id=was.id,
                now=now,
                definition=catalog.alerts[ALERT],
            )
        letters.tell_security_changed(session, user_id=user_id, what="address_changed", now=now)
        reason = "another_state" if another_state else None
        audit.record(session, actor, "account.change_address", "user", user_id, patient_id=was.id, reason=reason)
    return Moved(True, found.state, found.served)


def _address(line1: str, line2: str, city: str) -> Address:
    address = Address(one_line(line1), one_line(line2), one_line(city))
    if not address.line1:
        raise Rejected("line1_missing", words("Enter your street and house number"))
    if not address.city:
        raise Rejected("city_missing", words("Enter your city"))
    if max(len(address.line1), len(address.line2), len(address.city)) > LINE_MAX:
        raise Rejected("line1_too_long", words("That is longer than we can keep. Use a shorter form."))
    return address


def _zone(catalog: Catalog, old_zip: str, old_county: str, present: str, found: Spot) -> str:
    """The new ZIP's zone, unless the person had chosen another than the old ZIP's, or the list knows none."""
    if present != (zone_of_zip(catalog, old_zip, old_county or None) or present):
        return present
    return zone_of_zip(catalog, found.zip_code, found.county_fips or None) or present
