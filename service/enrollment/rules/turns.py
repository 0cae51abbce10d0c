"""Answers that stood in the way and then did not: in one attempt, or from one attempt to the next. For clinicians."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.catalog.rules.questionnaires import Questionnaire
from service.enrollment.rules.eligibility import Answer, Answers

STANDS_IN_THE_WAY = ("emergency", "not_eligible")


@dataclass(frozen=True)
class Turn:
    """What was answered before, and the rules of a no that the later answers no longer set off."""

    question_id: str
    before: Answer
    rule_ids: tuple[str, ...]


def turns(
    questionnaire: Questionnaire,
    before: Answers,
    rules_before: Mapping[str, tuple[str, ...]],
    rules_after: Mapping[str, tuple[str, ...]],
) -> tuple[Turn, ...]:
    """Every answer of `before` whose no is gone in what came after. The rules are those of `rules_by_question`.

    A question that is no longer asked counts too: whoever names another condition takes its answers back with it.
    """
    left = {name for names in rules_after.values() for name in names}
    found = []
    for question_id, names in rules_before.items():
        gone = tuple(name for name in names if _stops(questionnaire, name) and name not in left)
        if gone and question_id in before:
            found.append(Turn(question_id, before[question_id], gone))
    return tuple(found)


def _stops(questionnaire: Questionnaire, rule_id: str) -> bool:
    rule = questionnaire.rules.get(rule_id)
    return rule is not None and rule.result in STANDS_IN_THE_WAY
