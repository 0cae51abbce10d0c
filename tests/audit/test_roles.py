"""What the database itself refuses: the app role adds to the trail and reads it, the reader reads it, nobody more."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.audit import actions
from service.kit import db
from service.kit.clock import wall_now
from tests.audit.conftest import Trail

TABLES = ("audit_entries", "audit_links", "audit_checkpoints")
CHANGES = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER USER",
    "ALTER TABLE {table} DISABLE RULE x",
    "ALTER TABLE {table} ADD COLUMN x int",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "ALTER TABLE {table} RENAME TO x",
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "CREATE RULE x AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE TRIGGER x BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "GRANT ALL ON {table} TO CURRENT_USER WITH GRANT OPTION",
    "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "DROP TABLE {table} CASCADE",
    "COPY {table} TO PROGRAM 'true'",
)
ANYWHERE = (
    "SET session_replication_role = replica",
    "SET ROLE homeward_owner",
    "SET SESSION AUTHORIZATION homeward_owner",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE TABLE x (y int)",
    "CREATE EXTENSION plpython3u",
    "DROP SCHEMA public CASCADE",
    "DROP OWNED BY homeward_owner",
    "SELECT pg_read_file('postgresql.conf')",
)
COLUMN = {"audit_entries": "reason", "audit_links": "hash", "audit_checkpoints": "hash"}


@pytest.fixture
def sealed(trail: Trail) -> Trail:
    trail.note(3, reason="care")
    actions.seal(wall_now=wall_now())
    return trail


def refused(trail: Trail, role: str, statement: str) -> None:
    engine = db.connect(trail.url(role))
    try:
        with engine.begin() as connection, pytest.raises(DBAPIError) as no:
            connection.execute(text(statement))
        state = getattr(no.value.orig, "sqlstate", "")
        # 42501: not enough rights. 0A000 and 58P01: there is no such extension here at all.
        assert state == "42501" or ("EXTENSION" in statement and state in ("0A000", "58P01")), (statement, state)
    finally:
        engine.dispose()


@pytest.mark.parametrize("role", ["app", "audit"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_no_role_that_works_can_change(sealed: Trail, role: str, table: str, change: str) -> None:
    if change.startswith("GRANT"):
        # Postgres answers a grant by somebody without the right with a warning: what counts is that nothing is granted.
        engine = db.connect(sealed.url(role))
        with engine.begin() as connection:
            try:
                connection.execute(text(change.format(table=table, column=COLUMN[table])))
            except DBAPIError:
                connection.rollback()
        engine.dispose()
        refused(sealed, role, f"DELETE FROM {table}")
        return
    refused(sealed, role, change.format(table=table, column=COLUMN[table]))
    assert len(sealed.rows("SELECT 1 FROM audit_links")) == 3
    assert sealed.verify().holds


@pytest.mark.parametrize("role", ["app", "audit"])
@pytest.mark.parametrize("statement", ANYWHERE)
def test_no_role_that_works_can_step_around_its_rights(sealed: Trail, role: str, statement: str) -> None:
    refused(sealed, role, statement)


def test_only_a_purge_by_the_owner_writes_checkpoints(sealed: Trail) -> None:
    refused(sealed, "app", "INSERT INTO audit_checkpoints VALUES (1, 'x', 1, now(), 'x')")


@pytest.mark.parametrize("table", TABLES)
def test_the_reader_reads_the_trail_and_adds_nothing(sealed: Trail, table: str) -> None:
    engine = db.connect(sealed.url("audit"))
    with engine.connect() as connection:
        connection.execute(text(f"SELECT * FROM {table}"))
    engine.dispose()
    refused(sealed, "audit", f"INSERT INTO {table} DEFAULT VALUES")


def test_the_reader_reads_nothing_else(sealed: Trail) -> None:
    others = sealed.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v', 'm')"
    )
    for row in others:
        if row.relname not in TABLES:
            refused(sealed, "audit", f"SELECT * FROM {row.relname}")


def test_a_working_role_owns_nothing_and_is_in_no_group(sealed: Trail) -> None:
    ours = "('homeward_owner', 'homeward_app', 'homeward_audit')"
    assert not sealed.rows(
        "SELECT 1 FROM pg_class WHERE pg_get_userbyid(relowner) IN ('homeward_app', 'homeward_audit')"
    )
    assert not sealed.rows(
        f"SELECT 1 FROM pg_auth_members WHERE member IN (SELECT oid FROM pg_roles WHERE rolname IN {ours})"
    )
    assert not sealed.rows(f"SELECT 1 FROM pg_roles WHERE rolname IN {ours} AND (rolsuper OR rolbypassrls)")
