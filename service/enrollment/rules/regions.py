"""The states and territories a person may live in, for the waitlist. USPS codes (Publication 28, appendix B)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from service.kit.errors import words

_NAMES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|GU Guam|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas
KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri
MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina
ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina
SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|VI U.S. Virgin Islands|WA Washington
WV West Virginia|WI Wisconsin|WY Wyoming
"""
REGIONS = dict(entry.split(" ", 1) for line in _NAMES.strip().splitlines() for entry in line.split("|"))


def waiting_regions(open_states: Collection[str]) -> dict[str, str]:
    """Code to name of every region where we are not open, by name."""
    waiting = {code: name for code, name in REGIONS.items() if code not in open_states}
    return dict(sorted(waiting.items(), key=lambda entry: entry[1]))


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody may wait for: a whole state, or a program that we may not offer there. Empty: the whole state."""

    state: str
    program: str = ""


def waiting_places(open_programs: Mapping[str, Collection[str]], programs: Collection[str]) -> tuple[Place, ...]:
    """Everything somebody may wait for, by the state's name: where we are not open, and what is closed where we are.

    `open_programs` are the programs allowed in each state that is open; `programs` are all we have.
    """
    places = []
    for code in sorted(REGIONS, key=lambda code: REGIONS[code]):
        if code not in open_programs:
            places.append(Place(code))
        else:
            places += [Place(code, program) for program in sorted(programs) if program not in open_programs[code]]
    return tuple(places)


def opened_places(open_programs: Mapping[str, Collection[str]]) -> tuple[Place, ...]:
    """Everything that is open: each state, and each program in it."""
    return tuple(
        Place(code, program) for code, programs in open_programs.items() for program in ("", *sorted(programs))
    )


MILITARY_POST = words("a military post address")


def place_name(code: str) -> str:
    """A state's name, or what we call everything that is in none. English, to be translated where it shows."""
    return REGIONS.get(code, MILITARY_POST)
