"""What holds on a given day: policies of law, and texts to sign."""

from __future__ import annotations

from datetime import date

from service.catalog.rules.consents import ConsentDocument, newest_for
from service.catalog.rules.policies import Policy, policy_in_force
from service.catalog.rules.whole import Catalog


def policy_on(catalog: Catalog, topic: str, jurisdiction: str, day: date) -> Policy | None:
    """The policy of that topic and jurisdiction on `day`, or None."""
    return policy_in_force(catalog.policies, topic, jurisdiction, day)


def consents_for(catalog: Catalog, state: str, day: date) -> tuple[ConsentDocument, ...]:
    """The texts a patient in `state` signs on `day`, in order."""
    return newest_for(catalog.consents, state, day)
