"""Jobs leave after the facts are safe.

`enqueue` notes a job on the session; `kit.db.transaction` publishes it after commit. A job that cannot be published is
logged and forgotten: every job's work is also found by a sweeper, because Redis holds no truth.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from celery import Celery
from sqlalchemy.orm import Session

from config.settings import Settings

log = structlog.get_logger(__name__)

QUEUES = ("safety", "audit", "mail", "billing", "default")
BROKER_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "visibility_timeout": 300,  # no task runs for minutes; a lost one comes back soon
}


@dataclass(frozen=True, slots=True)
class Job:
    """A task's name and its arguments: ids only, never answers or addresses.

    `together`: it may wait a moment for others of its kind, and travel with them.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    together: bool = field(default=False, compare=False)

    @property
    def queue(self) -> str:
        """The queue is the domain's own where it has one, so that mail never waits behind billing."""
        return queue_of(self.name)


class Publisher(Protocol):
    """Whatever carries a job to a worker."""

    def __call__(self, job: Job) -> None: ...


def queue_of(name: str) -> str:
    """The queue of a task by its name: `mail.deliver` -> `mail`; domains without one share `default`."""
    domain = name.partition(".")[0]
    return domain if domain in QUEUES else "default"


class CeleryPublisher:
    """Publishes by name, without knowing the tasks. After a failure it does not try again for two seconds."""

    REST_SECONDS = 2.0

    def __init__(self, broker_url: str) -> None:
        self._app = Celery("homeward-publisher", broker=broker_url)
        self._app.conf.update(
            # A person waits for this page: a broker that does not answer within a second is away.
            broker_transport_options={**BROKER_OPTIONS, "socket_timeout": 1},
            broker_connection_retry=False,
            broker_connection_timeout=1,
            task_ignore_result=True,
        )
        self._resting_until = 0.0
        self._bell = Bell(self._send)

    def __call__(self, job: Job) -> None:
        """Send it now, or, where it travels together, a moment later from a thread of its own.

        Raises whatever the broker says of one that is sent now.
        """
        if job.together:
            self._bell.ring(job)
        else:
            self._send(job)

    def _send(self, job: Job) -> None:
        if time.monotonic() < self._resting_until:
            raise ConnectionError("the broker was away a moment ago")
        try:
            self._app.send_task(job.name, kwargs=job.arguments, queue=job.queue, retry=False)
        except Exception:
            self._resting_until = time.monotonic() + self.REST_SECONDS
            raise


class Bell:
    """Jobs that many transactions want in the same moment are sent once, by a thread of its own.

    Sending costs as much as keeping a message does. Equal jobs become one; those that differ in their arguments become
    one of the plural name ("billing.handle_event" -> "billing.handle_events") with each one's arguments in `many`.
    """

    MOMENT = 0.02
    MOST = 25  # in one job: the others are for other workers

    def __init__(self, send: Callable[[Job], None]) -> None:
        self._send = send
        self._waiting: list[Job] = []
        self._guard = threading.Condition()
        self._process = 0

    def ring(self, job: Job) -> None:
        """Send this within a moment. Never raises and never waits."""
        with self._guard:
            if self._process != os.getpid():  # a fork has no threads, and what waited is its parent's
                self._process, self._waiting = os.getpid(), []
                threading.Thread(target=self._serve, name="bell", daemon=True).start()
            self._waiting.append(job)
            self._guard.notify()

    def _serve(self) -> None:
        while True:
            with self._guard:
                self._guard.wait_for(lambda: self._waiting)
            time.sleep(self.MOMENT)
            with self._guard:
                taken, self._waiting = self._waiting, []
            for job in gathered(taken, self.MOST):
                _sent_or_said(self._send, job)


def gathered(jobs: Sequence[Job], most: int) -> list[Job]:
    """The same work in fewer jobs: equal ones once, the others of a name together, at most `most` in one."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for job in jobs:
        several = by_name.setdefault(job.name, [])
        if job.arguments not in several:
            several.append(job.arguments)
    out: list[Job] = []
    for name, several in by_name.items():
        for start in range(0, len(several), most):
            part = several[start : start + most]
            out.append(Job(name, part[0]) if len(part) == 1 else Job(f"{name}s", {"many": part}))
    return out


_publisher: Publisher | None = None


def configure(settings: Settings) -> None:
    """Publish to the settings' Redis from now on."""
    use(CeleryPublisher(settings.redis_url.get_secret_value()))


def use(publisher: Publisher | None) -> None:
    """Use another publisher: a test's recorder, or none."""
    global _publisher
    _publisher = publisher


def enqueue(session: Session, name: str, **arguments: Any) -> None:
    """Note a job to publish once `session`'s transaction has committed. Arguments are ids as text."""
    session.info.setdefault("jobs", []).append(Job(name, arguments))


def enqueue_together(session: Session, name: str, **arguments: Any) -> None:
    """As `enqueue`, for what comes in crowds: sent a moment later, with others. A plural task takes several at once."""
    session.info.setdefault("jobs", []).append(Job(name, arguments, together=True))


def noted(session: Session) -> Sequence[Job]:
    """The jobs noted on `session`, taken off it, equal ones once."""
    jobs: list[Job] = session.info.pop("jobs", [])
    return [job for number, job in enumerate(jobs) if job not in jobs[:number]]


def publish(jobs: Sequence[Job]) -> None:
    """Send `jobs` to the workers. Never raises: the facts are already safe and a sweeper finds the work."""
    for job in jobs:
        if _publisher is None:
            log.warning("job not published: no publisher", job=job.name)
            continue
        _sent_or_said(_publisher, job)


def _sent_or_said(send: Callable[[Job], None], job: Job) -> None:
    try:
        send(job)
    except Exception as error:
        log.warning("job not published: the sweeper will find it", job=job.name, error=type(error).__name__)
