"""The database's history, walked: each step stands by itself, and one may go back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError

from service import migrations
from service.kit import db, roles
from tests.conftest import PASSWORDS, RUN, SERVER, role_url

INDEXES = {"ix_audit_entries_at_id", "ix_audit_entries_patient_id_at_id"}


@pytest.fixture
def owner() -> Iterator[Engine]:
    """The owner, in a database that has no history yet."""
    name = f"{os.environ[RUN]}_walked_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    roles.prepare(os.environ[SERVER], PASSWORDS, database=name)
    engine = db.connect(role_url("owner", name))
    yield engine
    engine.dispose()
    admin = db.connect(os.environ[SERVER])
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


def url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def stands_at(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_a_step_that_cannot_have_its_table_leaves_those_before_it_done(owner: Engine) -> None:
    migrations.migrate(url(owner), "0006")
    with owner.connect() as somebody:
        somebody.execute(text("LOCK TABLE alerts IN SHARE MODE"))
        with pytest.raises(OperationalError):
            migrations.migrate(url(owner))
    assert stands_at(owner) == "0007"
    migrations.migrate(url(owner))
    assert stands_at(owner) > "0010"


def test_the_trail_gets_its_indexes_beside_those_who_write_to_it(owner: Engine) -> None:
    migrations.migrate(url(owner), "0007")
    said: list[str] = []
    settings = migrations.config(url(owner))
    event.listen(
        settings.attributes["engine"], "before_cursor_execute", lambda *told: said.append(" ".join(told[2].split()))
    )
    with owner.begin() as connection:  # what an attempt that broke off has left
        connection.execute(text("CREATE INDEX ix_audit_entries_at_id ON audit_entries (at)"))
    command.upgrade(settings, "head")
    made = [
        statement for statement in said if statement.startswith("CREATE INDEX") and " ON audit_entries " in statement
    ]
    assert len(made) == 2
    assert all(" CONCURRENTLY " in statement for statement in made)
    with owner.connect() as connection:
        found = connection.execute(
            text(
                "SELECT c.relname, pg_get_indexdef(i.indexrelid)"
                " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                " WHERE i.indisvalid AND c.relname = ANY(:names)"
            ),
            {"names": list(INDEXES)},
        ).all()
    assert {row.relname for row in found} == INDEXES
    assert all("id)" in row.pg_get_indexdef for row in found)


def test_two_deploys_at_once_take_turns(owner: Engine) -> None:
    environ = {"PATH": os.environ["PATH"], "HOMEWARD_OWNER_DATABASE_URL": url(owner)}
    command_line = [sys.executable, "-m", "service.cli", "db", "migrate"]
    both = [subprocess.Popen(command_line, env=environ, stderr=subprocess.PIPE) for _ in range(2)]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert stands_at(owner) > "0010"


def test_one_may_go_back_although_the_service_has_called_somebody_about_itself(owner: Engine) -> None:
    migrations.migrate(url(owner))
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO alerts (id, code, source_kind, source_id, raised_at, acknowledge_by, level)"
                " VALUES (gen_random_uuid(), 'AUDIT-ANCHOR', 'system', gen_random_uuid(), now(), now(), 0)"
            )
        )
    command.downgrade(migrations.config(url(owner)), "0007")
    assert stands_at(owner) == "0007"
    migrations.migrate(url(owner))


def test_nobody_goes_back_over_evidence(owner: Engine) -> None:
    migrations.migrate(url(owner))
    with owner.begin() as connection:
        connection.execute(
            text(
                "WITH a AS (INSERT INTO assessments (id, token_hash, questionnaire_version, ruleset_version,"
                " disclaimer_version, answers_sealed, revision, rule_ids, locale, started_at)"
                " VALUES (gen_random_uuid(), 'x', '1', '1', '1', 'x', 0, '{}', 'en', now()) RETURNING id)"
                " INSERT INTO assessment_turns (id, assessment_id, question_id, rule_ids, before_sealed, at)"
                " SELECT gen_random_uuid(), id, 'q', '{}', 'x', now() FROM a"
            )
        )
    with pytest.raises(RuntimeError, match="assessment_turns holds evidence"):
        command.downgrade(migrations.config(url(owner)), "0011")
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM assessment_turns")).scalar_one() == 1
    assert stands_at(owner) == "0012"


def test_the_step_that_seals_keeps_what_stands_and_goes_back_only_while_nothing_is_sealed(owner: Engine) -> None:
    migrations.migrate(url(owner), "0015")
    with owner.begin() as connection:
        connection.execute(text(A_MEMBER_AND_THEIR_ANSWERS))

    migrations.migrate(url(owner))

    def columns(table: str) -> set[str]:
        return {column["name"] for column in inspect(owner).get_columns(table)}

    assert not {"wish", "wish_id", "wished_at"} & columns("memberships")
    with owner.begin() as connection:
        stands = connection.execute(text("SELECT rule_ids, rule_ids_sealed FROM assessments")).one()
        assert tuple(stands) == (["H6"], None)
        assert connection.execute(text("SELECT status FROM memberships")).scalar_one() == "active"
        connection.execute(text("UPDATE assessments SET rule_ids_sealed = 'sealed'"))
    with pytest.raises(RuntimeError, match=r"assessments\.rule_ids_sealed holds what stands nowhere else"):
        command.downgrade(migrations.config(url(owner)), "0015")
    assert stands_at(owner) == "0016"
    with owner.begin() as connection:
        connection.execute(text("UPDATE assessments SET rule_ids_sealed = NULL"))
    command.downgrade(migrations.config(url(owner)), "0015")
    assert {"wish", "wish_id", "wished_at"} <= columns("memberships")
    assert "rule_ids_sealed" not in columns("assessments")
    with owner.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(text("UPDATE memberships SET wish = 'a word of its own'"))


A_MEMBER_AND_THEIR_ANSWERS = """
WITH u AS (
    INSERT INTO users (id, kind, email_sealed, email_index, password_hash, locale, time_zone, created_at)
    VALUES (gen_random_uuid(), 'patient', 'x', 'x', 'x', 'en', 'UTC', now()) RETURNING id
), p AS (
    INSERT INTO patients (id, user_id, given_name_sealed, family_name_sealed, date_of_birth_sealed, zip_sealed, state,
                          county_fips, time_zone, created_at)
    SELECT gen_random_uuid(), id, 'x', 'x', 'x', 'x', 'FL', '12086', 'UTC', now() FROM u RETURNING id
), a AS (
    INSERT INTO assessments (id, token_hash, patient_id, questionnaire_version, ruleset_version, disclaimer_version,
                             answers_sealed, revision, outcome, rule_ids, locale, started_at, submitted_at)
    SELECT gen_random_uuid(), 'x', id, '1', '1', '1', 'x', 0, 'clinician_review', '{H6}', 'en', now(), now() FROM p
    RETURNING id, patient_id
), e AS (
    INSERT INTO enrollments (id, patient_id, assessment_id, program, state, status, status_changed_at, created_at)
    SELECT gen_random_uuid(), patient_id, id, 'depression', 'FL', 'active', now(), now() FROM a RETURNING id, patient_id
)
INSERT INTO memberships (id, patient_id, enrollment_id, plan, price_cents, status, cancels_at_period_end, credit_cents,
                         created_at, wish, wish_id, wished_at)
SELECT gen_random_uuid(), patient_id, id, 'monthly', 100, 'active', false, 0, now(), 'cancel', gen_random_uuid(), now()
FROM e
"""
