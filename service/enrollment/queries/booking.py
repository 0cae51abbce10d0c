"""What a patient may book, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.catalog.rules import engine
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Enrollment
from service.enrollment.rules.booking import Wanted, wanted
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits.queries import Held, Visit

AWAY = "AWAY"  # config/alerts.toml: they said, before a visit, that they are in another state


@dataclass(frozen=True, slots=True)
class Bookable:
    """What is next for a patient. `ahead` is what they have booked, `held` what is kept for them at this moment.

    `stops` are the reasons of the state-rule engine against booking anything, and "away" after an attested location
    out of state that nobody has looked at. `notice` is what their state wants said before a visit.
    """

    wanted: Wanted | None
    stops: tuple[str, ...]
    ahead: Visit | None
    held: Visit | None
    notice: str

    @property
    def open(self) -> bool:
        """May they choose a time now?"""
        return self.wanted is not None and not self.stops


def bookable(session: Session, patient_id: UUID, catalog: Catalog, now: datetime) -> Bookable:
    """What this patient may book at `now`."""
    row = session.execute(
        select(Enrollment.status, Enrollment.state, Enrollment.moving_to, Enrollment.program, Patient.state)
        .join(Patient, Patient.id == Enrollment.patient_id)
        .where(Enrollment.patient_id == patient_id)
        .order_by(Enrollment.created_at.desc())
        .limit(1)
    ).one_or_none()
    ahead, held = visits.ahead_and_held(session, patient_id, now)
    if row is None:
        return Bookable(None, (), ahead, held, "")
    status, enrolled_in, moving_to, program, home = row
    wish = wanted(status, enrolled_in, moving_to)
    if wish is None:
        return Bookable(None, (), ahead, held, "")
    place = catalog.states.get(wish.state)
    notice = place.notice_on(place.day(now)) if place else ""
    against = stops(session, patient_id, program, wish, catalog, now, residence=home)
    return Bookable(wish, against, ahead, held, notice)


def stops(
    session: Session,
    patient_id: UUID,
    program: str,
    wish: Wanted,
    catalog: Catalog,
    now: datetime,
    *,
    at: datetime | None = None,
    licenses: Iterable[Held] | None = None,
    residence: str | None = None,
) -> tuple[str, ...]:
    """Every reason against a visit at `at` (default: now). Without a clinician's `licenses` nobody's is asked for.

    `residence` is the state the patient lives in, where the caller has read it.
    """
    place = catalog.states.get(wish.state)
    situation = engine.Situation(
        day=place.day(at or now) if place else None,
        now=now,
        program=program,
        residence=residence or accounts.patient(session, patient_id).state,
        licenses=None
        if licenses is None
        else tuple(
            engine.Held(kind=one.kind, state=one.state, expires_on=one.expires_on, ended=one.ended_at is not None)
            for one in licenses
        ),
    )
    codes = engine.ask("booking", state=wish.state, policies=catalog.policies, situation=situation).codes
    if licenses is None:
        codes = tuple(code for code in codes if code != "license")
    return (*codes, "away") if is_away(session, patient_id) else codes


def is_away(session: Session, patient_id: UUID) -> bool:
    """Did they say before a visit that they are in another state, and nobody has talked to them since?"""
    return safety.held_for(session, patient_id, AWAY)
