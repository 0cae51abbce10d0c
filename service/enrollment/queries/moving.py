"""A patient who lives in another state than the one their enrollment is for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Enrollment
from service.enrollment.rules.booking import AFTER_A_DECISION, BEFORE_A_DECISION
from service.enrollment.rules.moving import Turn, turn
from service.enrollment.rules.regions import place_name
from service.visits import queries as visits

LIVE = (*BEFORE_A_DECISION, *AFTER_A_DECISION)


@dataclass(frozen=True, slots=True)
class Move:
    """How things stand between an enrollment and where its patient lives, or would live.

    `turn` is what it means for the enrollment, "nothing" where they never left. `served` is false where we do not work
    at all, `program_closed` where we work without that program. `decided`: a clinician has decided. `member`: care is
    going on.
    """

    turn: Turn
    lives_in: str
    lives_in_name: str
    enrolled_in_name: str
    program: str
    served: bool
    program_closed: bool
    decided: bool
    member: bool


def welcome(catalog: Catalog, state: str, program: str, now: datetime) -> bool:
    """Is the state open at `now`, by its own clock, and the program allowed there?"""
    place = catalog.states.get(state)
    return place is not None and place.open_on(place.day(now)) and program in place.programs_on(place.day(now))


def move_of(
    session: Session, patient_id: UUID, catalog: Catalog, now: datetime, *, lives_in: str | None = None
) -> Move | None:
    """How it stands for a patient, or would with a home in `lives_in`. None without an enrollment that goes on."""
    row = session.execute(
        select(Enrollment.status, Enrollment.state, Enrollment.program, Enrollment.moving_since, Patient.state)
        .join(Patient, Patient.id == Enrollment.patient_id)
        .where(Enrollment.patient_id == patient_id, Enrollment.status.in_(LIVE))
    ).one_or_none()
    if row is None:
        return None
    status, enrolled_in, program, since, home = row
    there = lives_in or home
    place = catalog.states.get(there)
    served = place is not None and place.open_on(place.day(now))
    ahead = visits.booked_visit(session, patient_id)
    return Move(
        turn=turn(
            status,
            enrolled_in,
            there,
            welcome=welcome(catalog, there, program, now),
            away=since is not None or lives_in is not None,
            visit_begun=ahead is not None and ahead.starts_at <= now,
        ),
        lives_in=there,
        lives_in_name=place_name(there),
        enrolled_in_name=place_name(enrolled_in),
        program=program,
        served=served,
        program_closed=served and not welcome(catalog, there, program, now),
        decided=status in AFTER_A_DECISION,
        member=status == "active",
    )


def unsettled(session: Session, open_programs: Mapping[str, Collection[str]], limit: int) -> Sequence[UUID]:
    """Patients who live elsewhere and for whom that may mean something else by now, the longest away first.

    Their state is open to their program and their enrollment knows nothing of it, or it was to go on where that has
    ended. Whoever can only wait is not among them, and stands before nobody. `open_programs` by state.
    """
    pairs = [(state, program) for state, programs in open_programs.items() for program in programs]
    opened = and_(
        tuple_(Patient.state, Enrollment.program).in_(pairs), Enrollment.moving_to.is_distinct_from(Patient.state)
    )
    ended = and_(Enrollment.moving_to.is_not(None), tuple_(Enrollment.moving_to, Enrollment.program).not_in(pairs))
    query = (
        select(Enrollment.patient_id)
        .join(Patient, Patient.id == Enrollment.patient_id)
        .where(
            Enrollment.moving_since.is_not(None),
            Enrollment.status.in_(LIVE),
            or_(opened, ended),
        )
        .order_by(Enrollment.moving_since)
        .limit(limit)
    )
    return session.scalars(query).all()
