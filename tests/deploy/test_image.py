"""The production image: what its text promises, and its wheel built and run for real, without a container."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from service.sandbox.postgres import running_postgres
from tests.deploy import compose
from tests.deploy.compose import HOUSE, SERVICES
from tests.deploy.test_compose import VALUES

DOCKERFILE = (HOUSE / "Dockerfile").read_text("utf-8")
IGNORED = (HOUSE / ".dockerignore").read_text("utf-8").splitlines()


def packages() -> set[str]:
    """Every package of the house, as folders say."""
    found = (init.parent for root in ("config", "service", "workers") for init in (HOUSE / root).rglob("__init__.py"))
    return {".".join(folder.relative_to(HOUSE).parts) for folder in found}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy without the sandbox as the Dockerfile does, and unpacked."""
    house = tmp_path_factory.mktemp("image")
    for name in ("config", "service", "workers"):
        shutil.copytree(HOUSE / name, house / name, ignore=shutil.ignore_patterns("__pycache__", "sandbox", "static"))
    shutil.copy(HOUSE / "pyproject.toml", house)
    (house / "README.md").write_text("# Homeward\n")
    unlist = re.search(r"sed -i '([^']+)' pyproject.toml", DOCKERFILE)
    assert unlist
    subprocess.run(["sed", "-i", unlist[1], house / "pyproject.toml"], check=True)
    wheel = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "-q",
        "wheel",
        "--no-build-isolation",
        "--no-deps",
    ]
    done = subprocess.run([*wheel, "--no-index", "-w", house / "wheel", house], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = (house / "wheel").glob("*.whl")
    installed = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(built).extractall(installed)
    return installed


def in_the_image(
    installed: Path, service: str, code: str, *arguments: str, at: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `code` as `service` of the compose file would: the image's wheel, nothing of this checkout on the path.

    `at` is host:port of a Postgres that stands in for the compose file's.
    """
    given = {name: value.replace("postgres:5432", at) for name, value in compose.environment(service, **VALUES).items()}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEWARD_")}
    environ |= given | {
        "HOMEWARD_CONFIG_DIR": str(HOUSE / "config"),
        "HOMEWARD_TEMPLATES_DIR": str(HOUSE / "templates"),
        "HOMEWARD_STATIC_DIR": str(HOUSE / "service" / "static"),
        "PYTHONPATH": os.pathsep.join([str(installed), sysconfig.get_path("purelib")]),
    }
    # -S: the hook of the editable install would lead back to this checkout, sandbox and all.
    command = [sys.executable, "-S", "-c", code, *arguments]
    return subprocess.run(command, cwd=installed, env=environ, capture_output=True, text=True)


def test_the_wheel_of_the_image_has_every_package_but_the_sandbox(installed: Path) -> None:
    found = {".".join(init.parent.relative_to(installed).parts) for init in installed.rglob("__init__.py")}
    assert found == {name for name in packages() if not name.startswith("service.sandbox")}


def test_the_image_leaves_the_sandbox_out_and_looks() -> None:
    assert "rm -rf service/sandbox" in DOCKERFILE
    assert "find_spec('service.sandbox') is None" in DOCKERFILE
    assert IGNORED.index("service/sandbox") > IGNORED.index("!service")


def test_the_build_context_is_a_list_of_what_the_image_needs() -> None:
    assert next(line for line in IGNORED if line and not line.startswith("#")) == "*"
    copied = {
        word.split("/")[0]
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert copied == {line.removeprefix("!") for line in IGNORED if line.startswith("!")}


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    (user,) = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("USER")]
    assert all(int(number) >= 1000 for number in user.split(":"))
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ")


def test_the_image_installs_only_hashed_requirements_and_no_sandbox_ones() -> None:
    assert DOCKERFILE.count("--require-hashes") == 2
    assert "sandbox.txt" not in DOCKERFILE
    assert "dev.txt" not in DOCKERFILE


def test_the_image_brings_the_dump_program_of_the_very_server_it_runs_against() -> None:
    server = SERVICES["postgres"]["image"]
    assert f"FROM {server} AS postgres" in DOCKERFILE
    assert "/opt/postgres/bin:$PATH" in DOCKERFILE
    assert "RUN install" in DOCKERFILE.partition("COPY --from=postgres")[2]
    assert "pg_dump --version && pg_restore --version" in DOCKERFILE


def test_the_image_has_a_health_check_and_keeps_heartbeats_in_memory() -> None:
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/health/live" in DOCKERFILE
    assert '"--worker-tmp-dir", "/dev/shm"' in DOCKERFILE


@pytest.mark.slow
def test_web_and_workers_start_without_the_sandbox_and_render_from_the_files_that_settings_name(
    installed: Path,
) -> None:
    code = """
import importlib.util, service.app, workers.app
print(service.__file__, importlib.util.find_spec("service.sandbox"))
client = service.app.create_app().test_client()
for path in ("/health/live", "/no-such-page"):
    print(client.get(path, base_url="https://homeward.example").status_code)
"""
    done = in_the_image(installed, "web", code, at="127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(installed / "service" / "__init__.py"), "None", "200", "404"], done.stderr


COMMAND_LINE = "import sys; sys.argv[0] = 'homeward'; from service.cli import run; run()"


@pytest.mark.slow
def test_the_command_line_of_the_image_knows_no_sandbox(installed: Path) -> None:
    shown = in_the_image(installed, "web", COMMAND_LINE, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "db" in shown.stdout
    assert "sandbox" not in shown.stdout


@pytest.mark.slow
def test_an_empty_postgres_is_prepared_and_migrated_and_then_shows_whether_beat_lives(installed: Path) -> None:
    with running_postgres() as server:
        dsn = make_url(server.superuser_dsn())
        with psycopg.connect(server.superuser_dsn(), autocommit=True) as superuser:
            superuser.execute("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'a'")

        def run(service: str, code: str, *arguments: str) -> int:
            done = in_the_image(installed, service, code, *arguments, at=f"{dsn.host}:{dsn.port}")
            assert "Traceback" not in done.stderr
            return done.returncode

        assert run("migrate", COMMAND_LINE, "db", "prepare") == 0
        assert run("migrate", COMMAND_LINE, "db", "migrate") == 0
        is_fresh = SERVICES["beat"]["healthcheck"]["test"][3]
        assert run("beat", is_fresh) == 1
        with psycopg.connect(server.superuser_dsn(), dbname="homeward") as homeward:
            homeward.execute("INSERT INTO heartbeats (name, beat_at) VALUES ('beat', now())")
        assert run("beat", is_fresh) == 0
