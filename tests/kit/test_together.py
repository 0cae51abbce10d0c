"""Jobs that come in crowds leave together, and none is lost or doubled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from service.kit.queue import Bell, Job, gathered


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.005)


def test_equal_jobs_are_one_and_others_of_a_name_travel_in_one() -> None:
    mail, one, two = Job("mail.deliver_due"), Job("billing.handle_event", {"id": "1"}), Job("x.y", {"id": "2"})
    assert gathered([mail, mail, one, mail], 25) == [mail, one]
    assert gathered([two, two], 25) == [two]
    several = [Job("x.y", {"id": str(number)}) for number in range(5)]
    assert [(job.name, len(job.arguments["many"])) for job in gathered(several, 4)[:1]] == [("x.ys", 4)]
    assert gathered(several, 4)[1] == Job("x.y", {"id": "4"})


def test_what_many_threads_ask_for_is_sent_once_each_in_fewer_jobs() -> None:
    sent: list[Job] = []
    bell = Bell(sent.append)
    threads = [
        threading.Thread(target=lambda own=own: [bell.ring(Job("x.y", {"id": f"{own}-{n}"})) for n in range(50)])
        for own in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def told() -> list[str]:
        return [one["id"] for job in list(sent) for one in job.arguments.get("many", [job.arguments])]

    until(lambda: len(told()) == 400)
    assert len(set(told())) == 400
    assert len(sent) < 200


def test_a_job_that_cannot_be_sent_keeps_no_later_one() -> None:
    sent: list[str] = []

    def send(job: Job) -> None:
        if job.name == "a.broken":
            raise ConnectionError
        sent.append(job.name)

    bell = Bell(send)
    bell.ring(Job("a.broken"))
    bell.ring(Job("a.well"))
    until(lambda: sent == ["a.well"])
    bell.ring(Job("a.later"))
    until(lambda: sent == ["a.well", "a.later"])
