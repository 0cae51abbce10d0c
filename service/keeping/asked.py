"""What a chore's command is told in its environment, or in a file of escrowed keys; and how it says what went wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from service.keeping.backup import BackupKeys
from service.keeping.owner import KeepingError
from service.kit import crypto

OWNER_URL = "HOMEWARD_OWNER_DATABASE_URL"
BACKUP_KEYS = "HOMEWARD_BACKUP_KEYS"


def needed(name: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of a name. Raises ClickException where it is not set."""
    value = (os.environ if environ is None else environ).get(name, "")
    if not value:
        raise click.ClickException(f"{name} is not set.")
    return value


def escrowed(file: Path | None) -> Mapping[str, str]:
    """The names in `file` (lines of NAME=value; # begins a remark), or the environment without one."""
    if file is None:
        return os.environ
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise click.ClickException(f"{file} cannot be read.") from None
    pairs = [line.strip().partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def use_keys(environ: Mapping[str, str]) -> None:
    """Use the keys of fields that `environ` names."""
    seal, index = needed("HOMEWARD_SEAL_KEYS", environ), needed("HOMEWARD_INDEX_KEY", environ)
    try:
        crypto.use(crypto.parse(seal, index))
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def backup_keys(environ: Mapping[str, str]) -> BackupKeys:
    """The keys of copies that `environ` names: the first seals, all open."""
    try:
        keys = crypto.named_keys(BACKUP_KEYS, needed(BACKUP_KEYS, environ))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    return BackupKeys(next(iter(keys)), keys)


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong in a chore, as one sentence without values."""
    try:
        yield
    except KeepingError as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", "") or type(error).__name__).strip().splitlines()[0]
        raise click.ClickException(f"The database refused: {reason}") from None
