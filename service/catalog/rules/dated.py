"""What a state asks of us on a given day: its dated rules, read from its file, and answered by the day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from service.catalog.rules.policies import Policy, Value, clash, read_span
from service.catalog.rules.reading import Table

# Licences that let somebody see patients. A state's rule says which of them count there.
LICENSE_KINDS = ("physician", "advanced_practice_nurse", "physician_assistant", "out_of_state_telehealth")
# Registrations asked for beside a licence: the federal one (21 U.S.C. 822), and New Jersey's own.
REGISTRATION_KINDS = ("dea", "cds")
DELIVERY_KINDS = ("street",)  # a home somebody answers the door of: never a post box, never a forwarder
PROGRAM_VALUES = ("on", "review", "off")
PROGRAM, DISCLOSURE = "program.", "disclosure."
# Without one of these a state would refuse everybody, and nobody would know why.
NEEDED = ("open", "licenses", "registrations", "pdmp", "pdmp_hours", "retention_years", "delivery")


@dataclass(frozen=True)
class Pdmp:
    """The prescription monitoring program to ask before prescribing, and for how long its answer stays fresh."""

    system: str
    fresh_for: timedelta


@dataclass(frozen=True)
class DatedRules:
    """The dated rules of one state, by its USPS code. A day without a rule allows nothing and knows nothing."""

    code: str
    rules: tuple[Policy, ...]

    def on(self, topic: str, day: date) -> Policy | None:
        """The one rule of `topic` on `day`, or None."""
        return next((rule for rule in self.rules if rule.topic == topic and rule.covers(day)), None)

    def open_on(self, day: date) -> bool:
        """The clinic's own switch: may patients of this state begin, be charged and be sent anything?"""
        return self._value("open", day) is True

    def program_on(self, program: str, day: date) -> str:
        """ "on", "review" (a clinician looks first) or "off"; "off" where no rule says otherwise."""
        return str(self._value(PROGRAM + program, day) or "off")

    def programs_on(self, day: date) -> tuple[str, ...]:
        """The keys of the programs that may be offered, with a clinician's look first or without."""
        named = (rule for rule in self.rules if rule.topic.startswith(PROGRAM) and rule.covers(day))
        return tuple(rule.topic.removeprefix(PROGRAM) for rule in named if rule.value != "off")

    def licenses_on(self, day: date) -> tuple[str, ...]:
        """The kinds of licence that let somebody see a patient who is in this state."""
        return self._kinds("licenses", day)

    def registrations_on(self, day: date) -> tuple[str, ...] | None:
        """The registrations asked for beside the licence; None where no rule says, which is not the same as none."""
        return self._kinds("registrations", day) if self.on("registrations", day) else None

    def knows_kind(self, kind: str, day: date) -> bool:
        """Does a license or registration of this kind count for anything here on `day`?"""
        return kind in (*self.licenses_on(day), *(self.registrations_on(day) or ()))

    def delivery_on(self, day: date) -> tuple[str, ...]:
        """The kinds of address a parcel may go to."""
        return self._kinds("delivery", day)

    def pdmp_on(self, day: date) -> Pdmp | None:
        """The prescription monitoring program to ask; None where no rule says."""
        system, hours = self._value("pdmp", day), self._value("pdmp_hours", day)
        if not isinstance(system, str) or not isinstance(hours, int):
            return None
        return Pdmp(system, timedelta(hours=hours))

    def retention_years_on(self, day: date) -> int | None:
        """Whole years a record is kept after its last entry; None where no rule says."""
        years = self._value("retention_years", day)
        return years if isinstance(years, int) else None

    def disclosures_on(self, day: date) -> Mapping[str, str]:
        """What must be said to a patient before a visit: key to the words."""
        named = (rule for rule in self.rules if rule.topic.startswith(DISCLOSURE) and rule.covers(day))
        return MappingProxyType({rule.topic.removeprefix(DISCLOSURE): str(rule.value) for rule in named})

    def notice_on(self, day: date) -> str:
        """The words of every disclosure, one after the other; empty where the state asks for none."""
        return " ".join(self.disclosures_on(day).values())

    def _value(self, topic: str, day: date) -> Value | None:
        rule = self.on(topic, day)
        return None if rule is None else rule.value

    def _kinds(self, topic: str, day: date) -> tuple[str, ...]:
        value = self._value(topic, day)
        return value if isinstance(value, tuple) else ()


def read_rules(table: Table, code: str) -> tuple[Policy, ...]:
    """Each `[[rules]]` of a state's file. Raises CatalogError: file, key, reason."""
    rules: list[Policy] = []
    for row in table.tables("rules"):
        topic = row.text("topic")
        first, last = read_span(row)
        rule = Policy(topic, code, first, last, _value(row, topic), row.text("source"), row.text("approved_by", ""))
        row.close()
        if any(clash(rule, other) for other in rules):
            raise row.fail("effective_from", f"overlaps another {topic} of {code}")
        rules.append(rule)
    for topic in NEEDED:
        if not any(rule.topic == topic for rule in rules):
            raise table.fail("rules", f'has no "{topic}"')
    return tuple(rules)


def _value(row: Table, topic: str) -> Value:
    if topic.startswith(PROGRAM):
        return row.one_of("value", PROGRAM_VALUES)
    if topic.startswith(DISCLOSURE):
        return row.text("value")
    if topic not in READERS:
        known = ", ".join([*READERS, f"{PROGRAM}<key>", f"{DISCLOSURE}<key>"])
        raise row.fail("topic", f'is "{topic}", and must be one of {known}')
    return READERS[topic](row)


def _some_of(kinds: tuple[str, ...], *, least: int = 1) -> Callable[[Table], Value]:
    def read(row: Table) -> Value:
        values = row.texts("value")
        for value in values:
            if value not in kinds:
                raise row.fail("value", f'"{value}" is not one of {", ".join(kinds)}')
        if len(values) < least:
            raise row.fail("value", "is empty")
        return values

    return read


READERS: dict[str, Callable[[Table], Value]] = {
    "open": lambda row: row.flag("value"),
    "licenses": _some_of(LICENSE_KINDS),
    "registrations": _some_of(REGISTRATION_KINDS, least=0),
    "pdmp": lambda row: row.text("value"),
    "pdmp_hours": lambda row: row.number("value", least=1),
    "retention_years": lambda row: row.number("value", least=5),
    "delivery": _some_of(DELIVERY_KINDS),
}
