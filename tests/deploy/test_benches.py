"""The benches can be called by their names, whatever stands beside them."""

from __future__ import annotations

from tests.bench.__main__ import benches


def test_every_bench_answers_to_its_name() -> None:
    wanted = {"applied", "audit", "billing", "home", "night", "peers", "queue", "sign-in", "slots", "webhook"}
    assert set(benches()) >= wanted
