"""One answer at a time: what is taken, and the sentence where it is not."""

from __future__ import annotations

from datetime import date

import pytest

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.enrollment.rules.answers import validate_answer
from service.kit.errors import Rejected

CATALOG = catalog(HOUSE / "config")
FIRST = CATALOG.assessments["first"]
TODAY = date(2026, 11, 21)


def take(question_id: str, *sent: str, state: str | None = None):
    return validate_answer(FIRST.question(question_id), sent, today=TODAY, states=CATALOG.states, state=state)


def refused(question_id: str, *sent: str, state: str | None = None) -> Rejected:
    with pytest.raises(Rejected) as caught:
        take(question_id, *sent, state=state)
    assert "please" not in caught.value.message.casefold()
    assert "invalid" not in caught.value.message.casefold()
    return caught.value


def test_good_answers_are_stored_in_one_form():
    assert take("zip", " 07102-1234 ") == "07102"
    assert take("born_on", "3", "27", "1985") == "1985-03-27"
    assert take("county", "12001", state="FL") == "12001"
    assert take("condition", "ocd") == "ocd"
    assert take("heart", "older_heart", "vessels", "vessels") == ["vessels", "older_heart"]
    assert take("heart", "none") == ["none"]


@pytest.mark.parametrize(("sent", "code"), [((), "zip_missing"), (("",), "zip_missing"), (("0710",), "zip_unreadable")])
def test_a_zip_that_cannot_be_read(sent, code):
    assert refused("zip", *sent).code == code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ((), "date_missing"),
        (("", "", ""), "date_missing"),
        (("3", "", "1985"), "date_unreadable"),
        (("3", "27", "85"), "date_unreadable"),
        (("March", "27", "1985"), "date_unreadable"),
        (("2", "30", "1985"), "date_unreal"),
        (("13", "1", "1985"), "date_unreal"),
        (("2", "29", "2007"), "date_unreal"),
        (("11", "22", "2026"), "date_ahead"),
        (("1", "1", "1900"), "date_long_ago"),
        (("0", "0", "0000"), "date_unreal"),
        (("٣", "27", "1985"), "date_unreadable"),
    ],
)
def test_a_date_of_birth_that_cannot_be(sent, code):
    assert refused("born_on", *sent).code == code


@pytest.mark.parametrize(
    ("question", "sent", "code"),
    [
        ("condition", (), "choice_missing"),
        ("heart", (), "choice_missing"),
        ("condition", ("magic",), "choice_unknown"),
        ("condition", ("ocd", "ptsd"), "choice_many"),
        ("heart", ("none", "vessels"), "choice_contradicts"),
        ("heart", ("vessels", "magic"), "choice_unknown"),
    ],
)
def test_choices_that_are_none_too_many_or_not_ours(question, sent, code):
    assert refused(question, *sent).code == code


@pytest.mark.parametrize(("sent", "state"), [("34013", "FL"), ("12001", None), ("", "FL"), ("99999", "NJ")])
def test_a_county_that_was_not_offered(sent, state):
    assert refused("county", sent, state=state).code == "county_missing"
