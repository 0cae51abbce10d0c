"""What other domains may ask the catalog."""

from __future__ import annotations

from service.catalog.queries.dated import consents_for, open_programs, open_states, policy_on
from service.catalog.queries.load import catalog
from service.catalog.queries.places import place_of_zip

__all__ = ["catalog", "consents_for", "open_programs", "open_states", "place_of_zip", "policy_on"]
