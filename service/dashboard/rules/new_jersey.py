"""A year of visits with patients in New Jersey, as N.J.S.A. 45:1-64 asks for it: counted, and without names. Pure.

The statute's fields: encounters, technology, category of condition, region of patient and practitioner, age, sex, race
and ethnicity, prescriptions, diagnosis codes, evaluation and management codes, source of payment (domain.md 3.3).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

STATE: Final = "NJ"
ZONE: Final = ZoneInfo("America/New_York")
FIRST_YEAR: Final = 2026  # before that there was no practice
SMALL: Final = 11  # CMS cell suppression policy: what counts one to ten may point at a person
UNKNOWN: Final = "not told"
WITHHELD: Final = "withheld"
# Three parts of the state, our default: a county with an age and a diagnosis may be one person.
_REGIONS: Final = {
    "North": "34003 34013 34017 34027 34031 34037 34039 34041",
    "Central": "34019 34021 34023 34025 34029 34035",
    "South": "34001 34005 34007 34009 34011 34015 34033",
}
REGION_OF: Final = {fips: name for name, several in _REGIONS.items() for fips in several.split()}
_BANDS: Final = ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, 74), (75, 84))
WHO: Final = ("region", "age", "sex", "race", "ethnicity")  # what, taken together, could point at a person


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit and nothing that names anybody: no id, no day, no county. Several values have "; " between them."""

    technology: str
    condition: str
    region: str
    practitioner_region: str
    age: str
    sex: str
    race: str
    ethnicity: str
    prescriptions: str
    diagnoses: str
    em_code: str
    payment_source: str


COLUMNS: Final = tuple(one.name for one in fields(Seen))


@dataclass(slots=True)
class Counts:
    """How often each value of each column was seen, and how many people share it, or all that could point at them.

    It is people who are counted where few is the question: one with a visit each month is one, however many visits.
    """

    total: int = 0
    by: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in COLUMNS})
    alike: dict[tuple[str, ...], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    share: dict[tuple[str, str], set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def add(self, who: UUID, seen: Seen) -> None:
        """Count one visit of `who`. A visit with two diagnoses counts under both."""
        self.total += 1
        self.alike[alike(seen)].add(who)
        for name in COLUMNS:
            for value in getattr(seen, name).split("; "):
                self.by[name][value] += 1
                self.share[name, value].add(who)

    def is_small(self, seen: Seen) -> bool:
        """Are there so few people like this one that somebody might know who it is?"""
        return len(self.alike.get(alike(seen), ())) < SMALL

    def shown(self, seen: Seen) -> Seen:
        """A visit as it may leave the practice: of few alike, what could point at one of them is withheld."""
        return replace(seen, **dict.fromkeys(WHO, WITHHELD)) if self.is_small(seen) else seen

    def table(self, name: str) -> list[tuple[str, int, bool]]:
        """(value, how many visits, of few enough people to point at one) of one column, the most frequent first."""
        ordered = sorted(self.by[name].items(), key=lambda one: (-one[1], one[0]))
        return [(value or UNKNOWN, number, len(self.share[name, value]) < SMALL) for value, number in ordered]


def counted(several: Iterable[tuple[UUID, Seen]]) -> Counts:
    """All of them, counted; whose each was goes no further."""
    counts = Counts()
    for who, one in several:
        counts.add(who, one)
    return counts


def alike(seen: Seen) -> tuple[str, ...]:
    """What a person and others like them share."""
    return tuple(getattr(seen, name) for name in WHO)


def year_of(year: int) -> tuple[datetime, datetime]:
    """The first moment of a calendar year on New Jersey's clock, and of the next."""
    first, following = (datetime(one, 1, 1, tzinfo=ZONE).astimezone(UTC) for one in (year, year + 1))
    return first, following


def age_band(born_on: date, day: date) -> str:
    """The age in whole years, as a band. From 85 on there are too few to say more (45 CFR 164.514(b)(2)(i)(C))."""
    years = day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
    for first, last in _BANDS:
        if years <= last:
            return f"{first} to {last}" if years >= first else "under 18"
    return "85 and over"


def region(county_fips: str) -> str:
    """The part of the state that a county is in; "not told" where no county is on record."""
    return REGION_OF.get(county_fips, UNKNOWN)


def cell(value: object) -> str:
    """What a spreadsheet would take for a formula is text, and is marked as such."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
