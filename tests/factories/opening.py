"""States and programs that open and close, by dated rules of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.catalog.rules.policies import Policy, Value
from service.catalog.rules.whole import Catalog

LONG_AGO = date(2026, 1, 1)


def ruled(catalog: Catalog, state: str, topic: str, *spans: tuple[date, date | None, Value]) -> Catalog:
    """The catalog with these rules of a state in place of its own on that topic: (from, last day, value)."""
    rules = tuple(Policy(topic, state, first, last, value, "a test", "the test") for first, last, value in spans)
    here = catalog.states[state]
    others = tuple(rule for rule in here.rules if rule.topic != topic)
    policies = tuple(rule for rule in catalog.policies if (rule.topic, rule.jurisdiction) != (topic, state))
    states = {**catalog.states, state: replace(here, rules=(*others, *rules))}
    return replace(catalog, states=states, policies=(*policies, *rules))


def closed(catalog: Catalog, state: str) -> Catalog:
    """The state is not open."""
    return ruled(catalog, state, "open", (LONG_AGO, None, False))


def opens_on(catalog: Catalog, state: str, day: date) -> Catalog:
    """The state is closed, and open from `day` on."""
    return ruled(catalog, state, "open", (day, None, True))


def program_opens_on(catalog: Catalog, state: str, program: str, day: date) -> Catalog:
    """A program is off, and on from `day`."""
    return ruled(catalog, state, f"program.{program}", (day, None, "on"))


def without_program(catalog: Catalog, state: str, program: str) -> Catalog:
    """A program is off in a state."""
    return ruled(catalog, state, f"program.{program}", (LONG_AGO, None, "off"))
