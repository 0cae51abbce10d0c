"""While an owner notes that a clinician leaves, patients go on booking: nobody ends up with somebody who is gone."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from service.enrollment.actions import part
from service.kit import db
from service.visits.actions import hours
from service.visits.models import Appointment, Practitioner
from tests.conftest import House
from tests.factories.at_once import outcomes
from tests.factories.visits import a_clinician, an_applicant, book_the, open_times, staff_actor

ROUNDS = 6


def test_of_a_booking_and_a_parting_at_the_same_moment_only_one_comes_about(committed: House) -> None:
    owner = staff_actor("owner")
    for _ in range(ROUNDS):
        leaving, applicant = a_clinician(), an_applicant(committed.catalog)
        seen = open_times("FL", committed.now)[0]
        found = outcomes(
            lambda applicant=applicant, seen=seen: book_the(seen, applicant, committed.now),
            lambda leaving=leaving: part.part(
                user_id=leaving.user_id, on=date(2026, 11, 23), places={}, actor=owner, now=committed.now
            ),
        )
        with db.transaction() as session:
            left = session.get_one(Practitioner, leaving.practitioner_id).left_on is not None
            theirs = session.scalars(
                select(Appointment.id).where(
                    Appointment.practitioner_id == leaving.practitioner_id, Appointment.status == "booked"
                )
            ).all()
            assert not (left and theirs), found
            assert left or theirs, found
            session.get_one(Practitioner, leaving.practitioner_id).left_on = date(2026, 11, 23)


def test_of_a_booking_and_a_day_that_closes_at_the_same_moment_only_one_comes_about(committed: House) -> None:
    for _ in range(ROUNDS):
        clinician, applicant = a_clinician(), an_applicant(committed.catalog)
        seen = open_times("FL", committed.now)[0]
        found = outcomes(
            lambda applicant=applicant, seen=seen: book_the(seen, applicant, committed.now),
            lambda clinician=clinician: hours.add_other_day(
                practitioner_id=clinician.practitioner_id,
                day=date(2026, 11, 23),
                opens=False,
                starts=None,
                ends=None,
                keep_booked=False,
                actor=clinician.actor,
                now=committed.now,
            ),
        )
        with db.transaction() as session:
            during = session.scalars(
                select(Appointment.during).where(
                    Appointment.practitioner_id == clinician.practitioner_id, Appointment.status == "booked"
                )
            ).all()
            that_day = [one for one in during if one.lower is not None and one.lower.date() == date(2026, 11, 23)]
            assert (found[1] == "done") == (not that_day), found
            session.get_one(Practitioner, clinician.practitioner_id).left_on = date(2026, 11, 23)
