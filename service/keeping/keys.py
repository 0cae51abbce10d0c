"""Turning the keys: every sealed value is put under the current key, while the service runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from service.keeping.clear import seal_clear
from service.keeping.owner import KeepingError, Tell, note, tables
from service.kit import crypto, sealed
from service.kit.sealed import Place, Unopened

ROUNDS = 3  # what requests wrote behind us with an older key is found by the next round
TRIES = 5  # a batch that met a lock


@dataclass(slots=True)
class Turned:
    """What a rotation did: values sealed for the first time and again, by column, and those that nobody can open."""

    first: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    unopened: dict[str, list[Unopened]] = field(default_factory=dict)


def rotate(engine: Engine, tell: Tell, *, batch: int = sealed.BATCH) -> Turned:
    """Put every sealed value under the current key, and what older code left in the clear.

    May be killed and begun again at any moment. A value that does not open is kept, named and passed over. Raises
    KeepingError when locks or the database stand in the way for good; what was done until then stays done.
    """
    places = sealed.places(tables())
    if not places:
        raise KeepingError("No sealed column is known.")
    note(engine, "keys.rotation_begun", "keys", crypto.current())
    turned = Turned(first=seal_clear(engine, batch))
    for _ in range(ROUNDS):
        if not sum(_round(engine, place, turned, batch) for place in places):
            break
    for column, count in turned.first.items():
        tell(f"{column}: {count} taken out of the clear")
    for place in places:
        tell(f"{place}: {turned.again.get(str(place), 0)} sealed again")
    total, bad = sum(turned.again.values()), sum(map(len, turned.unopened.values()))
    note(engine, "keys.rotated", "keys", f"{crypto.current()}: {total} sealed again, {bad} not opened")
    return turned


def _round(engine: Engine, place: Place, turned: Turned, batch: int) -> int:
    """One walk over a column. Returns how many values were found changing."""
    moved = 0
    bad: list[Unopened] = []
    for attempt in range(1, TRIES + 1):
        try:
            for done in sealed.reseal(engine, place, batch=batch):
                turned.again[str(place)] = turned.again.get(str(place), 0) + done.again
                moved += done.again + done.overtaken
                bad += done.unopened
            break
        except OperationalError as error:
            if attempt == TRIES:
                raise KeepingError(
                    f"{place}: the database did not let us ({type(error.orig).__name__}). "
                    "Run it again: what is done is passed over."
                ) from None
            bad.clear()
            time.sleep(0.2 * attempt)
    turned.unopened.pop(str(place), None)
    if bad:
        turned.unopened[str(place)] = bad
    return moved


def standing(engine: Engine) -> dict[str, dict[str, int]]:
    """How many values of each sealed column stand under which key's id."""
    return {str(place): sealed.keys_in(engine, place) for place in sealed.places(tables())}
