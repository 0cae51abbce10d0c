"""What holds on a given day: policies of law, and texts to sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from service.catalog.rules.consents import ConsentDocument, newest_for
from service.catalog.rules.policies import Policy, policy_in_force
from service.catalog.rules.states import State
from service.catalog.rules.whole import Catalog


def policy_on(catalog: Catalog, topic: str, jurisdiction: str, day: date) -> Policy | None:
    """The policy of that topic and jurisdiction on `day`, or None."""
    return policy_in_force(catalog.policies, topic, jurisdiction, day)


def open_states(catalog: Catalog, now: datetime) -> Mapping[str, State]:
    """The states that are open today, each by its own clock, by code."""
    return {code: state for code, state in catalog.states.items() if state.open_on(state.day(now))}


def open_programs(catalog: Catalog, now: datetime) -> Mapping[str, frozenset[str]]:
    """The programs of ours that may be offered today in each state that is open, by the state's code."""
    return {
        code: frozenset(state.programs_on(state.day(now))) & catalog.programs.keys()
        for code, state in open_states(catalog, now).items()
    }


def consents_for(catalog: Catalog, state: str, day: date) -> tuple[ConsentDocument, ...]:
    """The texts a patient in `state` signs on `day`, in order."""
    return newest_for(catalog.consents, state, day)
