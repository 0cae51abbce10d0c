"""The three database roles: the owner migrates, the app works, the audit reader reads the trail."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER, APP, AUDIT = "homeward_owner", "homeward_app", "homeward_audit"


@dataclass(frozen=True, slots=True)
class Passwords:
    """A password for each role."""

    owner: str
    app: str
    audit: str


def prepare(superuser_url: str, passwords: Passwords, *, database: str = "homeward") -> None:
    """Create the roles and the database where they are missing, and set the roles' passwords. Safe to repeat."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app), (AUDIT, passwords.audit)):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            verb = "ALTER" if known else "CREATE"
            connection.execute(
                sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(database), sql.Identifier(OWNER)
                )
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        for role in (APP, AUDIT):
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(role))
            )
