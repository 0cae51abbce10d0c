"""What the database itself refuses: two at one time, and any change to what was signed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import sessionmaker

from service.catalog.rules.whole import Catalog
from service.enrollment.actions import book, hold
from service.kit import crypto, db, queue
from service.visits.actions.let_go import let_go_expired
from service.visits.queries import OpenTime
from tests.conftest import new_database, role_url
from tests.factories.at_once import at_once, outcomes
from tests.factories.visits import Applicant, a_clinician, an_applicant, open_times

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CROWD = 50
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


def hold_first(who: Applicant, time: OpenTime, catalog: Catalog) -> UUID:
    return hold.hold_time(
        practitioner_id=time.practitioner.id, starts_at=time.starts_at, catalog=catalog, actor=who.actor, now=NOW
    )


def book_first(who: Applicant, time: OpenTime, catalog: Catalog) -> bool:
    held = hold_first(who, time, catalog)
    return book.confirm_visit(appointment_id=held, catalog=catalog, actor=who.actor, now=NOW)


def counted(engine: Engine, status: str) -> int:
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM appointments WHERE status = :status")
        return int(connection.execute(query, {"status": status}).scalar_one())


def test_of_fifty_patients_who_want_one_time_exactly_one_gets_it(committed: Engine, catalog: Catalog) -> None:
    a_clinician()
    crowd = [an_applicant(catalog) for _ in range(CROWD)]
    first = open_times("FL", NOW)[0]
    found = sorted(outcomes(*(partial(book_first, who, first, catalog) for who in crowd)))
    assert found == ["done"] + ["time_taken"] * (CROWD - 1)
    assert (counted(committed, "booked"), counted(committed, "held")) == (1, 0)
    with committed.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM enrollments WHERE status = 'booked'")).scalar() == 1


def test_of_fifty_patients_who_hold_one_time_exactly_one_does_an_old_hold_in_its_place_too(
    committed: Engine, catalog: Catalog
) -> None:
    a_clinician()
    crowd = [an_applicant(catalog) for _ in range(CROWD)]
    first = open_times("FL", NOW)[4]
    hold_first(an_applicant(catalog), first, catalog)
    with committed.begin() as connection:
        connection.execute(text("UPDATE appointments SET held_until = :past"), {"past": NOW - timedelta(seconds=1)})
    work = [partial(hold_first, who, first, catalog) for who in crowd] + [partial(let_go_expired, now=NOW)]
    found = sorted(outcomes(*work))
    assert found == ["done"] * 2 + ["time_taken"] * (CROWD - 1)  # one holder, and the tick
    assert (counted(committed, "held"), counted(committed, "let_go")) == (1, 1)


def test_fifty_clicks_of_one_patient_on_many_times_leave_one_hold_and_one_booking(
    committed: Engine, catalog: Catalog
) -> None:
    a_clinician()
    who, times = an_applicant(catalog), open_times("FL", NOW)[:CROWD]
    at_once(*(partial(hold_first, who, time, catalog) for time in times))
    assert counted(committed, "held") == 1
    with committed.connect() as connection:
        held = connection.execute(text("SELECT id FROM appointments WHERE status = 'held'")).scalar_one()
    confirm = partial(book.confirm_visit, appointment_id=held, catalog=catalog, actor=who.actor, now=NOW)
    assert outcomes(*[confirm] * CROWD) == ["done"] * CROWD
    assert counted(committed, "booked") == 1
    with committed.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox WHERE template = 'visit_booked'")).scalar() == 1


def test_two_who_change_to_each_others_time_neither_lose_theirs_nor_wait_forever(
    committed: Engine, catalog: Catalog
) -> None:
    a_clinician()
    one, other = an_applicant(catalog), an_applicant(catalog)
    first, second = open_times("FL", NOW)[4:6]
    for who, time in ((one, first), (other, second)):
        book_first(who, time, catalog)
    found = outcomes(partial(book_first, one, second, catalog), partial(book_first, other, first, catalog))
    assert found == ["time_taken", "time_taken"]
    assert counted(committed, "booked") == 2


def test_expired_holds_crosswise_with_two_clinicians_are_let_go_without_a_deadlock(
    committed: Engine, catalog: Catalog
) -> None:
    people = [an_applicant(catalog) for _ in range(8)]
    a_clinician(name="Dr. Ada")
    a_clinician(name="Dr. Bea")
    pair = open_times("FL", NOW)[8:10]
    assert pair[0].starts_at == pair[1].starts_at
    later = open_times("FL", NOW)[10:16]
    for who, time in zip(people, [*pair, *later], strict=True):
        hold_first(who, time, catalog)
    with committed.begin() as connection:
        connection.execute(text("UPDATE appointments SET held_until = :past"), {"past": NOW - timedelta(seconds=1)})
    wishes = [*reversed([*pair, *later])]
    found = outcomes(*(partial(hold_first, who, time, catalog) for who, time in zip(people, wishes, strict=True)))
    assert set(found) == {"done"}
    assert counted(committed, "held") == len(people)


@pytest.mark.parametrize("status", ["held", "booked"])
def test_the_constraint_alone_refuses_an_overlap(committed: Engine, catalog: Catalog, status: str) -> None:
    clinician = a_clinician()
    one, other = an_applicant(catalog), an_applicant(catalog)
    row = text(
        "INSERT INTO appointments"
        " (id, practitioner_id, practitioner_number, patient_id, kind, during, status, booked_at, held_until)"
        " SELECT gen_random_uuid(), id, number, :patient, 'consultation', tstzrange(:start, :end), :status, :start,"
        " :end FROM practitioners WHERE id = :practitioner"
    )
    values = {"practitioner": clinician.practitioner_id, "start": NOW}
    with committed.begin() as connection:
        first = {"patient": one.patient_id, "end": NOW.replace(hour=16), "status": "booked"}
        connection.execute(row, {**values, **first})
    with pytest.raises(Exception, match="ex_appointments_no_double_booking"), committed.begin() as connection:
        connection.execute(
            row,
            {
                **values,
                "status": status,
                "patient": other.patient_id,
                "start": NOW.replace(minute=30),
                "end": NOW.replace(hour=17),
            },
        )


@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_app_role_cannot_touch_what_was_signed(engine: Engine, table: str, verb: str) -> None:
    statement = verb.format(table).replace("id = id", "sha256 = sha256" if table == "consent_texts" else "id = id")
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))
