"""Where somebody is in a set of questions, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.catalog.rules.instruments import Instrument, Item


@dataclass(frozen=True, slots=True)
class Page:
    """One question. `number` counts pages from 1, `of` counts the scored questions: the fixed part of the way."""

    number: int
    of: int
    item: Item
    watched: bool  # an answer to it may raise a red flag


def page(instrument: Instrument, number: int) -> Page | None:
    """The `number`-th page, or None when there is none: scored questions first, in the official order."""
    items = _in_order(instrument)
    if not 1 <= number <= len(items):
        return None
    item = items[number - 1]
    watched = any(flag.item == item.id for flag in instrument.red_flags)
    return Page(number, len(instrument.scored_items), item, watched)


def next_page(instrument: Instrument, answers: Mapping[str, int], number: int) -> int | None:
    """The page after `number`; None when the answers are to be checked.

    What is not scored asks how hard the problems made life, so it is left out when there were none.
    """
    if number < len(instrument.scored_items):
        return number + 1
    troubled = any(answers.get(item.id, 0) for item in instrument.scored_items)
    return number + 1 if troubled and number < len(_in_order(instrument)) else None


def resume_page(instrument: Instrument, answers: Mapping[str, int]) -> int | None:
    """The first page without an answer; None when every scored question has one."""
    numbers = (n for n, item in enumerate(instrument.scored_items, 1) if item.id not in answers)
    return next(numbers, None)


def answered(instrument: Instrument, answers: Mapping[str, int]) -> list[tuple[int, Item, str | None]]:
    """Each question with its page and the answer in the official words, for reading over."""
    rows = []
    for number, item in enumerate(_in_order(instrument), 1):
        label = next((option.label for option in item.options if option.value == answers.get(item.id)), None)
        if item.scored or label is not None:
            rows.append((number, item, label))
    return rows


def _in_order(instrument: Instrument) -> tuple[Item, ...]:
    return (*instrument.scored_items, *(item for item in instrument.items if not item.scored))
