"""Hearing an emergency before anything else. Pure, and needs no database: help is shown even when nothing can be
saved."""

from __future__ import annotations

from collections.abc import Sequence

from service.catalog.rules.questionnaires import Question, Questionnaire, Rule


def emergency_choices(questionnaire: Questionnaire, question: Question, sent: Sequence[str]) -> list[str]:
    """The ticked choices that are emergencies, whatever contradicts them: "None of these" beside one is no comfort."""
    chosen = [choice for choice in question.choices if choice.value in sent]
    return [choice.value for choice in chosen if emergency_rules(questionnaire, choice.rules)]


def emergency_rules(questionnaire: Questionnaire, rule_ids: Sequence[str]) -> list[Rule]:
    """Those of `rule_ids` that are emergencies, in the questionnaire's order; unknown ids are left out."""
    return [rule for rule in questionnaire.rules.values() if rule.id in rule_ids and rule.result == "emergency"]


def emergency_rules_of(questionnaire: Questionnaire, question: Question, sent: Sequence[str]) -> list[Rule]:
    """The emergencies that the ticked choices of one page set off: what the safety page speaks of."""
    ids = [rule for choice in question.choices if choice.value in sent for rule in choice.rules]
    return emergency_rules(questionnaire, ids)
