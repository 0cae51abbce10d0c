"""A copy of the whole database, sealed before it touches a disk."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO

from sqlalchemy import Connection, Engine, func, select, text

from service.keeping import programs
from service.keeping.owner import KeepingError, note, owner, tables
from service.kit.clock import wall_now
from service.kit.sealed_files import CHUNK, Sealer

PREFIX, SUFFIX, STAMP = "homeward-", ".backup", "%Y%m%dT%H%M%SZ"
ROLL = timedelta(days=35)
_LENGTH = 8  # bytes in which the length of the manifest stands before it


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy says about itself: when it was made, at which migration, and how many rows each table had."""

    made_at: datetime
    migration: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class BackupKeys:
    """`keys` by id; `current` seals, all open."""

    current: str
    keys: Mapping[str, bytes]


def back_up(owner_url: str, target: Path, keys: BackupKeys) -> Manifest:
    """Write a sealed copy of the database at `owner_url` to `target`, whole or not at all.

    The manifest and the dump see the same moment. Raises KeepingError; then `target` is as it was.
    """
    program = programs.find("pg_dump", owner_url)
    with owner(owner_url) as engine:
        with _moment(engine) as (snapshot, connection), _whole(target) as file:
            manifest = _manifest(connection)
            sealer = Sealer(file, keys.current, keys.keys[keys.current])
            sealer.write(_packed(manifest))
            _dump(program, owner_url, snapshot, sealer)
            sealer.close()
        note(engine, "backup.made", "backup", f"key {keys.current}, {sum(manifest.rows.values())} rows")
    return manifest


def unpack(chunks: Iterator[bytes]) -> tuple[Manifest, Iterator[bytes]]:
    """The manifest at the front of a copy, and the dump behind it. Raises KeepingError."""
    front = bytearray()
    for chunk in chunks:
        front += chunk
        if len(front) >= _LENGTH and len(front) >= _LENGTH + (length := int.from_bytes(front[:_LENGTH], "big")):
            break
    else:
        raise KeepingError("The file holds no copy of a database.")
    told = json.loads(bytes(front[_LENGTH : _LENGTH + length]))
    manifest = Manifest(datetime.fromisoformat(told["made_at"]), told["migration"], told["rows"])

    def dump() -> Iterator[bytes]:
        yield bytes(front[_LENGTH + length :])
        yield from chunks

    return manifest, dump()


def name_at(moment: datetime) -> str:
    """How a copy made at `moment` is called in a folder of copies."""
    return f"{PREFIX}{moment:{STAMP}}{SUFFIX}"


def roll(folder: Path, now: datetime, keep: timedelta = ROLL) -> list[Path]:
    """Remove the copies in `folder` that are older than `keep`, by their names. Returns them. Others are left alone."""
    oldest = name_at(now - keep)
    gone = sorted(path for path in folder.glob(f"{PREFIX}*{SUFFIX}") if path.name < oldest)
    for path in gone:
        path.unlink()
    return gone


@contextmanager
def _moment(engine: Engine) -> Iterator[tuple[str, Connection]]:
    """One moment of the database that two sessions can look at."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
        yield str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()), connection
        connection.rollback()


def _manifest(connection: Connection) -> Manifest:
    rows = {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in sorted(tables().tables.values(), key=lambda table: table.name)
    }
    migration = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return Manifest(wall_now(), str(migration), rows)


def _packed(manifest: Manifest) -> bytes:
    told = {"made_at": manifest.made_at.isoformat(), "migration": manifest.migration, "rows": manifest.rows}
    body = json.dumps(told).encode()
    return len(body).to_bytes(_LENGTH, "big") + body


def _dump(program: Path, url: str, snapshot: str, sealer: Sealer) -> None:
    command: list[str | Path] = [program, "--format=custom", "--no-password", "--lock-wait-timeout=60s"]
    command.append(f"--snapshot={snapshot}")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=programs.environ(url), stdout=subprocess.PIPE, stderr=said)  # noqa: S603
        try:
            assert process.stdout is not None
            while piece := process.stdout.read(CHUNK):
                sealer.write(piece)
            code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        if code:
            raise KeepingError(f"pg_dump ended with {code}: {first_line(said)}")


def first_line(said: IO[bytes]) -> str:
    """The first line that a program said, for a message."""
    said.seek(0)
    return said.readline(400).decode(errors="replace").strip() or "it did not say why"


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when all of it is on the disk, for its owner's eyes alone."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise KeepingError(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
