"""`homeward backup`, `homeward restore`, `homeward restore-drill`, and beside them `homeward keys`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import click

from service.keeping.asked import OWNER_URL, backup_keys, escrowed, needed, told, use_keys
from service.keeping.backup import back_up, name_at, roll
from service.keeping.drill import drill
from service.keeping.keys_commands import keys
from service.keeping.restore import Checked, check, note_restored
from service.keeping.restore import restore as pour
from service.kit.clock import wall_now

FILE = click.Path(path_type=Path, dir_okay=False)
escrow_option = click.option(
    "--keys", "key_file", type=FILE, help="A file with the escrowed keys, instead of the environment."
)
anchors_option = click.option("--anchors", type=FILE, help="The anchors of the trail, to compare it with.")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Write a sealed copy of the database to TARGET (needs HOMEWARD_OWNER_DATABASE_URL, HOMEWARD_BACKUP_KEYS).

    Where TARGET is a folder, the copy is named for the moment, and copies in it older than 35 days are removed.
    """
    now = wall_now()
    file = target / name_at(now) if target.is_dir() else target
    with told():
        manifest = back_up(needed(OWNER_URL), file, backup_keys(os.environ))
        gone = roll(target, now) if target.is_dir() else []
    click.echo(f"{file}: {sum(manifest.rows.values())} rows, {file.stat().st_size} bytes, sealed.")
    for old in gone:
        click.echo(f"{old}: removed, older than 35 days.")


@click.command()
@click.argument("file", type=FILE)
@escrow_option
@anchors_option
def restore(file: Path, key_file: Path | None, anchors: Path | None) -> None:
    """Put the copy in FILE into the empty database at HOMEWARD_OWNER_DATABASE_URL, and look at what came of it.

    Needs HOMEWARD_BACKUP_KEYS, HOMEWARD_SEAL_KEYS and HOMEWARD_INDEX_KEY. Ends with 1 when anything is wrong.
    """
    environ, url = escrowed(key_file), needed(OWNER_URL)
    copies = backup_keys(environ)
    use_keys(environ)
    with told():
        manifest = pour(file, url, copies.keys, click.echo)
        checked = check(url, manifest, anchors=anchors)
        note_restored(url, manifest)
    _say(checked)


@click.command("restore-drill")
@click.option("--file", type=FILE, help="A copy that is there, instead of one made now.")
@escrow_option
@anchors_option
def restore_drill(file: Path | None, key_file: Path | None, anchors: Path | None) -> None:
    """Copy, restore on another server, verify, open with the escrowed keys, and throw it away again.

    The other server is HOMEWARD_DRILL_DATABASE_URL, a superuser's address; on a laptop one is started for it.
    """
    environ = escrowed(key_file)
    copies = backup_keys(environ)
    use_keys(environ)
    began = monotonic()

    def tell(words: str) -> None:
        click.echo(f"{monotonic() - began:6.1f} s  {words}")

    with told(), _elsewhere() as server:
        url = None if file else needed(OWNER_URL)
        checked = drill(elsewhere=server, keys=copies, tell=tell, owner_url=url, file=file, anchors=anchors)
        tell("Looked at.")
    _say(checked)


@contextmanager
def _elsewhere() -> Iterator[str]:
    """A superuser's address on another server: the one that is named, or where the sandbox is, one of our own."""
    named = os.environ.get("HOMEWARD_DRILL_DATABASE_URL", "")
    if named:
        yield named
        return
    try:
        postgres = importlib.import_module("service.sandbox.postgres")
    except ModuleNotFoundError:
        raise click.ClickException("HOMEWARD_DRILL_DATABASE_URL is not set.") from None
    with postgres.running_postgres() as server:
        yield server.superuser_dsn()


def _say(checked: Checked) -> None:
    click.echo(
        f"Migration {checked.manifest.migration}, {len(checked.manifest.rows)} tables, "
        f"{checked.links} links of the trail, {checked.opened} sealed values opened."
    )
    for wrong in checked.wrong:
        click.echo(wrong, err=True)
    if checked.wrong:
        raise SystemExit(1)
    click.echo("All of it holds.")


def register(group: click.Group) -> None:
    """Add these commands to `homeward`."""
    for command in (keys, backup, restore, restore_drill):
        group.add_command(command)
