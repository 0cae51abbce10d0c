"""What a sign-in is made of: argon2id, which is slow on purpose, and everything else."""

from __future__ import annotations

import time
from statistics import median
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher

from config.settings import Settings
from service.app import create_app
from tests.bench.frame import Result, spread
from tests.bench.servers import a_house
from tests.client import Browser
from tests.factories.accounts import PASSWORD, a_patient

NAME = "sign-in"
RUNS = 11


def run() -> list[Result]:
    """The share of argon2id in the time of a sign-in, in one process. No bound: it is a statement."""
    with a_house() as settings:
        hashing, whole = _sign_ins(settings)
    shares = [part / all_of_it for part, all_of_it in zip(hashing, whole, strict=True)]
    share = median(shares)
    return [
        Result(
            "argon2id : a whole sign-in",
            median(hashing) * 1000,
            median(whole) * 1000,
            share,
            "ms",
            n=RUNS,
            spread=spread(shares),
            note=f"argon2id takes {share:.0%} of a sign-in"
            f" and {'dominates' if share > 0.5 else 'does not dominate'} it.",
        )
    ]


def _sign_ins(settings: Settings) -> tuple[list[float], list[float]]:
    """Seconds in argon2id and seconds in all, for each sign-in."""
    app, hashing, whole = create_app(settings), [], []
    plain = PasswordHasher.verify

    def timed(self: PasswordHasher, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return plain(self, *arguments)
        finally:
            hashing.append(time.perf_counter() - began)

    person = a_patient()
    with patch.object(PasswordHasher, "verify", timed):
        for _ in range(RUNS):
            browser = Browser(app)
            began = time.perf_counter()
            answer = browser.submit("/sign-in", {"email": person.email, "password": PASSWORD})
            whole.append(time.perf_counter() - began)
            assert answer.status_code == 303, f"the sign-in was answered with {answer.status}"
    assert len(hashing) == RUNS
    return hashing, whole
