"""What a good faith estimate says (45 CFR 149.610(c)(1)), in our words. Pure; money in cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from config.brand import Brand
from service.catalog.rules.consents import canonical
from service.catalog.rules.estimates import EstimateRules
from service.catalog.rules.plans import Plan
from service.consent.rules.deadlines import DISPUTE_FROM_CENTS, DISPUTE_WITHIN_DAYS
from service.kit.format import day, money

Occasion = Literal["booking", "approval", "asked"]
ON_ASKING = "given on request"
# Codes of the AMA's list are licensed and not ours to print (domain.md 7.5): our own price list has none.
NO_CODE = "none"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the estimate is for."""

    name: str
    born_on: date
    state: str


@dataclass(frozen=True, slots=True)
class Provider:
    """Whoever gives the care. `npi` is the ten-digit National Provider Identifier, "" where it is not known."""

    name: str
    npi: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is expected: how often, and what each costs."""

    what: str
    times: int
    each_cents: int

    @property
    def total_cents(self) -> int:
        return self.times * self.each_cents


def at_booking(visit_on: date) -> tuple[Line, ...]:
    """The visit alone. It is free: what follows is decided there, and has an estimate of its own."""
    return (Line(f"Visit by video with a clinician on {day(visit_on)}", 1, 0),)


def months_ahead(plan: Plan, rules: EstimateRules) -> tuple[Line, ...]:
    """A year of membership: the visits that are part of it, and its price each month."""
    return (
        Line(f"{plan.name}: care by the practice, each month", rules.months, plan.price_cents),
        Line("Visit by video with a clinician, part of the membership", rules.visits, 0),
        Line("Check-ins read by your care team, part of the membership", rules.months, 0),
    )


def write(
    *,
    person: Person,
    practice: Brand,
    provider: Provider | None,
    lines: Iterable[Line],
    first_on: date,
    last_on: date,
    made_on: date,
    not_included: Iterable[str],
    diagnosis: str,
    others: Iterable[Plan] = (),
) -> tuple[str, int]:
    """The whole estimate as Markdown, and its total in cents."""
    lines = tuple(lines)
    total = sum(line.total_cents for line in lines)
    when = f"on {day(first_on)}" if first_on == last_on else f"from {day(first_on)} to {day(last_on)}"
    parts = [
        "# Good faith estimate of what your care costs",
        f"For **{_plain(person.name)}**, born {day(person.born_on)}. Made on {day(made_on)}, for care {when}.",
        f"**Expected total: {money(total)}**",
        "## What we expect",
        _table(lines),
        f"Diagnosis: {diagnosis}",
        _other_plans(others, lines),
        "## Who gives the care",
        "\n".join(_providers(practice, provider, person.state)),
        "## What is not in it",
        "What is arranged apart, or charged by somebody else. Whoever provides it gives you an estimate of their own "
        "when it is scheduled, or when you ask for one:",
        "\n".join(f"- {one}" for one in not_included),
        "## What you should know",
        *_disclaimers(practice),
    ]
    return canonical("\n\n".join(part for part in parts if part)), total


def _table(lines: tuple[Line, ...]) -> str:
    rows = ["| What | Service code | Times | Each | Expected |", "|---|---|---|---|---|"]
    rows += [
        f"| {_plain(line.what)} | {NO_CODE} | {line.times} | {money(line.each_cents)} | {money(line.total_cents)} |"
        for line in lines
    ]
    return "\n".join(rows)


def _other_plans(others: Iterable[Plan], lines: tuple[Line, ...]) -> str:
    said = [
        f"With {plan.name} instead the total would be {money(plan.price_cents * lines[0].times)} "
        f"({money(plan.price_cents)} each month)."
        for plan in others
    ]
    return " ".join(said)


def _providers(practice: Brand, provider: Provider | None, state: str) -> list[str]:
    place = ", ".join(practice.postal_address)
    found = [
        f"- {_plain(practice.legal_name)}, {place}. NPI: {practice.npi or ON_ASKING}. "
        f"Tax number: {practice.tax_id or ON_ASKING}."
    ]
    if provider is not None:
        found.append(f"- {_plain(provider.name)}. NPI: {provider.npi or ON_ASKING}.")
    found.append(f"- Where: by video, you in {state}.")
    return found


def _disclaimers(practice: Brand) -> tuple[str, ...]:
    least = money(DISPUTE_FROM_CENTS, whole=True)
    return (
        "This is an estimate, made from what we know today. Other things may turn out to be needed that are not in it, "
        "and what is charged in the end can differ.",
        f"If you are billed **{least} or more above** what is expected here, you may dispute the bill. You may ask us "
        "to correct it, to bargain, or whether there is help with paying.",
        "You may also start a dispute with the US Department of Health and Human Services. You have "
        f"**{DISPUTE_WITHIN_DAYS} days** from the date on the bill, and there is a small fee. If the decision is for "
        "you, you pay what stands here; if not, you pay the higher amount. Read how at www.cms.gov/nosurprises or call "
        "1-800-985-3059. Starting one does not make your care any worse.",
        "This is **not a contract**. It does not oblige you to take or pay for anything, here or elsewhere.",
        "Keep it: you may need it if a bill is higher. You can ask for another at any time, on your page “Estimates” "
        f"or at {practice.support_phone}.",
    )


def _plain(text: str) -> str:
    """A name as a table and a list can hold it: no mark of Markdown means anything in it."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+-.!|~&" else letter for letter in text)
    return " ".join(escaped.split())
