"""The states we serve: counties with FIPS codes and time zones, and what each state asks of us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    """The zone of one ZIP code inside a split county; `confirm` when the patient must still be asked."""

    time_zone: str
    confirm: bool


@dataclass(frozen=True)
class State:
    """One state. `open` is the clinic's own switch; counties are in the order of their names."""

    code: str
    name: str
    open: bool
    time_zone: str
    license_authority: str
    license_name: str
    pdmp: str
    record_retention_years: int
    before_visit_notice: str
    zip_prefixes: tuple[str, ...]
    military_zip_prefixes: tuple[str, ...]
    counties: tuple[County, ...]
    zip_zones: Mapping[str, ZipZone]

    def county(self, fips: str) -> County | None:
        """The county with this FIPS code, if it is in this state."""
        return next((county for county in self.counties if county.fips == fips), None)

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
    state = State(
        code=table.like("code", "[A-Z]{2}", "NJ"),
        name=table.text("name"),
        open=table.flag("open"),
        time_zone=time_zone,
        license_authority=table.text("license_authority"),
        license_name=table.text("license_name"),
        pdmp=table.text("pdmp"),
        record_retention_years=table.number("record_retention_years", least=5),
        before_visit_notice=table.text("before_visit_notice", ""),
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
    zone = ZipZone(row.zone("time_zone"), row.flag("confirm"))
    row.close()
    return zone


def _prefixes(table: Table, key: str) -> tuple[str, ...]:
    prefixes = table.texts(key, ())
    for prefix in prefixes:
        if not (len(prefix) == 3 and prefix.isascii() and prefix.isdigit()):
            raise table.fail(key, f'"{prefix}" is not the first three digits of a ZIP code')
    return prefixes
