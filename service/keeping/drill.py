"""The drill: a copy is made, restored on another server, verified, opened with the escrowed keys, and thrown away."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from service.keeping.backup import BackupKeys, back_up
from service.keeping.owner import KeepingError, Tell
from service.keeping.restore import Checked, check, restore
from service.kit.roles import APP, AUDIT, OWNER


def drill(
    *,
    elsewhere: str,
    keys: BackupKeys,
    tell: Tell,
    owner_url: str | None = None,
    file: Path | None = None,
    anchors: Path | None = None,
) -> Checked:
    """Restore a copy on the server at `elsewhere` (a superuser's address), look at it, and remove it again.

    The copy is `file`, or without one it is made now from the database at `owner_url`. The keys that open its fields
    are those in use. Raises KeepingError when it cannot be restored at all.
    """
    with tempfile.TemporaryDirectory(prefix="homeward-drill-") as folder, _scratch(elsewhere) as url:
        if file is None:
            if owner_url is None:
                raise KeepingError("Nothing to restore: name a copy, or a database to copy.")
            file = Path(folder) / "drill.backup"
            back_up(owner_url, file, keys)
            tell(f"Copied: {file.stat().st_size} bytes, sealed.")
        manifest = restore(file, url, keys.keys, tell, role=OWNER)
        tell("Restored elsewhere.")
        return check(url, manifest, anchors=anchors)


@contextmanager
def _scratch(server: str) -> Iterator[str]:
    """An empty database of the owner's on `server`, gone afterwards. Roles that are missing there are made, without a
    way to sign in; none that is there is touched."""
    name = f"homeward_drill_{secrets.token_hex(6)}"
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise KeepingError(f"The other server does not answer: {str(error).strip().splitlines()[0]}") from None
    with admin:
        for role in (OWNER, APP, AUDIT):
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
        )
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
