"""What somebody may tell about sex, race and ethnicity, for reports that New Jersey asks for (N.J.S.A. 45:1-64). Pure.

The groups are those of the federal standard (OMB, Statistical Policy Directive No. 15, 2024), with ethnicity asked by
itself as New Jersey's statute names it. Each is self-reported, optional, and may be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service.kit.errors import Rejected, words

DECLINED: Final = "declined"
SEX: Final = {
    "female": words("Female"),
    "male": words("Male"),
    "x": words("Another, or X on my documents"),
    DECLINED: words("I prefer not to say"),
}
RACE: Final = {
    "native": words("American Indian or Alaska Native"),
    "asian": words("Asian"),
    "black": words("Black or African American"),
    "mena": words("Middle Eastern or North African"),
    "pacific": words("Native Hawaiian or Pacific Islander"),
    "white": words("White"),
    "other": words("Another"),
    DECLINED: words("I prefer not to say"),
}
ETHNICITY: Final = {
    "hispanic": words("Hispanic or Latino"),
    "not_hispanic": words("Not Hispanic or Latino"),
    DECLINED: words("I prefer not to say"),
}


@dataclass(frozen=True, slots=True)
class Demographics:
    """What was told, as codes of the tables above. Empty: nothing was."""

    sex: str = ""
    race: tuple[str, ...] = ()
    ethnicity: str = ""

    @property
    def told(self) -> bool:
        """Was anything told at all?"""
        return bool(self.sex or self.race or self.ethnicity)


def checked(sex: str, race: tuple[str, ...], ethnicity: str) -> Demographics:
    """What was chosen, in the order of the tables. Raises Rejected for what is none of them or contradicts itself."""
    known = set(race) <= RACE.keys() and (not sex or sex in SEX) and (not ethnicity or ethnicity in ETHNICITY)
    if not known:
        raise Rejected("no_such_choice", words("Choose one of these"))
    if DECLINED in race and len(set(race)) > 1:
        raise Rejected("race_contradicts", words("Choose what fits, or that you prefer not to say"))
    return Demographics(sex, tuple(code for code in RACE if code in race), ethnicity)
