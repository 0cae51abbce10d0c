"""The whole sandbox, started in order: servers, history, clocks, processes, demo people."""

from __future__ import annotations

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from config.settings import HOUSE, Settings, as_environment, read
from service import migrations
from service.billing.actions.prices import offer_prices
from service.billing.gateway import Gateway
from service.catalog.queries import catalog
from service.kit import clock, queue, roles
from service.kit.clock import wall_now
from service.kit.db import connect
from service.sandbox import people, running
from service.sandbox.child import SandboxError
from service.sandbox.keys import Keys, write_private
from service.sandbox.ports import LOOPBACK
from service.sandbox.postgres import Postgres
from service.sandbox.redis import Redis
from service.sandbox.standin import Standin
from service.sandbox.supervisor import Supervisor

Say = Callable[[str], None]
DATABASE = "homeward"
CELERY = (sys.executable, "-m", "celery", "-A", "workers.app", "-q")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens, on the loopback address."""

    web: int
    mailbox: int
    smtp: int
    stripe: int
    postgres: int
    redis: int


class Town:
    """One sandbox. `start` starts every child, `open` returns when all is ready, `close` ends every child."""

    def __init__(self, data: Path, ports: Ports, keys: Keys, say: Say, clinic: Path | None = None) -> None:
        self.data, self.ports, self._keys, self._say, self._clinic = data, ports, keys, say, clinic
        self.web = f"http://localhost:{ports.web}"
        self.mailbox, self.standin = (f"http://{LOOPBACK}:{port}" for port in (ports.mailbox, ports.stripe))
        self.begins = datetime.fromisoformat(keys.start)
        self._logs = data / "logs"
        self._logs.mkdir(exist_ok=True)
        for log in self._logs.glob("*.log"):
            log.unlink()  # each start has its own, so that they never fill the disk
        self._postgres = Postgres(data / "postgres", ports.postgres, keys.superuser)
        self._redis = Redis(data / "redis", ports.redis, keys.redis)
        self._owner_url = self._postgres.dsn(roles.OWNER, keys.owner, DATABASE)
        self.settings = self._settings()
        self.supervisor = Supervisor(self._logs, self._environ(), HOUSE)

    def open(self) -> list[people.Row]:
        """Start everything. Returns the demo people's sign-ins."""
        self._everything_but_the_timetable()
        self.supervisor.wait_until(self._lives, "/health/live does not answer 200", seconds=60)
        rows = self._people()
        self.supervisor.wait_until(self._ready, "/health/ready does not answer 200", seconds=60)
        self._note(ready=True, rows=rows)
        return rows

    def start(self) -> None:
        """Start the servers, bring the database up to date, set the clocks, start everything that works on them."""
        self._everything_but_the_timetable()
        self._timetable()

    def _everything_but_the_timetable(self) -> None:
        self._note(ready=False, rows=[])
        self._servers()
        self._history()
        self._processes()

    def _timetable(self) -> None:
        self.supervisor.start("beat", [*CELERY, "beat", "-l", "INFO", "--pidfile="], stage=3)

    def now(self) -> datetime:
        """Business time."""
        owner = connect(self._owner_url)
        try:
            return wall_now() + clock.read_offset(owner)
        finally:
            owner.dispose()

    def close(self) -> None:
        """End every child."""
        (self.data / running.FILE).unlink(missing_ok=True)
        self.supervisor.end()

    def _servers(self) -> None:
        for name, server in (("postgres", self._postgres), ("redis", self._redis)):
            server.start(self.supervisor.log(name))
            self.supervisor.adopt(name, server.process, server.stop_signal)

    def _history(self) -> None:
        keys = self._keys
        roles.prepare(self._postgres.superuser_dsn(), roles.Passwords(owner=keys.owner, app=keys.app, audit=keys.audit))
        migrations.migrate(self._owner_url)
        owner = connect(self._owner_url)
        if not (self.data / people.FILE).exists():
            clock.set_offset(owner, people.first_moment(self.begins) - wall_now())
        self._offset = clock.read_offset(owner)
        owner.dispose()

    def _processes(self) -> None:
        keys, ports, python = self._keys, self.ports, sys.executable
        business = wall_now() + self._offset
        standin: list[str | Path]
        standin = [python, "-m", "service.sandbox.stripe", "--port", str(ports.stripe), "--data", self.data / "stripe"]
        standin += ["--dunning-ends-in", "unpaid"]  # the setting our account needs: nothing is cancelled behind us
        hook = f"http://{LOOPBACK}:{ports.web}/webhooks/stripe"
        secrets = ["--key", keys.stripe_key, "--webhook-url", hook, "--webhook-secret", keys.webhook_secret]
        self.supervisor.start("stripe", [*standin, *secrets, "--start", str(int(business.timestamp()))], stage=1)
        box = [python, "-m", "service.sandbox.mailbox", "--smtp-port", str(ports.smtp), "--http-port"]
        self.supervisor.start("mailbox", [*box, str(ports.mailbox), "--data", self.data / "mailbox"], stage=1)
        web = [python, "-m", "gunicorn", "service.app:create_app()", "-b", f"{LOOPBACK}:{ports.web}", "-w", "1"]
        # Without a control socket, which would be a file in the home folder.
        web += ["-k", "gthread", "--threads", "4", "--graceful-timeout", "2", "--no-control-socket"]
        # A signal it can act upon, because it has a child of its own to take along.
        self.supervisor.start("web", web, stage=2, death_signal=signal.SIGQUIT)
        work = ["worker", "-P", "threads", "-c", "4", "-Q", ",".join(queue.QUEUES), "--without-mingle"]
        self.supervisor.start("worker", [*CELERY, *work, "--without-gossip", "-l", "INFO"], stage=2)
        self.supervisor.wait_until(lambda: _answers(f"{self.standin}/_standin/health"), "No stand-in", seconds=20)
        self._catch_up()
        gateway = Gateway.from_settings(self.settings)
        offer_prices(gateway=gateway, catalog=catalog(self.settings.config_dir))
        self.supervisor.wait_until(lambda: _answers(f"{self.mailbox}/api/mails"), "No mailbox", seconds=20)

    def _catch_up(self) -> None:
        """While the sandbox slept, time went on: the stand-in learns of it."""
        standin, business = Standin(self.standin), wall_now() + self._offset
        if business - standin.now() > timedelta(seconds=1):
            standin.move_to(business)

    def _lives(self) -> bool:
        return _answers(f"http://{LOOPBACK}:{self.ports.web}/health/live")

    def _ready(self) -> bool:
        return _answers(f"http://{LOOPBACK}:{self.ports.web}/health/ready")

    def _people(self) -> list[people.Row]:
        quiet = self.settings.model_copy(update={"log_level": "ERROR"})
        places = people.Places(
            web=self.web, mailbox=self.mailbox, standin=self.standin, settings=quiet, start=self.begins, data=self.data
        )
        try:
            return people.load(places, self._timetable, self._say)
        except Exception:
            self.supervisor.check()  # a dead child explains more than what its absence broke
            raise

    def _settings(self) -> Settings:
        keys = self._keys
        values = {
            "environment": "sandbox",
            "database_url": self._postgres.dsn(roles.APP, keys.app, DATABASE),
            "owner_database_url": self._owner_url,
            "redis_url": self._redis.url,
            "secret_key": keys.secret_key,
            "seal_keys": f"sandbox:{keys.seal_key}",
            "index_key": keys.index_key,
            "public_url": self.web,
            "stripe_key": keys.stripe_key,
            "stripe_url": self.standin,
            "stripe_webhook_secrets": keys.webhook_secret,
            "checkout_origin": self.standin,
            "video_url": f"{self.mailbox}/video/{{room}}",
            "smtp_host": LOOPBACK,
            "smtp_port": str(self.ports.smtp),
            "smtp_security": "none",
            "audit_anchors": str(self.data / "audit" / "anchors.jsonl"),
            # Signs of life every second, so that ready is soon known and a dead part soon missed.
            "heartbeat_seconds": "1",
            "heartbeat_stale_after_seconds": "20",
            "log_format": "console",
        }
        if self._clinic is not None:
            values["config_dir"] = str(self._clinic.absolute())
        return read({f"HOMEWARD_{name.upper()}": value for name, value in values.items()})

    def _environ(self) -> Mapping[str, str]:
        """What children know: everything but the owner's way into the database."""
        return as_environment(self.settings.model_copy(update={"owner_database_url": None}))

    def _note(self, *, ready: bool, rows: list[people.Row]) -> None:
        ours = {name: value for name, value in self._environ().items() if name.startswith("HOMEWARD_")}
        write_private(
            self.data / running.FILE,
            {
                "pid": os.getpid(),
                "data": str(self.data),
                "web": self.web,
                "mailbox": self.mailbox,
                "standin": self.standin,
                "postgres_port": self.ports.postgres,
                "redis_port": self.ports.redis,
                "owner_database_url": self._owner_url,
                "environment": ours,
                "children": self.supervisor.pids,
                "ready": ready,
                "people": [asdict(row) for row in rows],
            },
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def open_town(town: Town) -> list[people.Row]:
    """Start `town`. Anything that goes wrong is told as a SandboxError, after its children ended."""
    try:
        return town.open()
    except (SandboxError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise SandboxError(
            f"The sandbox could not start: {type(error).__name__}: {error}\nThe logs are in {town.data / 'logs'}."
        ) from error
