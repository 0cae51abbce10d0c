"""What the database itself refuses: two at one time, and any change to what was signed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import sessionmaker

from service.catalog.rules.whole import Catalog
from service.enrollment.actions import book
from service.kit import crypto, db, queue
from service.kit.errors import Conflict
from tests.conftest import new_database, role_url
from tests.factories.visits import a_clinician, an_applicant, open_times

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CROWD = 20
EVIDENCE = ("encounters", "eligibility_decisions", "enrollment_moves", "consent_texts", "consent_acceptances")


@pytest.fixture
def committed(settings: object, database: str) -> Iterator[Engine]:
    """A database of this test's own, in which transactions really commit."""
    name = f"{database}_{os.getpid()}_crowd"
    new_database(name)
    url = make_url(role_url("app", name)).set(drivername="postgresql+psycopg")
    engine = create_engine(url, pool_size=CROWD, max_overflow=5)
    db.bind(sessionmaker(engine, expire_on_commit=False))
    crypto.configure(settings)  # type: ignore[arg-type]
    queue.use(lambda job: None)
    yield engine
    db.bind(None)
    queue.use(None)
    engine.dispose()
    new_database_gone(name)


def new_database_gone(name: str) -> None:
    """Drop what the test made."""
    admin = create_engine(
        make_url(os.environ["HOMEWARD_TEST_POSTGRES"]).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


def test_of_twenty_patients_who_want_one_time_exactly_one_gets_it(committed: Engine, catalog: Catalog) -> None:
    a_clinician()
    crowd = [an_applicant(catalog) for _ in range(CROWD)]
    first = open_times("FL", NOW)[0]

    def attempt(number: int) -> str:
        try:
            book.book_visit(
                practitioner_id=first.practitioner.id, starts_at=first.starts_at, actor=crowd[number].actor, now=NOW
            )
        except Conflict as no:
            return no.code
        return "booked"

    with ThreadPoolExecutor(CROWD) as pool:
        outcomes = sorted(pool.map(attempt, range(CROWD)))
    assert outcomes == ["booked"] + ["time_taken"] * (CROWD - 1)
    with committed.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM appointments")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM enrollments WHERE status = 'booked'")).scalar() == 1


def test_the_constraint_alone_refuses_an_overlap(committed: Engine, catalog: Catalog) -> None:
    clinician = a_clinician()
    one, other = an_applicant(catalog), an_applicant(catalog)
    row = text(
        "INSERT INTO appointments"
        " (id, practitioner_id, practitioner_number, patient_id, kind, during, status, booked_at)"
        " SELECT gen_random_uuid(), id, number, :patient, 'consultation', tstzrange(:start, :end), 'booked', :start"
        " FROM practitioners WHERE id = :practitioner"
    )
    values = {"practitioner": clinician.practitioner_id, "start": NOW}
    with committed.begin() as connection:
        connection.execute(row, {**values, "patient": one.patient_id, "end": NOW.replace(hour=16)})
    with pytest.raises(Exception, match="ex_appointments_no_double_booking"), committed.begin() as connection:
        connection.execute(
            row,
            {**values, "patient": other.patient_id, "start": NOW.replace(minute=30), "end": NOW.replace(hour=17)},
        )


@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_app_role_cannot_touch_what_was_signed(engine: Engine, table: str, verb: str) -> None:
    statement = verb.format(table).replace("id = id", "sha256 = sha256" if table == "consent_texts" else "id = id")
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))
