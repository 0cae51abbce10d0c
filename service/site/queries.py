"""What the public pages say about the offer, read from the catalog: never a number of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from service.catalog.rules.plans import Plan
from service.catalog.rules.states import State
from service.catalog.rules.whole import Catalog


@dataclass(frozen=True)
class Place:
    """A state as a visitor reads about it."""

    code: str
    name: str
    open: bool
    counties: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """Prices in cents a month, places, and the conditions there are programs for."""

    from_cents: int
    plans: tuple[Plan, ...]
    places: tuple[Place, ...]
    conditions: tuple[str, ...]

    @property
    def open_names(self) -> tuple[str, ...]:
        """The states a new patient may live in; all of them where none is open today."""
        return tuple(place.name for place in self.places if place.open) or tuple(place.name for place in self.places)


def offer(catalog: Catalog, now: datetime) -> Offer:
    """What is offered at this moment."""
    return Offer(
        from_cents=catalog.from_price_cents,
        plans=catalog.open_plans,
        places=tuple(
            _place(state, state.day(now)) for state in sorted(catalog.states.values(), key=lambda state: state.name)
        ),
        conditions=tuple(program.condition for program in catalog.programs.values()),
    )


def _place(state: State, day: date) -> Place:
    return Place(state.code, state.name, state.open_on(day), tuple(county.name for county in state.counties))
