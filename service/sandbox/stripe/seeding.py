"""Many subscriptions at once, for measuring: as if each had been begun, paid and told of some weeks ago.

A few are really begun, each on its own day; the others are copies with their own ids. So they are whole (customer,
card, subscription, first invoice, payment) and whatever the stand-in can do with one it can do with all of them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.sandbox.stripe import cards, subscribing, tables
from service.sandbox.stripe.agenda import due_of
from service.sandbox.stripe.ids import ALPHABET
from service.sandbox.stripe.objects import people
from service.sandbox.stripe.store import Row
from service.sandbox.stripe.world import World

DAY = 24 * 3600
#: On so many different days, the last of them yesterday: none is due for renewal yet.
DAYS = 27
MEMBERSHIP = "membership-to-be-written"
#: What is different in every copy: ids, the letters of invoice numbers, whose it is.
OWN = re.compile(r"\b(?:cus|pm|sub|si|in|il|inpay|pi|ch)_[A-Za-z0-9]{24}|\b[0-9A-F]{8}(?=[\"-])|" + MEMBERSHIP)


@dataclass(frozen=True)
class Seeded:
    """The ids of one."""

    membership: str
    customer: str
    payment_method: str
    subscription: str
    invoice: str


def seed(world: World, price_id: str, memberships: Iterable[str], *, card: str = cards.WORKS) -> list[Seeded]:
    """A paid subscription to this price for each membership, which is named in the metadata. No event is told."""
    with world.lock:
        models = [_Model(world, price_id, card, world.now() - (day + 1) * DAY) for day in range(DAYS)]
        made: list[Seeded] = []

        def rows() -> Iterator[Row]:
            for place, membership in enumerate(memberships):
                seeded, copies = models[place % DAYS].copy(place, membership)
                made.append(seeded)
                yield from copies

        world.store.load(rows())
        for model in models:
            model.forget(world)
        world.store.commit()
    return made


class _Model:
    """One that was really begun, cut into what stays and what is each copy's own."""

    def __init__(self, world: World, price_id: str, card: str, at: int) -> None:
        world.store.commit()
        world.silent = True
        with world.clock.stopped_at(at):
            customer = world.add(people.customer(at, {"metadata": {"membership": MEMBERSHIP}}))
            card_id = cards.made(world, card, customer["id"])["id"]
            sent = {"metadata": {"membership": MEMBERSHIP}}
            lines = [(world.find("price", price_id), 1)]
            begun = subscribing.start(world, customer, lines, card_id=card_id, sent=sent, used=[], strict=True)
        world.silent = False
        # What was to be announced by now was announced: a hundred thousand of them need not tell it at once.
        touched = [(kind, one) for kind, one in world.store.touched() if kind != "meta"]
        told = [key for key in touched if key[0] == "announcement" and world.find(*key)["at"] <= world.now()]
        for key in told:
            world.store.remove(*key)
        self._ids = [key for key in touched if key not in told]
        items = [world.find(kind, identifier) for kind, identifier in self._ids]
        named = [(customer["id"], card_id, begun["id"], begun["latest_invoice"])]
        self._facts = [
            (kind, one.get("created", 0), tables.tags(one), due_of(kind, one))
            for (kind, _), one in zip(self._ids, items, strict=True)
        ]
        named_by = [
            [one["id"], [value for _, value in facts[2]]] for one, facts in zip(items, self._facts, strict=True)
        ]
        text = "\n".join([*(json.dumps(one) for one in items), json.dumps(named_by), json.dumps(named)])
        self._literal, self._own = OWN.split(text), OWN.findall(text)
        self._slots = {word: place for place, word in enumerate(dict.fromkeys(self._own))}

    def copy(self, number: int, membership: str) -> tuple[Seeded, list[Row]]:
        """The ids of a new one, and its rows for the store."""
        # Ids that rise are written one behind the other: by chance alone it takes twice as long.
        tail = f"{number:08d}" + "".join([ALPHABET[byte % 62] for byte in os.urandom(13)])
        new = {word: _renamed(word, tail, place, membership) for word, place in self._slots.items()}
        parts = [self._literal[0]]
        for word, literal in zip(self._own, self._literal[1:], strict=True):
            parts += (new[word], literal)
        *bodies, told, named = "".join(parts).split("\n")
        rows = []
        for body, (identifier, values), (kind, created, tags, due) in zip(
            bodies, json.loads(told), self._facts, strict=True
        ):
            tagged = [(name, value) for (name, _), value in zip(tags, values, strict=True)]
            rows.append(Row(kind, identifier, created, body, tagged, due))
        customer, card, subscription, invoice = json.loads(named)[0]
        return Seeded(membership, customer, card, subscription, invoice), rows

    def forget(self, world: World) -> None:
        """The model itself was never meant to stay."""
        for kind, identifier in self._ids:
            world.store.remove(kind, identifier)


def _renamed(word: str, tail: str, place: int, membership: str) -> str:
    if word == MEMBERSHIP:
        return membership
    if "_" in word:
        return f"{word.partition('_')[0]}_{tail}{place:03d}"
    return "".join(f"{ord(letter) % 16:X}" for letter in tail[-8:])
