"""A copy that nobody can read without the keys, and that can be lived in with them."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from service.audit import actions as audit
from service.cli import main
from service.keeping import backup, programs
from service.keeping.backup import name_at, roll
from service.keeping.owner import KeepingError, owner
from service.kit import db
from service.kit.clock import wall_now
from service.kit.roles import OWNER
from service.sandbox.postgres import running_postgres
from tests.conftest import House, role_url
from tests.keeping.conftest import drop
from tests.keeping.filled import MARKS
from tests.marks import found

COPY_KEY = "c1:" + base64.b64encode(bytes([7]) * 32).decode()

ZEROS = base64.b64encode(bytes(32)).decode()


def homeward(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def copy(written: House, environ: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the marked house, with a chain over its trail."""
    monkeypatch.setenv("HOMEWARD_BACKUP_KEYS", COPY_KEY)
    while audit.seal(wall_now=wall_now()):
        pass
    file = tmp_path / "house.backup"
    done = homeward("backup", file)
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture
def empty() -> Iterator[str]:
    """The owner's address of an empty database."""
    name = f"homeward_empty_{os.getpid()}"
    drop(name)
    _as_superuser(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE template0')
    yield role_url("owner", name)
    drop(name)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A superuser's address on another server, where none of our roles is known."""
    with running_postgres() as server:
        yield server.superuser_dsn()


def _as_superuser(statement: str) -> None:
    admin = db.connect(os.environ["HOMEWARD_TEST_POSTGRES"])
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    admin.dispose()


def test_a_drill_copies_restores_elsewhere_verifies_and_opens_everything(
    copy: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOMEWARD_DRILL_DATABASE_URL", elsewhere)
    escrow = tmp_path / "escrow"
    names = ("HOMEWARD_SEAL_KEYS", "HOMEWARD_INDEX_KEY", "HOMEWARD_BACKUP_KEYS")
    escrow.write_text("# from the safe\n" + "".join(f"{name}={os.environ[name]}\n" for name in names))
    for name in names:
        monkeypatch.delenv(name)

    done = homeward("restore-drill", "--keys", escrow)

    assert done.exit_code == 0, done.output
    assert "All of it holds." in done.output
    with owner(elsewhere) as engine, engine.connect() as connection:
        left = connection.execute(text("SELECT datname FROM pg_database WHERE datname LIKE 'homeward%'")).all()
    assert left == []


def test_a_copy_restored_holds_what_was_there_and_the_app_may_work_on_it(
    copy: Path, empty: str, written: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEWARD_OWNER_DATABASE_URL", empty)
    done = homeward("restore", copy)
    assert done.exit_code == 0, done.output
    assert " 0 links" not in done.output
    with owner(empty) as engine, engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM patients")).scalar_one() > 2
        allowed = text("SELECT has_table_privilege('homeward_app', :table, :act)")
        for table, act, may in (("patients", "UPDATE", True), ("audit_entries", "UPDATE", False)):
            assert connection.execute(allowed, {"table": table, "act": act}).scalar_one() is may
        owners = connection.execute(text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"))
        assert owners.scalars().all() == [OWNER]


def test_a_database_with_anything_in_it_is_left_as_it_is(
    copy: Path, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = homeward("restore", copy)
    assert done.exit_code == 1
    assert "This database is not empty" in done.output


def test_a_copy_shows_nothing_and_is_for_its_owner_alone(copy: Path) -> None:
    content = copy.read_bytes()
    assert found(list(MARKS.values()), content) == set()
    assert b"patients" not in content
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [one.name for one in copy.parent.iterdir()] == [copy.name]


def test_a_copy_that_was_changed_or_cut_off_is_not_restored_at_all(
    copy: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEWARD_OWNER_DATABASE_URL", empty)
    content = copy.read_bytes()
    middle = len(content) // 2
    for spoilt in (
        content[:-1],
        content[:middle],
        content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
    ):
        copy.write_bytes(spoilt)
        done = homeward("restore", copy)
        assert done.exit_code == 1
        assert "changed or cut off" in done.output
    with owner(empty) as engine, engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar() == 0


def test_without_the_key_of_the_copy_nothing_opens(copy: Path, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEWARD_OWNER_DATABASE_URL", empty)
    monkeypatch.setenv("HOMEWARD_BACKUP_KEYS", COPY_KEY.replace("c1", "c2"))
    done = homeward("restore", copy)
    assert done.exit_code == 1
    assert "sealed with the key c1, which is not here" in done.output


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        (
            "HOMEWARD_SEAL_KEYS",
            "other:" + base64.b64encode(bytes(32)).decode(),
            "values do not open (key test: its key is not here)",
        ),
        (
            "HOMEWARD_INDEX_KEY",
            base64.b64encode(bytes(32)).decode(),
            "HOMEWARD_INDEX_KEY is not the one of this database",
        ),
    ],
)
def test_escrowed_keys_of_another_house_are_noticed(
    copy: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch, name: str, key: str, said: str
) -> None:
    monkeypatch.setenv("HOMEWARD_DRILL_DATABASE_URL", elsewhere)
    monkeypatch.setenv(name, key)
    done = homeward("restore-drill", "--file", copy)
    assert done.exit_code == 1
    assert said in done.output


def test_a_trail_that_was_tampered_with_is_noticed(
    copy: Path, elsewhere: str, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEWARD_DRILL_DATABASE_URL", elsewhere)
    with owner(role_url("owner", own_database)) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET action = 'nothing.happened' WHERE id = 2"))
    done = homeward("restore-drill")
    assert done.exit_code == 1
    assert "The trail:" in done.output


def test_a_copy_that_fails_leaves_nothing_and_keeps_the_one_before(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = copy.read_bytes()
    monkeypatch.setattr(programs, "find", lambda name, url: Path("/bin/false"))
    done = homeward("backup", copy)
    assert done.exit_code == 1
    assert "pg_dump ended with 1" in done.output
    assert copy.read_bytes() == before
    assert [one.name for one in copy.parent.iterdir()] == [copy.name]


def test_a_folder_keeps_thirty_five_days_of_copies_and_whatever_else_is_in_it(copy: Path, tmp_path: Path) -> None:
    folder, now = tmp_path / "copies", wall_now()
    folder.mkdir()
    for age in (1, 34, 36, 400):
        (folder / name_at(now - timedelta(days=age))).touch()
    (folder / "notes.txt").touch()
    done = homeward("backup", folder)
    assert done.exit_code == 0, done.output
    ages = sorted((now - _made(one)).days for one in folder.glob("*.backup"))
    assert ages == [0, 1, 34]
    assert (folder / "notes.txt").exists()


def _made(file: Path) -> datetime:
    return datetime.strptime(file.name, f"homeward-{backup.STAMP}.backup").replace(tzinfo=UTC) - timedelta(seconds=2)


def test_rolling_looks_at_names_alone(tmp_path: Path) -> None:
    old = tmp_path / name_at(datetime(2020, 1, 1, tzinfo=UTC))
    old.touch()
    assert roll(tmp_path, datetime(2026, 1, 1, tzinfo=UTC)) == [old]


def test_a_server_newer_than_every_program_is_said_in_words(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_major", lambda path: 9)
    with pytest.raises(KeepingError, match=r"pg_dump of PostgreSQL 1\d or newer is needed on PATH"):
        programs.find("pg_dump", role_url("owner", own_database))


def test_no_password_stands_in_the_list_of_processes(own_database: str) -> None:
    told = programs.environ("postgresql://someone:zqsecret@db.example:5433/homeward?sslmode=verify-full")
    assert (told["PGPASSWORD"], told["PGPORT"], told["PGSSLMODE"]) == ("zqsecret", "5433", "verify-full")
    assert not [name for name in told if name.startswith("HOMEWARD_")]
