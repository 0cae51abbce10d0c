"""What must stay true of the whole house."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from config.settings import HOUSE, Settings, SettingsError, as_environment, read
from service import migrations
from service.kit import db
from service.migrations.versions import __path__ as versions
from tests.conftest import House as ReadyHouse
from tests.conftest import role_url, settings_for

PYPROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())
DOMAINS = [
    "accounts",
    "audit",
    "billing",
    "catalog",
    "checkins",
    "consent",
    "dashboard",
    "enrollment",
    "mail",
    "medication",
    "reminders",
    "safety",
    "site",
    "visits",
]


def python_packages() -> set[str]:
    return {
        ".".join(path.parent.relative_to(HOUSE).parts)
        for top in ("config", "service", "workers")
        for path in (HOUSE / top).rglob("__init__.py")
    }


def test_packages_are_listed_explicitly_and_all_of_them() -> None:
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == python_packages()


def test_fourteen_domains_stand_each_with_a_paragraph_of_its_own() -> None:
    paragraphs = {name: (HOUSE / "service" / name / "__init__.py").read_text() for name in DOMAINS}
    assert all(text.startswith('"""') and len(text) > 80 for text in paragraphs.values())
    assert len(set(paragraphs.values())) == 14


def test_models_match_the_migrations_and_there_is_one_head(database: str) -> None:
    config = migrations.config(role_url("owner", database))
    command.check(config)
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    assert list(versions)


def test_migrations_create_no_extension(database: str) -> None:
    engine = db.connect(role_url("owner", database))
    with engine.connect() as connection:
        names = set(connection.execute(text("SELECT extname FROM pg_extension")).scalars())
    engine.dispose()
    assert names == {"plpgsql"}


SIGNED = ("consent_texts", "consent_acceptances", "consent_withdrawals", "good_faith_estimates")
VISITS = (
    "location_attestations",
    "encounters",
    "encounter_addenda",
    "eligibility_decisions",
    "enrollment_moves",
    "assessment_turns",
)


@pytest.mark.parametrize("table", ["audit_entries", "gate_records", *SIGNED, *VISITS])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET id = id",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN x int",
        "DROP TABLE {table}",
    ],
)
def test_the_app_role_cannot_change_evidence(database: str, table: str, statement: str) -> None:
    column = {"consent_texts": "body", "audit_entries": "action"}.get(table, "id")
    statement = statement.replace("id = id", f"{column} = {column}")
    engine = db.connect(role_url("app", database))
    with engine.connect() as connection, pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        connection.execute(text(statement.format(table=table)))
    engine.dispose()


def test_the_audit_role_reads_the_trail_and_nothing_else(database: str) -> None:
    engine = db.connect(role_url("audit", database))
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM audit_entries"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("SELECT count(*) FROM patients"))
    engine.dispose()


def test_every_scheduled_task_and_every_job_exists(house: ReadyHouse) -> None:
    """In a process of its own: the Celery app reads the environment as it is imported."""
    names = subprocess.run(
        [sys.executable, "-c", "import workers.app as w; w.app.loader.import_default_modules(); print(*w.app.tasks)"],
        env=as_environment(house.settings),
        capture_output=True,
        text=True,
        check=True,
        cwd=HOUSE,
    ).stdout.split()
    from workers.schedule import SCHEDULE

    published = {
        found
        for path in (HOUSE / "service").rglob("*.py")
        for found in re.findall(r'enqueue(?:_together)?\(\s*\w+,\s*"([a-z_.]+)"', path.read_text())
    }
    assert {entry.task for entry in SCHEDULE} | published <= set(names)
    assert published, "the search found none: it no longer fits the code"


def test_settings_survive_the_way_through_the_environment(settings: Settings) -> None:
    assert read(as_environment(settings)) == settings


def test_a_start_without_settings_lists_every_missing_name() -> None:
    with pytest.raises(SettingsError) as error:
        read({})
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SEAL_KEYS", "STRIPE_KEY", "SMTP_HOST"):
        assert f"HOMEWARD_{name}" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"STRIPE_KEY": "sk_live_x"}, "live key"),
        ({"STRIPE_WEBHOOK_SECRETS": " , "}, "no webhook could be trusted"),
        ({"ENVIRONMENT": "production"}, "stand-in"),
        ({"ENVIRONMENT": "production", "PUBLIC_URL": "http://homeward.example"}, "https"),
    ],
)
def test_a_dangerous_mixture_of_settings_does_not_start(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        settings_for("postgresql://x", **changes)


def test_no_file_names_a_package_index_or_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=HOUSE, capture_output=True, text=True, check=False).stdout.split()
    home = str(Path.home()) + "/"
    guilty = []
    for name in tracked:
        path = HOUSE / name
        if path.suffix in (".woff2", ".png", ".gz", ".ico") or not path.is_file():
            continue
        content = path.read_text("utf-8", errors="replace")
        if re.search(r"--(extra-)?index-url|pypi\.org/simple|files\.pythonhosted|registry\.npmjs", content) and (
            name != "tests/architecture/test_house.py"
        ):
            guilty.append(name)
        if home in content or str(HOUSE) + "/" in content:
            guilty.append(name)
    assert guilty == []


def test_no_python_file_outgrows_its_room() -> None:
    sizes = {
        str(path.relative_to(HOUSE)): len(path.read_text().splitlines())
        for top in ("config", "service", "workers")
        for path in (HOUSE / top).rglob("*.py")
        if "versions" not in path.parts
    }
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    ordered = sorted(sizes.values())
    assert ordered[len(ordered) // 2] <= 80, "the median file"
    assert ordered[len(ordered) * 9 // 10] <= 200, "nine in ten"
