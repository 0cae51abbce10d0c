"""Where a ZIP code is, as far as a ZIP code can say. It only pre-screens: the street address decides later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from service.catalog.rules.states import County, State

MILITARY_STATES = ("AA", "AE", "AP")
# The source files some military post boxes under a state: these are what they call the "city".
MILITARY_CITIES = ("apo", "dpo", "fpo")


@dataclass(frozen=True)
class ZipRow:
    """What the offline ZIP list says of one code; `county` may be empty or oddly spelt."""

    zip_code: str
    state: str
    county: str
    city: str
    military: bool


@dataclass(frozen=True)
class Found:
    """A county of a state on file, open or not: that is for its rules to say.

    `needs_confirmation` when the ZIP reaches into more than one county or zone; `asked` when the county is the
    person's own answer.
    """

    zip_code: str
    state: str
    county: County
    time_zone: str
    needs_confirmation: bool
    asked: bool


@dataclass(frozen=True)
class AskCounty:
    """A ZIP of a state on file that does not tell the county. `time_zone` is the one of most of the state."""

    zip_code: str
    state: str
    time_zone: str


@dataclass(frozen=True)
class Military:
    """A military post address: we cannot serve it, and no county question would help."""

    zip_code: str


@dataclass(frozen=True)
class NotServed:
    """A ZIP outside the states on file. `state` is None when the list does not know it."""

    zip_code: str
    state: str | None


@dataclass(frozen=True)
class NotAZip:
    """Not five digits (or ZIP+4)."""


PlaceAnswer: TypeAlias = Found | AskCounty | Military | NotServed | NotAZip


def five_digits(text: str) -> str | None:
    """The five-digit ZIP in what a person typed (ZIP+4 allowed), or None."""
    match = re.fullmatch(r"([0-9]{5})(?:[ -]?[0-9]{4})?", text.strip())
    return match[1] if match else None


def place(
    states: Mapping[str, State], zip_code: str, row: ZipRow | None, county_fips: str | None = None
) -> PlaceAnswer:
    """Where `zip_code` is. `row` is the list's entry, if it has one; `county_fips` is the person's own answer,
    heard only where the ZIP left a question open.
    """
    if _is_military(states, zip_code, row):
        return Military(zip_code)
    code = row.state if row else _state_by_prefix(states, zip_code)
    state = states.get(code or "")
    if state is None:
        return NotServed(zip_code, code)
    listed = state.county_named(row.county) if row and row.county else None
    confirm = listed is not None and _must_confirm(state, listed, zip_code)
    chosen = state.county(county_fips) if county_fips and (listed is None or confirm) else None
    county = chosen or listed
    if county is None:
        return AskCounty(zip_code, state.code, state.time_zone)
    zone = _zone(state, county, zip_code)
    return Found(
        zip_code,
        state.code,
        county,
        zone,
        needs_confirmation=confirm and not chosen,
        asked=chosen is not None,
    )


def _is_military(states: Mapping[str, State], zip_code: str, row: ZipRow | None) -> bool:
    if row is not None:
        return row.military or row.state in MILITARY_STATES or row.city.casefold() in MILITARY_CITIES
    return any(zip_code.startswith(state.military_zip_prefixes) for state in states.values())


def _state_by_prefix(states: Mapping[str, State], zip_code: str) -> str | None:
    return next((state.code for state in states.values() if zip_code.startswith(state.zip_prefixes)), None)


def _must_confirm(state: State, county: County, zip_code: str) -> bool:
    settled = state.zip_zones.get(zip_code)
    return settled.confirm if settled else county.split


def _zone(state: State, county: County, zip_code: str) -> str:
    by_zip = state.zip_zones.get(zip_code)
    return by_zip.time_zone if county.split and by_zip else county.time_zone
