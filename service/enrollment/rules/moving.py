"""Where a new address puts somebody, and what becomes of an enrollment that was for another state. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from service.catalog.rules.places import AskCounty, Found, Military, NotServed, PlaceAnswer
from service.enrollment.rules.booking import AFTER_A_DECISION, BEFORE_A_DECISION
from service.kit.errors import Rejected, words

# What a new address does to an enrollment. "relocate": all goes on there at once. "transfer": a clinician licensed
# there sees them first. "stop": nothing is booked, charged or sent until a person has spoken with them. "home": back
# where the enrollment is. "nothing": there is no enrollment, it is over, or they never left.
Turn = Literal["nothing", "relocate", "transfer", "stop", "home"]

# Military post is a region of its own: no county, no license, whatever state a list files it under.
MILITARY_REGIONS = {"0": "AE", "3": "AA", "9": "AP"}


@dataclass(frozen=True, slots=True)
class Spot:
    """What a ZIP tells. `county_fips` is empty and `served` false where we do not work."""

    zip_code: str
    state: str
    county_fips: str
    served: bool


@dataclass(frozen=True, slots=True)
class WhichCounty:
    """A ZIP of `state` that does not settle the county: the person has to say. `many`: it reaches into several."""

    state: str
    zip_code: str
    many: bool


def spot(place: PlaceAnswer, open_states: Collection[str]) -> Spot | WhichCounty:
    """Where a ZIP puts somebody. Raises Rejected for what is no ZIP, or none that the list knows."""
    if isinstance(place, Found | AskCounty) and place.state not in open_states:
        return Spot(place.zip_code, place.state, "", served=False)
    if isinstance(place, AskCounty) or (isinstance(place, Found) and place.needs_confirmation):
        return WhichCounty(place.state, place.zip_code, many=isinstance(place, Found))
    if isinstance(place, Found):
        return Spot(place.zip_code, place.state, place.county.fips, served=True)
    if isinstance(place, Military):
        return Spot(place.zip_code, MILITARY_REGIONS.get(place.zip_code[0], "AE"), "", served=False)
    if isinstance(place, NotServed) and place.state:
        return Spot(place.zip_code, place.state, "", served=False)
    if isinstance(place, NotServed):
        raise Rejected("zip_unknown", words("We do not know this ZIP code. Check it, or call us if it is right."))
    raise Rejected("zip_unreadable", words("Enter a ZIP code with five digits, like 07102."))


def turn(status: str, enrolled_in: str, lives_in: str, *, welcome: bool, away: bool, visit_begun: bool) -> Turn:
    """What a home in `lives_in` means for an enrollment in `enrolled_in` (USPS codes).

    `welcome`: the state is open today, and the program allowed there. `away`: they lived elsewhere until now.
    `visit_begun`: a visit has begun that nobody has recorded yet; what it leads to is decided where it was booked.
    """
    before, after = status in BEFORE_A_DECISION, status in AFTER_A_DECISION
    if not (before or after):
        return "nothing"
    if enrolled_in == lives_in:
        return "home" if away else "nothing"
    if not welcome or (before and visit_begun):
        return "stop"
    return "relocate" if before else "transfer"
