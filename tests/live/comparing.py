"""Running scenarios on both sides, and the table of differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import stripe

from tests.live.sides import Facts, Side

Scenario = Callable[[Side], None]
#: A scenario that could not go on says so under this name.
STOPPED = "stopped"
NOT_SAID = "—"


class Difference(NamedTuple):
    """One fact on which the two do not agree."""

    scenario: str
    fact: str
    ours: Any
    theirs: Any


def recorded(side: Side, scenarios: Iterable[Scenario]) -> dict[str, Facts]:
    """What happened in each scenario. One that falls over is noted with why, and the others go on."""
    told = {}
    for scenario in scenarios:
        side.begin()
        try:
            scenario(side)
        except (stripe.StripeError, TimeoutError, ValueError, AttributeError, IndexError) as error:
            side.facts[STOPPED] = f"{type(error).__name__}: {error}"
        finally:
            side.end()
        told[scenario.__name__] = side.facts
    return told


def differences(theirs: dict[str, Facts], ours: dict[str, Facts]) -> list[Difference]:
    """Where ours is not theirs. Of a scenario that stopped on one side only what both had said is compared."""
    found = []
    for name, facts in theirs.items():
        other = ours.get(name, {})
        stopped = STOPPED in facts or STOPPED in other
        known = [fact for fact in facts if fact in other] if stopped else [*facts, *(set(other) - set(facts))]
        if stopped and facts.get(STOPPED) != other.get(STOPPED):
            known = [STOPPED, *(fact for fact in known if fact != STOPPED and not fact.startswith("events"))]
        for fact in known:
            one, two = other.get(fact, NOT_SAID), facts.get(fact, NOT_SAID)
            if one != two:
                found.append(Difference(name, fact, one, two))
    return found


def table(found: Sequence[Difference], theirs: str = "Stripe", ours: str = "stand-in") -> str:
    """The differences, to be read."""
    if not found:
        return f"No difference between {theirs} and {ours}."
    rows = [("scenario", "fact", theirs, ours)]
    rows += [(one.scenario, one.fact, _short(one.theirs), _short(one.ours)) for one in found]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, f"{len(found)} differences"])


def _short(value: Any) -> str:
    words = str(value).replace("\n", " ")
    return words if len(words) <= 60 else words[:59] + "…"
