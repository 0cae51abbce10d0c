"""Several people, tabs or workers at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from service.kit.errors import HomewardError, TryAgain


def at_once(*work: Callable[[], object]) -> list[Any]:
    """Start all work together. Each answer in its place; a no is an answer too, as the error itself."""
    ready = Barrier(len(work))

    def run(job: Callable[[], object]) -> Any:
        ready.wait()
        try:
            return job()
        except (HomewardError, TryAgain) as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def outcomes(*work: Callable[[], object]) -> list[str]:
    """Start all work together. "done", or the code of the no, for each in its place."""
    return [answer.code if isinstance(answer, HomewardError) else "done" for answer in at_once(*work)]
