"""The offline ZIP list, asked one code at a time: it stays packed, and the latest look-ups are remembered."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import zipcodes

from service.catalog.rules.places import Found, NotAZip, PlaceAnswer, ZipRow, five_digits, place
from service.catalog.rules.whole import Catalog


def place_of_zip(catalog: Catalog, zip_text: str, county_fips: str | None = None) -> PlaceAnswer:
    """Where the ZIP in `zip_text` is. `county_fips` is the person's answer when an earlier call asked for it."""
    zip_code = five_digits(zip_text)
    if zip_code is None:
        return NotAZip()
    return place(catalog.states, zip_code, zip_row(zip_code), county_fips)


@lru_cache(maxsize=1024)  # a look-up takes milliseconds, and each page of an assessment asks again
def zip_row(zip_code: str) -> ZipRow | None:
    """The list's entry for five digits, or None."""
    rows: list[dict[str, Any]] = zipcodes.matching(zip_code)  # type: ignore[no-untyped-call]
    if not rows:
        return None
    row = rows[0]
    return ZipRow(
        zip_code=zip_code,
        state=row["state"],
        county=row["county"] or "",
        city=row["city"],
        military=row["zip_code_type"] == "MILITARY",
    )


def zone_of_zip(catalog: Catalog, zip_text: str, county_fips: str | None = None) -> str | None:
    """The time zone of a ZIP, ours or not; None where the list knows none (military post)."""
    place = place_of_zip(catalog, zip_text, county_fips)
    if isinstance(place, Found):
        return place.time_zone
    zip_code = five_digits(zip_text)
    rows: list[dict[str, Any]] = zipcodes.matching(zip_code) if zip_code else []  # type: ignore[no-untyped-call]
    return str(rows[0]["timezone"]) or None if rows else None
