"""The states we serve: counties with FIPS codes and time zones, and what each state asks of us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from service.catalog.rules.dated import DatedRules, read_rules
from service.catalog.rules.reading import Table, unique


@dataclass(frozen=True)
class County:
    """A county by its five-digit FIPS code. `split` means that its time zone depends on the place inside it."""

    fips: str
    name: str
    time_zone: str
    split: bool


@dataclass(frozen=True)
class ZipZone:
    """The zone of one ZIP code inside a split county; `confirm` when the patient must still be asked.

    `counties` are the FIPS codes it reaches into, where that is known.
    """

    time_zone: str
    confirm: bool
    counties: tuple[str, ...] = ()


@dataclass(frozen=True)
class State(DatedRules):
    """One state: its map, and its dated rules, asked by the day. Counties are in the order of their names."""

    name: str
    time_zone: str
    zip_prefixes: tuple[str, ...]
    military_zip_prefixes: tuple[str, ...]
    counties: tuple[County, ...]
    zip_zones: Mapping[str, ZipZone]

    def day(self, now: datetime) -> date:
        """Today by the state's own clock."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def county(self, fips: str) -> County | None:
        """The county with this FIPS code, if it is in this state."""
        return next((county for county in self.counties if county.fips == fips), None)

    def counties_of(self, zip_code: str) -> tuple[County, ...]:
        """The counties to choose from for a ZIP: those it reaches into, where that is known, else all."""
        known = self.zip_zones.get(zip_code)
        codes = known.counties if known else ()
        return tuple(county for county in self.counties if county.fips in codes) or self.counties

    def county_named(self, name: str) -> County | None:
        """The county whose name matches apart from capitals, spaces, dots and the word County."""
        return next((county for county in self.counties if plain(county.name) == plain(name)), None)


def plain(county_name: str) -> str:
    """A county's name without what sources spell differently ("Desoto County", "DeSoto")."""
    name = county_name.casefold().removesuffix(" county")
    return "".join(letter for letter in name if letter.isalpha())


def read_state(table: Table) -> State:
    """One `states/<state>.toml`. Raises CatalogError."""
    time_zone = table.zone("time_zone")
    counties = tuple(_county(row, time_zone) for row in table.tables("counties"))
    unique(table, "counties", counties, lambda county: county.fips)
    unique(table, "counties", counties, lambda county: plain(county.name))
    code = table.like("code", "[A-Z]{2}", "NJ")
    state = State(
        code=code,
        rules=read_rules(table, code),
        name=table.text("name"),
        time_zone=time_zone,
        zip_prefixes=_prefixes(table, "zip_prefixes"),
        military_zip_prefixes=_prefixes(table, "military_zip_prefixes"),
        counties=tuple(sorted(counties, key=lambda county: county.name)),
        zip_zones=MappingProxyType({zip_code: _zip_zone(row) for zip_code, row in table.named_tables("zip_zones")}),
    )
    table.close()
    return state


def _county(row: Table, state_zone: str) -> County:
    county = County(
        fips=row.like("fips", r"\d{5}", "34013"),
        name=row.text("name"),
        time_zone=row.zone("time_zone", state_zone),
        split=row.flag("split", False),
    )
    row.close()
    return county


def _zip_zone(row: Table) -> ZipZone:
    zone = ZipZone(row.zone("time_zone"), row.flag("confirm"), row.texts("counties", ()))
    row.close()
    return zone


def _prefixes(table: Table, key: str) -> tuple[str, ...]:
    prefixes = table.texts(key, ())
    for prefix in prefixes:
        if not (len(prefix) == 3 and prefix.isascii() and prefix.isdigit()):
            raise table.fail(key, f'"{prefix}" is not the first three digits of a ZIP code')
    return prefixes
