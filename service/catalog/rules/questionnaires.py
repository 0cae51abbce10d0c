"""The free assessment as data: questions, answers, and which rule each answer sets off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.catalog.rules.reading import Table, unique

KINDS = ("zip", "county", "date", "radios", "checkboxes", "readings")
RESULTS = ("emergency", "not_eligible", "clinician_review")
# Rules that eligibility.py works out itself, from the place, the day and the dated policies.
COMPUTED_RULES = ("G-AGE", "G-RES", "G-POLICY", "H6", "H7")
READING_RULES = ("C1", "C2")  # worked out from typed numbers, where a question asks for them
VERY_HIGH = "very_high"  # what a question may wait for: a typed reading above 180 or above 120


@dataclass(frozen=True)
class Choice:
    """One answer to tick. `exclusive` unticks all others; a `program` must be allowed in their state that day."""

    value: str
    label: str
    hint: str
    rules: tuple[str, ...]
    exclusive: bool
    program: str


@dataclass(frozen=True)
class Question:
    """One page of the assessment. `why` says why we ask. Choices belong to radios and checkboxes only.

    `when` says for whom: earlier questions, and the answers of which one must have been given to each. Empty: for
    everybody. `readings` takes up to two typed blood pressures, or none.
    """

    id: str
    kind: str
    text: str
    hint: str
    why: str
    choices: tuple[Choice, ...]
    when: Mapping[str, tuple[str, ...]]

    def choice(self, value: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)


@dataclass(frozen=True)
class Rule:
    """A screening rule of domain.md 2: its worst consequence, the reason a person reads, perhaps an alert.

    `gate` rules end the assessment at once and leave nothing for a clinician to review. `alert` is raised whoever
    answered, `alert_known` as soon as we know who: at once for a patient, otherwise when an account is made.
    """

    id: str
    result: str
    reason: str
    alert: str
    alert_known: str
    gate: bool


@dataclass(frozen=True)
class Questionnaire:
    """A versioned assessment. Questions are asked in this order.

    `compared_days`: an answer is compared with the one in another attempt of so many days.
    """

    key: str
    version: str
    ruleset: str
    compared_days: int
    questions: tuple[Question, ...]
    rules: Mapping[str, Rule]

    def question(self, question_id: str) -> Question | None:
        return next((question for question in self.questions if question.id == question_id), None)


def read_questionnaire(table: Table) -> Questionnaire:
    """One `assessments/<key>.toml`. Raises CatalogError."""
    rules = MappingProxyType({name: _rule(name, row) for name, row in table.named_tables("rules")})
    questions = tuple(_question(row, rules) for row in table.tables("questions"))
    questionnaire = Questionnaire(
        key=table.like("key", "[a-z][a-z0-9_]*", "first"),
        version=table.text("version"),
        ruleset=table.text("ruleset"),
        compared_days=table.number("attempts_compared_days", 7, least=1),
        questions=unique(table, "questions", questions, lambda question: question.id),
        rules=rules,
    )
    table.close()
    for name in COMPUTED_RULES:
        if name not in rules:
            raise table.fail(f"rules.{name}", "is missing: the assessment works it out in every case")
    if any(question.kind == "readings" for question in questions):
        for name in READING_RULES:
            if name not in rules:
                raise table.fail(f"rules.{name}", "is missing: typed readings can set it off")
    _check_when(table, questions)
    used = {rule for question in questions for choice in question.choices for rule in choice.rules}
    for name in rules:
        if name not in used and name not in COMPUTED_RULES:
            raise table.fail(f"rules.{name}", "is set off by no answer")
    for question_id, kind in (
        ("zip", "zip"),
        ("county", "county"),
        ("born_on", "date"),
        ("condition", "radios"),
    ):
        question = questionnaire.question(question_id)
        if question is None or question.kind != kind:
            raise table.fail("questions", f'there must be a question "{question_id}" of kind {kind}')
    return questionnaire


def _check_when(table: Table, questions: tuple[Question, ...]) -> None:
    """Whoever waits for an answer waits for one that can have been given by then."""
    known: dict[str, set[str]] = {}
    for question in questions:
        for asked, values in question.when.items():
            if asked not in known:
                raise table.fail("questions", f'"{question.id}" waits for "{asked}", which is not asked before it')
            for value in values:
                if value not in known[asked]:
                    raise table.fail("questions", f'"{question.id}" waits for "{value}", no answer to "{asked}"')
        given = {VERY_HIGH} if question.kind == "readings" else {choice.value for choice in question.choices}
        known[question.id] = given


def _rule(name: str, row: Table) -> Rule:
    rule = Rule(
        id=name,
        result=row.one_of("result", RESULTS),
        reason=row.text("reason"),
        alert=row.text("alert", ""),
        alert_known=row.text("alert_known", ""),
        gate=row.flag("gate", False),
    )
    row.close()
    if rule.result == "emergency" and not rule.alert:
        raise row.fail("alert", "is missing: an emergency must call somebody")
    return rule


def _question(row: Table, rules: Mapping[str, Rule]) -> Question:
    question = Question(
        id=row.like("id", "[a-z][a-z0-9_]*", "born_on"),
        kind=row.one_of("kind", KINDS),
        text=row.text("text"),
        hint=row.text("hint", ""),
        why=row.text("why"),
        choices=tuple(_choice(choice, rules) for choice in row.tables("choices", needed=False)),
        when=_when(row),
    )
    row.close()
    if bool(question.choices) != (question.kind in ("radios", "checkboxes")):
        raise row.fail("choices", "belong to radios and checkboxes, and those need them")
    unique(row, "choices", question.choices, lambda choice: choice.value)
    if question.kind == "checkboxes" and not any(choice.exclusive for choice in question.choices):
        raise row.fail("choices", 'need one exclusive choice ("None of these"): nothing ticked is no answer')
    return question


def _when(row: Table) -> Mapping[str, tuple[str, ...]]:
    if not row.has("when"):
        return MappingProxyType({})
    table = row.table("when")
    wanted = {name: table.texts(name) for name in table.names()}
    table.close()
    return MappingProxyType(wanted)


def _choice(row: Table, rules: Mapping[str, Rule]) -> Choice:
    choice = Choice(
        value=row.like("value", "[a-z][a-z0-9_]*", "chest_pain"),
        label=row.text("label"),
        hint=row.text("hint", ""),
        rules=row.texts("rules", ()),
        exclusive=row.flag("exclusive", False),
        program=row.text("program", ""),
    )
    row.close()
    for name in choice.rules:
        if name not in rules:
            raise row.fail("rules", f'"{name}" is not a rule of this assessment')
    return choice
