"""How a membership may stand after a look at Stripe, and the picture of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import HOUSE
from service.billing.rules import membership_status, transitions
from service.billing.rules.transitions import ALWAYS_OPEN, GOES_ON, SHOWN, STATUSES, TABLE, NoSuchMove


def test_the_picture_in_the_docs_is_the_table() -> None:
    assert f"```mermaid\n{transitions.diagram()}\n```" in (HOUSE / "docs" / "billing.md").read_text("utf-8")


def test_every_word_of_stripes_leads_where_the_gateway_says() -> None:
    for word, what in SHOWN.items():
        assert TABLE[("awaiting_payment", what)] == membership_status(word)


def test_every_status_can_be_reached_from_the_first() -> None:
    reached, todo = set(), ["awaiting_payment"]
    while todo:
        here = todo.pop()
        reached.add(here)
        todo += [end for (start, _), end in TABLE.items() if start == here and end not in reached]
    assert reached == set(STATUSES) == set(GOES_ON)


@given(st.lists(st.sampled_from([*SHOWN.values()]), max_size=30))
def test_in_whatever_order_paid_never_waits_again_and_ended_never_lives_again(
    looks: list[str],
) -> None:
    status, begun, over = "awaiting_payment", False, False
    for what in looks:
        try:
            status = transitions.move(status, what)
        except NoSuchMove:
            assert (begun and what == "waits") or over
        assert not (begun and status == "awaiting_payment")
        assert not over or status == "ended"
        begun, over = begun or status != "awaiting_payment", over or status == "ended"


@pytest.mark.parametrize("word", ["", "ACTIVE", "active ", "paused_by_somebody", "draft"])
def test_a_word_nobody_knows_opens_nothing(word: str) -> None:
    with pytest.raises(NoSuchMove):
        transitions.shown(word)


@pytest.mark.parametrize(("word", "what"), SHOWN.items())
def test_our_words_for_a_subscription_say_the_same(word: str, what: str) -> None:
    assert transitions.shows(membership_status(word), word if word in ("paused", "unpaid") else None) == what


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("what", sorted(ALWAYS_OPEN))
def test_money_never_closes_the_record_or_the_way_to_help(status: str, what: str) -> None:
    assert transitions.allows(status, what)


@pytest.mark.parametrize("status", [status for status in STATUSES if status not in ("active", "grace")])
def test_only_a_paid_month_or_its_grace_sends_parcels(status: str) -> None:
    assert not transitions.allows(status, "parcels")
