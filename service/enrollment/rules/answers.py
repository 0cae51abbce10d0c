"""One answer at a time: what a page sent becomes a stored answer, or a sentence that says what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from service.catalog.rules.places import five_digits
from service.catalog.rules.questionnaires import Question
from service.catalog.rules.states import State
from service.enrollment.rules.eligibility import Answer
from service.enrollment.rules.pressure import readings
from service.kit.errors import Rejected, words

OLDEST = 120
MOST = 100  # values one page sends at most: ours have a tenth of it
UNKNOWN = Rejected("choice_unknown", words("Choose one of the answers on this page."))
Sent: TypeAlias = Sequence[str]


def validate_answer(
    question: Question,
    sent: Sent,
    *,
    today: date,
    states: Mapping[str, State],
    state: str | None = None,
    zip_code: str = "",
) -> Answer:
    """The answer to store. `sent` holds the values of the page's fields: for a date month, day, year.

    `state` is the state whose counties were offered, as far as `zip_code` reaches into them. Raises Rejected with a
    sentence for the person.
    """
    values = [value.strip() for value in sent]
    if question.kind == "zip":
        return _zip(values)
    if question.kind == "county":
        return _county(values, states.get(state or ""), zip_code)
    if question.kind == "date":
        return _birthday(values, today)
    if question.kind == "readings":
        return readings(values)
    return _choices(question, values)


def _zip(values: list[str]) -> str:
    if not values or not values[0]:
        raise Rejected("zip_missing", words("Enter your ZIP code."))
    zip_code = five_digits(values[0])
    if zip_code is None:
        raise Rejected("zip_unreadable", words("Enter a ZIP code with five digits, like 07102."))
    return zip_code


def _county(values: list[str], state: State | None, zip_code: str) -> str:
    offered = state.counties_of(zip_code) if state else ()
    if not values or values[0] not in {county.fips for county in offered}:
        raise Rejected("county_missing", words("Choose your county."))
    return values[0]


def _birthday(values: list[str], today: date) -> str:
    if len(values) != 3 or not any(values):
        raise Rejected("date_missing", words("Enter your date of birth."))
    if not all(value.isascii() and value.isdigit() for value in values) or len(values[2]) != 4:
        raise Rejected("date_unreadable", words("Enter month, day and year as numbers, like 3 27 1985."))
    month, day, year = (int(value) for value in values)
    try:
        born_on = date(year, month, day)
    except ValueError:
        raise Rejected("date_unreal", words("That day is not in the calendar. Check month, day and year.")) from None
    if born_on > today:
        raise Rejected("date_ahead", words("Your date of birth must be in the past."))
    if today.year - born_on.year > OLDEST:
        raise Rejected("date_long_ago", words("Check the year of your birth."))
    return born_on.isoformat()


def _choices(question: Question, values: list[str]) -> Answer:
    if len(values) > MOST:
        raise UNKNOWN
    chosen = list(dict.fromkeys(value for value in values if value))
    if not chosen:
        raise Rejected("choice_missing", words("Choose an answer to go on."))
    known = [choice for choice in question.choices if choice.value in chosen]
    if len(known) != len(chosen):
        raise UNKNOWN
    if question.kind == "radios":
        if len(chosen) > 1:
            raise Rejected("choice_many", words("Choose one answer."))
        return chosen[0]
    if len(known) > 1 and any(choice.exclusive for choice in known):
        raise Rejected("choice_contradicts", words("Choose what applies, or “None of these”, not both."))
    return [choice.value for choice in known]
