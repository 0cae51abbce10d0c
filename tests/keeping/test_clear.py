"""What older code wrote in the clear is sealed by the turn of the keys, and reads as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, text

from service.cli import main
from service.enrollment.models import Assessment, AssessmentTurn
from service.enrollment.queries.assessments import rules_hit
from service.enrollment.queries.attempts import opened_turn
from service.keeping import clear
from service.keeping.owner import owner
from service.kit import db
from service.visits import queries as visits
from service.visits.models import Appointment, Encounter
from tests.conftest import House, role_url
from tests.keeping.test_dump import dump

RULES = "ARRAY['ZQ-H6', 'ZQ-C2']"
BEFORE_0016 = (
    f"UPDATE assessments SET rule_ids = {RULES}, rule_ids_sealed = NULL WHERE outcome IS NOT NULL",
    f"UPDATE assessment_turns SET rule_ids = {RULES}, question_id = 'zqheart', rule_ids_sealed = NULL,"
    " question_sealed = NULL",
    "UPDATE appointments SET needs = ARRAY['zqcaptions'], accommodations_sealed = NULL WHERE status <> 'held'",
    "UPDATE encounters SET pdmp_finding = 'zqconcern', em_code = 'zq204'",
)
WORDS = (b"ZQ-H6", b"zqheart", b"zqcaptions", b"zqconcern", b"zq204")
EVERY = {
    "assessments.rule_ids",
    "assessment_turns.question_id",
    "assessment_turns.rule_ids",
    "appointments.needs",
    "encounters.pdmp_finding",
    "encounters.em_code",
}


def homeward(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def engine(written: House, own_database: str) -> Iterator[Engine]:
    """The owner's way into a house that older code has written to."""
    with owner(role_url("owner", own_database)) as engine:
        with engine.begin() as connection:
            for statement in BEFORE_0016:
                assert connection.execute(text(statement)).rowcount
        yield engine


def read() -> list[object]:
    """What the pages read of it all."""
    with db.reading() as session:
        said: list[object] = [rules_hit(row) for row in session.scalars(select(Assessment).order_by(Assessment.id))]
        for turn in session.scalars(select(AssessmentTurn).order_by(AssessmentTurn.id)):
            said.append(opened_turn(turn))
        for visit_id in session.scalars(select(Appointment.id).order_by(Appointment.id)):
            asked = visits.asked_for(session, visit_id)
            assert asked is not None
            said.append(asked.needs)
        for row in session.scalars(select(Encounter).order_by(Encounter.id)):
            said += [visits.is_as_signed(row), visits.codes_in(row.record_sealed, row.id)]
    return said


def test_a_turn_takes_it_out_of_the_clear_and_every_page_reads_what_it_read(
    engine: Engine, environ: None, own_database: str
) -> None:
    before = read()
    assert set(clear.in_the_clear(engine)) == EVERY
    told = homeward("keys", "status").output
    assert all(f"{column}: " in told and "in the clear. Run `homeward keys rotate`" in told for column in EVERY)
    content = dump(role_url("owner", own_database))
    assert all(word in content for word in WORDS)

    done = homeward("keys", "rotate", "--batch", "2")

    assert done.exit_code == 0, done.output
    assert all(f"{column}: " in done.output for column in EVERY)
    assert clear.in_the_clear(engine) == {}
    assert "in the clear" not in homeward("keys", "status").output
    content = dump(role_url("owner", own_database))
    assert [word for word in WORDS if word in content] == []
    assert read() == before
    assert ("ZQ-H6", "ZQ-C2") in before


def test_a_second_turn_has_nothing_to_take(engine: Engine, environ: None) -> None:
    homeward("keys", "rotate")
    assert "out of the clear" not in homeward("keys", "rotate").output


def test_what_code_that_seals_wrote_in_the_meantime_is_not_overwritten(
    engine: Engine, environ: None, written: House
) -> None:
    clear.seal_clear(engine, 200)
    before = read()
    with engine.begin() as connection:
        connection.execute(text("UPDATE assessments SET rule_ids = ARRAY['OLD-7'] WHERE outcome IS NOT NULL"))
    assert homeward("keys", "rotate").exit_code == 0
    assert (read(), clear.in_the_clear(engine)) == (before, {})


def test_a_record_of_which_nothing_is_sealed_keeps_what_it_says(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE encounters SET record_sealed = NULL"))
    clear.seal_clear(engine, 200)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT DISTINCT em_code FROM encounters")).scalars().all() == ["zq204"]
