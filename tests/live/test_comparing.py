"""The comparison finds what differs, and nothing else: tried between two stand-ins, one with mistakes planted in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.sandbox.stripe import cards, collecting, proration, world
from service.sandbox.stripe.objects import disputes, payments
from tests.live import scenarios
from tests.live.comparing import STOPPED, Difference, differences, recorded, table
from tests.live.running import KEY, key, ours
from tests.live.scenarios import ALL
from tests.live.sides import DAY, Side
from tests.sandbox.stripe.harness import START
from tests.sandbox.stripe.in_process import inside

Plant = Callable[[pytest.MonkeyPatch], None]


def told(folder: Path, *chosen: Any) -> dict[str, dict[str, Any]]:
    """What a stand-in of its own says, as it is now."""
    with inside(folder) as standin:
        return recorded(ours(standin, START), chosen)


def test_two_that_are_the_same_do_not_differ_in_any_scenario(tmp_path: Path) -> None:
    one = told(tmp_path / "one", *ALL)
    assert [facts[STOPPED] for facts in one.values() if STOPPED in facts] == []
    assert all(len(facts) > 5 for facts in one.values())
    with inside(tmp_path / "two") as standin:
        # Begun a year before: every fact is a distance, none a date.
        two = recorded(replace(ours(standin, START), frozen=START - 365 * DAY), ALL)
    assert table(differences(one, two)) == "No difference between Stripe and stand-in."


def _loses_voided(patch: pytest.MonkeyPatch) -> None:
    sound = world.World.emit

    def emit(self: Any, kind: str, *more: Any) -> None:
        if kind != "invoice.voided":
            sound(self, kind, *more)

    patch.setattr(world.World, "emit", emit)


def _another_word(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cards, "CODES", (*cards.CODES, "insufficient_funds"))


def _retries_once_less(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collecting, "RETRY_AFTER_DAYS", (*collecting.RETRY_AFTER_DAYS[:-2], 4))


def _takes_its_time(patch: pytest.MonkeyPatch) -> None:
    sound = payments.refund
    patch.setattr(payments, "refund", lambda *given: {**sound(*given), "status": "pending"})


def _disputes_too_little(patch: pytest.MonkeyPatch) -> None:
    sound = disputes.dispute
    patch.setattr(disputes, "dispute", lambda *a, **k: {**sound(*a, **k), "amount": 24999})


def _a_day_off(patch: pytest.MonkeyPatch) -> None:
    sound = proration.share
    patch.setattr(proration, "share", lambda amount, seconds, of: sound(amount, seconds - DAY, of))


#: 18 days of 28 are left on the tenth; planted are 17. The dear plan less the cheap one: 14900 cents.
ON_THE_TENTH, A_DAY_LATER = (9579, [-16071, 25650]), (9046, [-15179, 24225])
SUMS = ("subtotal", "total", "amount_due", "amount_paid")


PLANTED: list[tuple[Plant, Any, dict[str, tuple[Any, Any]]]] = [
    (_loses_voided, scenarios.void, {"events: invoice.voided": (1, "—")}),
    (
        _another_word,
        scenarios.failed_card,
        {"tried again: code": ("card_declined", "insufficient_funds")},
    ),
    (
        _retries_once_less,
        scenarios.given_up,
        {
            f"events: {kind}": (9, 8)
            for kind in ("charge.failed", "invoice.payment_failed", "payment_intent.payment_failed")
        },
    ),
    (
        _takes_its_time,
        scenarios.refunds,
        {f"{which}: status": ("succeeded", "pending") for which in ("a part", "the rest")},
    ),
    (
        _a_day_off,
        scenarios.plan_change,
        {f"{when}, invoice: {name}": (ON_THE_TENTH[0], A_DAY_LATER[0]) for when in ("up", "down") for name in SUMS}
        | {f"{when}, invoice: lines": (ON_THE_TENTH[1], A_DAY_LATER[1]) for when in ("up", "down")}
        | {"preview: due": (ON_THE_TENTH[0], A_DAY_LATER[0]), "preview: lines": (ON_THE_TENTH[1], A_DAY_LATER[1])},
    ),
    (_disputes_too_little, scenarios.dispute, {"dispute: amount": (25000, 24999)}),
]


@pytest.mark.parametrize(("plant", "scenario", "expected"), PLANTED, ids=lambda one: getattr(one, "__name__", None))
def test_a_planted_difference_is_reported_and_nothing_else(
    plant: Plant, scenario: Any, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = told(tmp_path / "sound", scenario)
    plant(monkeypatch)
    found = differences(sound, told(tmp_path / "planted", scenario))
    assert {one.fact: (one.theirs, one.ours) for one in found} == expected


def test_a_scenario_that_falls_over_is_one_line_and_the_next_goes_on(tmp_path: Path) -> None:
    def falls(side: Side) -> None:
        side.note("before", seen=1)
        side.api.customers.retrieve("cus_nobody")

    def stands(side: Side) -> None:
        side.note("before", seen=1)
        side.note("after", seen=2)

    stands_too = told(tmp_path / "one", stands)
    fallen = told(tmp_path / "two", falls, stands)
    assert fallen["falls"][STOPPED].startswith("InvalidRequestError")
    [one] = differences({"falls": stands_too["stands"]}, {"falls": fallen["falls"]})
    assert (one.fact, one.theirs) == (STOPPED, "—")
    assert differences(stands_too, fallen) == []


def test_the_table_names_scenario_fact_and_both_answers() -> None:
    lines = table([Difference("refunds", "a part: status", "pending", "succeeded")]).splitlines()
    assert lines[0].split() == ["scenario", "fact", "Stripe", "stand-in"]
    assert lines[2].split() == ["refunds", "a", "part:", "status", "succeeded", "pending"]
    assert lines[-1] == "1 differences"


def test_a_live_key_is_refused_before_anything_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk_live_x")
    with pytest.raises(ValueError, match="sk_test_"):
        key()
    monkeypatch.delenv(KEY)
    assert key() == ""
