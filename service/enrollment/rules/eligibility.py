"""The free assessment: which question comes next, whether an answer can be taken, what the answers add up to.

It screens and routes; it never approves and never diagnoses. Rule ids and outcomes: domain.md 2.
`Answers` is what is stored: question id to a text (ZIP, FIPS code, ISO date, choice) or a list of choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from service.catalog.rules.dated import PROGRAM
from service.catalog.rules.engine import Situation, ask
from service.catalog.rules.places import AskCounty, Found, PlaceAnswer
from service.catalog.rules.policies import Policy, policy_in_force
from service.catalog.rules.questionnaires import VERY_HIGH, Choice, Question, Questionnaire, Rule
from service.enrollment.rules import pressure
from service.kit.errors import Rejected, words

Answer: TypeAlias = str | list[str]
Answers: TypeAlias = Mapping[str, Answer]

OUTCOMES = ("emergency", "not_eligible", "clinician_review", "eligible")  # worst first
ADULT_AT = 18
REVIEW_FROM_AGE = 65  # H6, a clinic default


@dataclass(frozen=True)
class ScreeningResult:
    """What the answers add up to. `hits` are the rules set off, worst first, each once."""

    outcome: str
    hits: tuple[Rule, ...]

    @property
    def rule_ids(self) -> list[str]:
        return [rule.id for rule in self.hits]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences that explain this outcome to the person, each once, milder ones left out."""
        return tuple(dict.fromkeys(rule.reason for rule in self.hits if rule.result == self.outcome))

    @property
    def alerts(self) -> tuple[str, ...]:
        """Alert codes of config/alerts.toml, each once."""
        return tuple(dict.fromkeys(rule.alert for rule in self.hits if rule.alert))

    @property
    def ends(self) -> bool:
        """True when nothing more needs asking: an emergency, or a gate no clinician could open."""
        return any(rule.result == "emergency" or rule.gate for rule in self.hits)

    @property
    def may_ask_for_review(self) -> bool:
        """A clinical no may be looked at by a person; age, place and law leave nothing to look at."""
        return self.outcome == "not_eligible" and not any(rule.gate for rule in self.hits)


def next_question(
    questionnaire: Questionnaire,
    answers: Answers,
    *,
    place: PlaceAnswer | None,
    now: datetime,
    policies: Iterable[Policy],
) -> Question | None:
    """The next page, or None when the assessment is at its end. `place` is where answers["zip"] is, None before."""
    if screen(questionnaire, answers, place=place, now=now, policies=policies).ends:
        return None
    asked = questions_asked(questionnaire, answers, place)
    return next((question for question in asked if _open(question, answers, place)), None)


def questions_asked(questionnaire: Questionnaire, answers: Answers, place: PlaceAnswer | None) -> tuple[Question, ...]:
    """Every question this person meets, as far as the answers tell, unless the assessment ends early."""
    met: list[Question] = []
    given: dict[str, set[str]] = {}
    for question in questionnaire.questions:
        wanted = question.when.items()
        if _where_asked(question, place) and all(given.get(name, set()) & set(values) for name, values in wanted):
            met.append(question)
            given[question.id] = values_of(question, answers)
    return tuple(met)


def fitting(questionnaire: Questionnaire, answers: Answers, place: PlaceAnswer | None) -> dict[str, Answer]:
    """Only the answers to questions that are asked: whoever changes an earlier answer takes back what hung on it."""
    ids = {question.id for question in questions_asked(questionnaire, answers, place)}
    return {name: answer for name, answer in answers.items() if name in ids}


def decide(
    questionnaire: Questionnaire,
    answers: Answers,
    *,
    place: PlaceAnswer | None,
    now: datetime,
    policies: Iterable[Policy],
) -> ScreeningResult:
    """The outcome. Raises Rejected("assessment_unfinished") while a question is open and nothing has ended it."""
    policies = tuple(policies)
    result = screen(questionnaire, answers, place=place, now=now, policies=policies)
    if next_question(questionnaire, answers, place=place, now=now, policies=policies) is not None:
        raise Rejected("assessment_unfinished", words("There are questions left to answer."))
    return result


def screen(
    questionnaire: Questionnaire,
    answers: Answers,
    *,
    place: PlaceAnswer | None,
    now: datetime,
    policies: Iterable[Policy],
) -> ScreeningResult:
    """What the answers so far add up to. Only `decide` knows that nothing is missing."""
    found = rules_by_question(questionnaire, answers, place=place, now=now, policies=policies)
    names = dict.fromkeys(name for names in found.values() for name in names)
    hits = sorted((questionnaire.rules[name] for name in names), key=lambda rule: OUTCOMES.index(rule.result))
    return ScreeningResult(hits[0].result if hits else "eligible", tuple(hits))


def rules_by_question(
    questionnaire: Questionnaire,
    answers: Answers,
    *,
    place: PlaceAnswer | None,
    now: datetime,
    policies: Iterable[Policy],
) -> dict[str, tuple[str, ...]]:
    """Which rules each answer sets off, in the order of the questions; one to a question not asked sets off none."""
    policies = tuple(policies)
    found: dict[str, tuple[str, ...]] = {}
    for question in questions_asked(questionnaire, answers, place):
        if question.id not in answers:
            continue
        names = [rule for choice in _chosen(question, answers) for rule in choice.rules]
        for choice in _chosen(question, answers):
            names += _program_rules(choice, place, policies, now)
        if question.kind == "zip":
            names += _place_rules(place, policies, now)
        if question.id == "born_on":
            names += _age_rules(answers, place, now)
        if question.kind == "readings":
            names += pressure.rules_of(answers[question.id])
        found[question.id] = tuple(dict.fromkeys(names))
    return found


def age_on(born_on: date, day: date) -> int:
    """Whole years on `day`. Someone born on 29 February grows older on 1 March (domain.md 11.2)."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def local_day(place: PlaceAnswer | None, now: datetime) -> date:
    """Today where the person lives; where that is unknown, or not ours, in New York."""
    zone = place.time_zone if isinstance(place, Found | AskCounty) else "America/New_York"
    return now.astimezone(ZoneInfo(zone)).date()


def program_of(questionnaire: Questionnaire, answers: Answers) -> str | None:
    """The key of the program the chosen condition leads to."""
    question = questionnaire.question("condition")
    return next((c.program for c in _chosen(question, answers) if c.program), None) if question else None


def _open(question: Question, answers: Answers, place: PlaceAnswer | None) -> bool:
    if question.kind == "county":  # an answer that belonged to another ZIP code leaves the question open
        return isinstance(place, AskCounty) or (isinstance(place, Found) and place.needs_confirmation)
    return question.id not in answers


def _where_asked(question: Question, place: PlaceAnswer | None) -> bool:
    if question.kind != "county":
        return True
    return isinstance(place, AskCounty) or (isinstance(place, Found) and (place.needs_confirmation or place.asked))


def values_of(question: Question, answers: Answers) -> set[str]:
    """What a later question may wait for in the answer to this one."""
    if question.kind == "readings":
        return {VERY_HIGH} if pressure.very_high(answers.get(question.id, [])) else set()
    return {choice.value for choice in _chosen(question, answers)}


def _chosen(question: Question, answers: Answers) -> list[Choice]:
    answer = answers.get(question.id, [])
    values = [answer] if isinstance(answer, str) else answer
    return [choice for choice in question.choices if choice.value in values]


def _place_rules(place: PlaceAnswer | None, policies: Iterable[Policy], now: datetime) -> list[str]:
    return ["G-RES"] if "state_closed" in _refused(place, policies, now) else []


def _age_rules(answers: Answers, place: PlaceAnswer | None, now: datetime) -> list[str]:
    answer = answers.get("born_on")
    if not isinstance(answer, str):
        return []
    age = age_on(date.fromisoformat(answer), local_day(place, now))
    if age < ADULT_AT:
        return ["G-AGE"]
    return ["H6"] if age >= REVIEW_FROM_AGE else []


def _program_rules(choice: Choice, place: PlaceAnswer | None, policies: Iterable[Policy], now: datetime) -> list[str]:
    """A program is closed unless the rules of the person's state allow it on that day, alone or with review (H7)."""
    if not choice.program or not isinstance(place, Found | AskCounty):
        return []
    if "program_closed" in _refused(place, policies, now, choice.program):
        return ["G-POLICY"]
    rule = policy_in_force(policies, PROGRAM + choice.program, place.state, local_day(place, now))
    return ["H7"] if rule is not None and rule.value == "review" else []


def _refused(
    place: PlaceAnswer | None, policies: Iterable[Policy], now: datetime, program: str | None = None
) -> tuple[str, ...]:
    """What the state-rule engine says against it, in its codes."""
    state = place.state if isinstance(place, Found | AskCounty) else None
    here = Situation(day=local_day(place, now), now=now, program=program, residence=state)
    return ask("assessment", state=state, policies=policies, situation=here).codes
