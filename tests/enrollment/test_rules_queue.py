"""What the queue's address may say, and what it never says."""

from __future__ import annotations

import pytest

from service.enrollment.rules.queue import GROUPS, LISTED, OVER, Wanted, wanted
from service.enrollment.rules.status import STATUSES

STATES = ("FL", "NJ")
EVERYTHING = Wanted(
    status="decided",
    state="NJ",
    owner="01a1ff1e-578c-7089-9d88-c6e8ed02b62f",
    flag="hold",
    moving=True,
    today=True,
    longer=7,
)


@pytest.mark.parametrize("wish", [Wanted(), EVERYTHING, Wanted(status="all", owner="left"), Wanted(today=True)])
def test_an_address_gives_back_what_was_wanted(wish: Wanted) -> None:
    assert wanted(wish.address(), STATES) == wish


def test_an_empty_wish_leaves_the_address_empty() -> None:
    assert Wanted().address() == {}
    assert not Wanted(status="all").narrowed
    assert Wanted(flag="alert").narrowed


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "ended"},
        {"state": "TX"},
        {"owner": "Ana Rivera"},
        {"owner": "01A1FF1E578C70899D88C6E8ED02B62F"},
        {"flag": "none"},
        {"longer": "2"},
        {"longer": "-7"},
        {"moving": "1", "today": "true"},
        {"status": "x" * 5000},
    ],
)
def test_words_nobody_offers_narrow_nothing(asked: dict[str, str]) -> None:
    assert wanted(asked, STATES) == Wanted()


def test_every_status_is_waited_for_by_somebody_or_is_active_or_over() -> None:
    assert {*GROUPS[""], *GROUPS["patient"], "active", *OVER} == set(STATUSES)
    assert not set(GROUPS[""]) & set(GROUPS["patient"])
    assert GROUPS["all"] == LISTED
