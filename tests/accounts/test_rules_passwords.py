"""What a password may be."""

from __future__ import annotations

import pytest

from service.accounts.rules import password_problem
from service.accounts.rules.passwords import COMMON, LOOKED_AT, TOO_CLOSE, TOO_COMMON, TOO_EASY, TOO_LONG, TOO_SHORT

ANA = ("Ana-Lucía", "Rivera", "ana.rivera@example.com")


@pytest.mark.parametrize("password", ["seven quiet herons", "correct horse battery", "tulip7Gravel", "кошка на крыше"])
def test_length_and_surprise_are_enough_whatever_the_kinds_of_letters(password: str) -> None:
    assert password_problem(password, ANA) is None


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", TOO_SHORT),
        ("h7#kQ2x", TOO_SHORT),
        ("x7" * 65, TOO_LONG),
        ("iloveyou", TOO_COMMON),
        ("  PASSWORD1 ", TOO_COMMON),
        ("aaaaaaaaaaaa", TOO_EASY),
        ("abcdefghijkl", TOO_EASY),
        ("homeward2026", TOO_EASY),
        ("anarivera1", TOO_CLOSE),
        ("Ana.Rivera", TOO_CLOSE),
        ("rivera1985", TOO_CLOSE),
        ("areviR19", TOO_CLOSE),
    ],
)
def test_what_strangers_try_is_refused_with_its_reason(password: str, problem: str) -> None:
    assert password_problem(password, ANA) == problem


def test_eight_and_a_hundred_and_twenty_eight_characters_are_allowed() -> None:
    assert password_problem("kV7#pq2!") is None
    assert password_problem("seven quiet herons " * 6 + "on a lake!") is None
    assert len("seven quiet herons " * 6 + "on a lake!") <= 128


def test_the_list_holds_more_than_the_three_thousand_that_fit_our_length() -> None:
    fitting = [word for word in COMMON if len(word) >= 8]
    assert len(fitting) > 3000
    assert all(password_problem(word) == TOO_COMMON for word in fitting)


def test_one_persons_name_says_nothing_about_the_next_persons_password() -> None:
    assert password_problem("zebulonq1", ["Zebulonq"]) == TOO_CLOSE
    assert password_problem("zebulonq1", ["Maria"]) is None


def test_a_password_made_to_be_hard_to_judge_is_judged_by_its_beginning() -> None:
    assert password_problem("4@8({[</369&#!1/|0$5+7%2" * 5) is None
    assert password_problem("a" * LOOKED_AT + "tulip gravel seven") == TOO_EASY
