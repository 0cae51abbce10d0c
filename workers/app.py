"""The Celery app. Every setting with its reason; no task here decides anything.

Tasks live beside this file, one module a domain, named as `service.kit.queue.enqueue` names them.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_process_init

from config.settings import current
from service.kit import log, process, queue
from workers.schedule import beat_schedule

settings = current()

app = Celery(
    "homeward",
    broker=settings.redis_url.get_secret_value(),
    include=[
        f"workers.{name}"
        for name in (
            "accounts",
            "audit",
            "billing",
            "checkins",
            "enrollment",
            "health",
            "mail",
            "privacy",
            "reminders",
            "safety",
            "visits",
        )
    ],
)
app.conf.update(
    broker_transport_options=queue.BROKER_OPTIONS,
    broker_connection_retry_on_startup=True,  # workers may start before Redis does
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=True,  # a task redelivered must not also go on here
    task_acks_late=True,  # a killed worker's job comes back; every task may run twice
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,  # a slow mail must not hold others behind it
    task_ignore_result=True,  # facts are rows, not results
    task_create_missing_queues=True,
    task_default_queue="default",
    task_routes=(lambda name, *_, **__: {"queue": queue.queue_of(name)},),
    task_time_limit=240,  # below the broker's visibility timeout
    task_soft_time_limit=180,
    enable_utc=True,
    timezone="UTC",  # beat never meets a change of the clocks
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    beat_scheduler="workers.beat:BeatingScheduler",
    beat_schedule=beat_schedule(settings),
    beat_max_loop_interval=1,
)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _logs(**_: Any) -> None:
    log.configure(settings)


@worker_init.connect  # type: ignore[untyped-decorator]
@worker_process_init.connect  # type: ignore[untyped-decorator]
@beat_init.connect  # type: ignore[untyped-decorator]
def _open(**_: Any) -> None:
    process.open_house(settings)
