"""Real servers for a bench: Postgres, Redis and gunicorn, gone with all they wrote when the block ends."""

from __future__ import annotations

import base64
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.settings import HOUSE, Settings, read
from service import migrations
from service.kit import roles
from service.sandbox.child import SandboxError, end, spawn
from service.sandbox.ports import LOOPBACK, free_ports
from service.sandbox.postgres import last_lines, running_postgres
from service.sandbox.redis import running_redis

DATABASE = "homeward"
# As the image's command runs it (Dockerfile).
GUNICORN = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
# A machine that has no time for the load generator must not look like a client that went away.
PATIENCE = ("--keep-alive", "60", "--graceful-timeout", "2")


@contextmanager
def a_house() -> Iterator[Settings]:
    """Production's settings over a migrated Postgres and a Redis of our own."""
    with running_postgres() as postgres, running_redis() as redis:
        passwords = roles.Passwords(*(secrets.token_urlsafe(16) for _ in range(3)))
        roles.prepare(postgres.superuser_dsn(), passwords, database=DATABASE)
        owner = postgres.dsn(roles.OWNER, passwords.owner, DATABASE)
        migrations.migrate(owner)
        yield as_in_production(
            database_url=postgres.dsn(roles.APP, passwords.app, DATABASE), owner_database_url=owner, redis_url=redis.url
        )


def as_in_production(**places: str) -> Settings:
    """Production's settings with keys of their own. `places`: where the database and Redis are."""
    values = {
        "environment": "production",
        **places,
        "secret_key": secrets.token_urlsafe(32),
        "seal_keys": f"bench:{_key()}",
        "index_key": _key(),
        "public_url": "https://localhost",
        "stripe_key": "sk_test_bench",
        "stripe_webhook_secrets": "whsec_bench",
        "video_url": "https://video.example/{room}",
        "smtp_host": LOOPBACK,
        "audit_anchors": str(Path(tempfile.gettempdir()) / "homeward-bench-anchors.jsonl"),  # no worker, no file
        "log_level": "WARNING",
    }
    return read({f"HOMEWARD_{name.upper()}": value for name, value in values.items()})


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@contextmanager
def serving(app: str, environ: Mapping[str, str]) -> Iterator[int]:
    """`app` under gunicorn on a free port, which is given, for as long as the block runs."""
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="homeward-bench-") as folder:
        log = Path(folder) / "gunicorn.log"
        command = [sys.executable, "-m", "gunicorn", app, "--bind", f"{LOOPBACK}:{port}", *GUNICORN]
        with log.open("ab") as output:
            server = spawn(
                [*command, *PATIENCE, "--worker-tmp-dir", folder],
                death_signal=signal.SIGQUIT,
                environ=environ,
                output=output,
                cwd=HOUSE,
            )
        try:
            _wait(server, port, log)
            yield port
        finally:
            end(server, signal.SIGTERM)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    patience = time.monotonic() + 60
    while True:
        if server.poll() is not None or time.monotonic() > patience:
            raise SandboxError(f"gunicorn does not answer.\n{last_lines(log)}")
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
