"""Embedded PostgreSQL: private, loopback, and careful with other people's folders."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from service.sandbox import postgres
from service.sandbox.child import SandboxError
from service.sandbox.ports import free_ports
from service.sandbox.postgres import Postgres, running_postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give the server to somebody else")


def modes(folder: Path) -> dict[str, int]:
    """The permissions of a folder and everything above it."""
    return {str(path): path.stat().st_mode for path in (folder, *folder.parents)}


def test_a_server_keeps_its_data_from_one_start_to_the_next(data: Path, tmp_path: Path) -> None:
    for expected in (None, "kept"):
        server = Postgres(data / "postgres", free_ports(1)[0], "password", durable=False)
        server.start(tmp_path / "log")
        try:
            with psycopg.connect(server.superuser_dsn()) as connection:
                if expected is None:
                    connection.execute("CREATE TABLE note AS SELECT 'kept' AS words")
                else:
                    row = connection.execute("SELECT words FROM note").fetchone()
                    assert row is not None
                    assert row[0] == expected
        finally:
            server.stop()


def test_no_permission_of_any_folder_above_changes(data: Path) -> None:
    data.chmod(0o700)
    before = modes(data)
    with running_postgres(data):
        assert modes(data) == before
    assert modes(data) == before


@as_root
def test_data_that_the_server_cannot_reach_is_kept_where_it_can(data: Path) -> None:
    data.chmod(0o700)
    with running_postgres(data) as server:
        assert not server.folder.is_relative_to(data)
        assert server.folder.stat().st_uid != 0
        assert server.folder.stat().st_mode & 0o777 == 0o700
        assert postgres.exists(data / "postgres")
    postgres.forget(data / "postgres")
    assert not server.folder.exists()


@as_root
def test_programs_that_the_server_cannot_reach_are_copied_for_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = postgres.may_reach

    def hidden(identity: object, path: Path) -> bool:
        return "site-packages" not in str(path) and seen(identity, path)  # type: ignore[arg-type]

    monkeypatch.setattr(postgres, "may_reach", hidden)
    copy = postgres._binaries(postgres.unprivileged())
    try:
        assert "site-packages" not in str(copy)
        with running_postgres(data) as server:
            psycopg.connect(server.superuser_dsn()).close()
    finally:
        import shutil

        shutil.rmtree(copy.parents[3])


def test_an_interrupted_first_start_heals(data: Path, tmp_path: Path) -> None:
    server = Postgres(data / "postgres", free_ports(1)[0], "password", durable=False)
    (server.folder / "cluster.draft").mkdir()
    (server.folder / "cluster.draft" / "half").write_text("a cluster")
    server.start(tmp_path / "log")
    server.stop()
    assert not (server.folder / "cluster.draft").exists()
    assert not (server.folder / "password").exists()


def test_nobody_enters_without_the_password(data: Path) -> None:
    with running_postgres(data) as server:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.dsn("homeward_superuser", "wrong", "postgres"))
        assert not list(server.folder.glob("**/.s.PGSQL*"))
        with psycopg.connect(server.superuser_dsn()) as connection:
            row = connection.execute("SELECT current_setting('listen_addresses')").fetchone()
        assert row == ("127.0.0.1",)


def test_another_password_than_the_data_s_is_a_clear_error(data: Path, tmp_path: Path) -> None:
    for password in ("first", "second"):
        server = Postgres(data / "postgres", free_ports(1)[0], password, durable=False)
        if password == "second":
            with pytest.raises(SandboxError, match="--fresh"):
                server.start(tmp_path / "log")
        else:
            server.start(tmp_path / "log")
            server.stop()
