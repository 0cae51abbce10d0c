"""Measures as data: items, scale, scoring, bands and red flags. The engine is in checkins/rules/scoring.py."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from service.catalog.rules.reading import Table, unique

SCORINGS = ("sum", "mean")


@dataclass(frozen=True)
class Option:
    """One answer on a scale, in the official words."""

    value: int
    label: str


@dataclass(frozen=True)
class Item:
    """One question. An item that is not `scored` may stay unanswered and counts for nothing."""

    id: str
    text: str
    options: tuple[Option, ...]
    scored: bool
    reverse: bool

    def allows(self, value: int) -> bool:
        return any(option.value == value for option in self.options)


@dataclass(frozen=True)
class Band:
    """A range of totals, both ends included, with its published name."""

    lowest: Decimal
    highest: Decimal
    name: str


@dataclass(frozen=True)
class RedFlag:
    """An answer that calls a person: item `item` between `least` and `most` raises alert `code`."""

    item: str
    least: int
    most: int
    code: str


@dataclass(frozen=True)
class Cluster:
    """A symptom cluster: met when at least `needed` of its items are `at_least` or more."""

    name: str
    items: tuple[str, ...]
    at_least: int
    needed: int


@dataclass(frozen=True)
class Instrument:
    """One measure. Totals are sums, or means to one decimal rounded half up. `near` and `cut` are cut-points,
    not bands.
    """

    key: str
    version: str
    name: str
    licence: str
    attribution: str
    validated: bool
    intro: str
    stem: str
    recall_days: int
    scoring: str
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    near: int | None
    cut: int | None
    clusters: tuple[Cluster, ...]
    red_flags: tuple[RedFlag, ...]

    @property
    def scored_items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.scored)


def read_instrument(table: Table) -> Instrument:
    """One `instruments/<key>.toml`. Raises CatalogError."""
    scale = tuple(_option(row) for row in table.tables("scale", needed=False))
    items = unique(table, "items", tuple(_item(row, scale) for row in table.tables("items")), lambda item: item.id)
    names = tuple(item.id for item in items)
    instrument = Instrument(
        key=table.like("key", "[a-z][a-z0-9_]*", "phq9"),
        version=table.text("version"),
        name=table.text("name"),
        licence=table.text("licence"),
        attribution=table.text("attribution"),
        validated=table.flag("validated", True),
        intro=table.text("intro", ""),
        stem=table.text("stem", ""),
        recall_days=table.number("recall_days", least=1),
        scoring=table.one_of("scoring", SCORINGS),
        items=items,
        bands=tuple(_band(row) for row in table.tables("bands", needed=False)),
        near=table.number("near") if table.has("near") else None,
        cut=table.number("cut") if table.has("cut") else None,
        clusters=tuple(_cluster(row, names) for row in table.tables("clusters", needed=False)),
        red_flags=tuple(_red_flag(row, items) for row in table.tables("red_flags", needed=False)),
    )
    table.close()
    _bands_cover_every_total(table, instrument)
    return instrument


def _option(row: Table) -> Option:
    option = Option(row.number("value"), row.text("label"))
    row.close()
    return option


def _item(row: Table, scale: tuple[Option, ...]) -> Item:
    own = tuple(_option(option) for option in row.tables("scale", needed=False))
    item = Item(
        id=row.text("id"),
        text=row.text("text"),
        options=own or scale,
        scored=row.flag("scored", True),
        reverse=row.flag("reverse", False),
    )
    row.close()
    if not item.options:
        raise row.fail("scale", "is missing, here and for the whole instrument")
    unique(row, "scale", item.options, lambda option: str(option.value))
    return item


def _band(row: Table) -> Band:
    band = Band(row.decimal("from"), row.decimal("to"), row.text("name"))
    row.close()
    if band.highest < band.lowest:
        raise row.fail("to", "lies below from")
    return band


def _cluster(row: Table, names: tuple[str, ...]) -> Cluster:
    cluster = Cluster(row.text("name"), row.texts("items"), row.number("at_least"), row.number("needed", least=1))
    row.close()
    for name in cluster.items:
        if name not in names:
            raise row.fail("items", f'"{name}" is not an item of this instrument')
    return cluster


def _red_flag(row: Table, items: tuple[Item, ...]) -> RedFlag:
    flag = RedFlag(row.text("item"), row.number("at_least"), row.number("at_most"), row.text("code"))
    row.close()
    item = next((item for item in items if item.id == flag.item), None)
    if item is None:
        raise row.fail("item", f'"{flag.item}" is not an item of this instrument')
    if not any(flag.least <= option.value <= flag.most for option in item.options):
        raise row.fail("at_least", "no answer to this item could ever raise it")
    return flag


def _bands_cover_every_total(table: Table, instrument: Instrument) -> None:
    """Bands, where there are any, run from the lowest total to the highest without a gap or an overlap."""
    if not instrument.bands:
        return
    lows = [min(option.value for option in item.options) for item in instrument.scored_items]
    highs = [max(option.value for option in item.options) for item in instrument.scored_items]
    step = Decimal(1)
    lowest, highest = Decimal(sum(lows)), Decimal(sum(highs))
    if instrument.scoring == "mean":
        step, lowest, highest = Decimal("0.1"), Decimal(min(lows)), Decimal(max(highs))
    expected = lowest
    for position, band in enumerate(instrument.bands, 1):
        if band.lowest != expected:
            raise table.fail(f"bands[{position}].from", f"is {band.lowest}, and should be {expected}")
        expected = band.highest + step
    if expected != highest + step:
        raise table.fail("bands", f"end at {expected - step}, and should end at {highest}")
