"""Living in a copy: it is opened, put into an empty database, and looked at before anybody trusts it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, select, text

from service.accounts.models import User
from service.accounts.queries import closed_index, email_index
from service.audit.actions import verify
from service.keeping import programs
from service.keeping.backup import Manifest, first_line, unpack
from service.keeping.owner import KeepingError, Tell, note, owner, tables
from service.kit import crypto, sealed, sealed_files
from service.kit.sealed_files import BadFile

SAMPLE = 50  # values opened of each sealed column, the oldest and the newest


@dataclass(slots=True)
class Checked:
    """What was found in a restored database. `wrong` is empty when it may be lived in."""

    manifest: Manifest
    opened: int = 0
    links: int = 0
    wrong: list[str] = field(default_factory=list)


def look_into(file: Path, keys: Mapping[str, bytes]) -> Manifest:
    """Read all of `file`, to be sure that it is whole before anything rests on it. Raises KeepingError."""
    with _readable(file), file.open("rb") as source:
        manifest, rest = unpack(sealed_files.opened(source, keys))
        for _ in rest:
            pass
    return manifest


def restore(file: Path, url: str, keys: Mapping[str, bytes], tell: Tell, *, role: str | None = None) -> Manifest:
    """Put the copy in `file` into the empty database at `url`, in one transaction, as the owner (or as `role`).

    The file is read twice: nothing is written before all of it was seen to be whole. Raises KeepingError.
    """
    manifest = look_into(file, keys)
    tell(f"The copy is whole: made {manifest.made_at:%Y-%m-%d %H:%M} UTC, {sum(manifest.rows.values())} rows.")
    program = programs.find("pg_restore", url)
    with owner(url) as engine:
        _must_be_empty(engine)
    command: list[str | Path] = [program, "--single-transaction", "--exit-on-error", "--no-password", "--no-owner"]
    # To a program that reads a pipe the database is named; everything else is in its environment.
    command += ["--dbname", "", *(["--role", role] if role else [])]
    with _readable(file), file.open("rb") as source, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603
            command, env=programs.environ(url), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            assert process.stdin is not None
            for piece in unpack(sealed_files.opened(source, keys))[1]:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended before the copy did, and says why
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        if code:
            raise KeepingError(f"pg_restore ended with {code}: {first_line(said)}")
    return manifest


def check(url: str, manifest: Manifest, *, anchors: Path | None = None) -> Checked:
    """Look at a restored database with the keys in use: its migration, its rows, its trail, and what is sealed."""
    checked = Checked(manifest)
    with owner(url) as engine:
        checked.wrong += [*_history(engine, manifest), *_rows(engine, manifest), *_index(engine)]
        _open(engine, checked)
    _trail(url, checked, anchors)
    return checked


def note_restored(url: str, manifest: Manifest) -> None:
    """Leave a trace in the restored database."""
    with owner(url) as engine:
        note(engine, "backup.restored", "backup", f"of {manifest.made_at:%Y-%m-%dT%H:%M:%SZ}")


def _must_be_empty(engine: Engine) -> None:
    there = text(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    )
    with engine.connect() as connection:
        if connection.execute(there).scalar_one():
            raise KeepingError(
                "This database is not empty, and a copy is never poured over what is there. "
                "Make a new one with `homeward db prepare`, and name it in HOMEWARD_OWNER_DATABASE_URL."
            )


def _history(engine: Engine, manifest: Manifest) -> Iterator[str]:
    from service import migrations

    with engine.connect() as connection:
        here = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    if here != manifest.migration:
        yield f"The database stands at migration {here}, and the copy was made at {manifest.migration}."
    folder = str(Path(migrations.__file__).parent)
    if here not in (heads := ScriptDirectory(folder).get_heads()):
        yield f"The database stands at migration {here}, this version at {heads[0]}: run `homeward db migrate`."


def _rows(engine: Engine, manifest: Manifest) -> Iterator[str]:
    known = tables().tables
    with engine.connect() as connection:
        for name, count in manifest.rows.items():
            if name not in known:
                continue  # of an older version: the migration says what became of it
            here = connection.execute(select(func.count()).select_from(known[name])).scalar_one()
            if here != count:
                yield f"{name} has {here} rows, and had {count}."


def _index(engine: Engine) -> Iterator[str]:
    """An address is found again only under the index key that it was filed under; a closed account under no address."""
    rows = select(User.id, User.email_sealed, User.email_index).order_by(User.id).limit(SAMPLE)
    with engine.connect() as connection:
        for user_id, value, index in connection.execute(rows):
            try:
                address = crypto.unseal(value, "users", "email", user_id)
            except crypto.Unsealable:
                continue  # said below
            if bytes(index) not in (email_index(address), closed_index(user_id)):
                yield "HOMEWARD_INDEX_KEY is not the one of this database: nobody would be found by their address."
                return


def _open(engine: Engine, checked: Checked) -> None:
    for place in sealed.places(tables()):
        bad = sealed.sample(engine, place, SAMPLE)
        checked.opened += min(SAMPLE, sum(sealed.keys_in(engine, place).values())) - len(bad)
        if bad:
            keys = ", ".join(sorted({f"{one.key or 'none'}: {one.why}" for one in bad}))
            checked.wrong.append(f"{place}: {len(bad)} values do not open (key {keys}), the first is {bad[0].row_id}.")


def _trail(url: str, checked: Checked, anchors: Path | None) -> None:
    """The chain, as it was at the moment of the copy: what came later is rightly not in it."""
    with tempfile.TemporaryDirectory() as folder:
        known = _anchors_until(anchors, checked.manifest.made_at, Path(folder)) if anchors else None
        found = verify(database_url=url, wall_now=checked.manifest.made_at, anchors=known)
    checked.links = found.links
    checked.wrong += [f"The trail: {finding.words}" for finding in found.findings]


def _anchors_until(anchors: Path, moment: datetime, folder: Path) -> Path:
    """The anchors of the days before `moment`'s, in a file of their own."""
    kept = folder / "anchors"
    with anchors.open("rb") as source, kept.open("wb") as target:
        target.writelines(line for line in source if json.loads(line).get("day", "") < moment.date().isoformat())
    return kept


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """A file that does not open, as a chore that cannot be done."""
    try:
        yield
    except BadFile as error:
        raise KeepingError(f"{file}: {error}") from None
    except OSError as error:
        raise KeepingError(f"{file} cannot be read: {error.strerror}.") from None
