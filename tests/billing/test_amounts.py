"""What somebody types into a field for dollars is taken to the cent, or refused with what to type instead."""

from __future__ import annotations

import pytest

from service.billing.rules import MOST_CENTS, takes_two, typed_cents
from service.kit.errors import Rejected


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("25", 2500),
        ("25.00", 2500),
        ("$25.00", 2500),
        (" $ 25.50 ", 2550),
        ("0.01", 1),
        ("1,025.50", 102550),
        ("007", 700),
        ("21474836.47", MOST_CENTS),
    ],
)
def test_an_amount_is_read_to_the_cent(text: str, cents: int) -> None:
    assert typed_cents(text) == cents


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_amount"),
        ("   ", "no_amount"),
        (None, "no_amount"),
        ("-1", "amount_negative"),
        ("$-1", "amount_negative"),
        ("\N{MINUS SIGN}5", "amount_negative"),
        ("0", "amount_zero"),
        ("0.00", "amount_zero"),
        ("25,5", "amount_unclear"),
        ("25,50", "amount_unclear"),
        ("25.5", "amount_unclear"),
        ("25.555", "amount_unclear"),
        ("1,00", "amount_unclear"),
        ("1e3", "amount_unclear"),
        ("0x10", "amount_unclear"),
        ("twenty", "amount_unclear"),
        ("25 USD", "amount_unclear"),
        ("\N{ARABIC-INDIC DIGIT TWO}5", "amount_unclear"),
        (str(10**12), "amount_too_high"),
        ("21474836.48", "amount_too_high"),
        ("9" * 5000, "amount_too_high"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_words(text: str | None, code: str) -> None:
    with pytest.raises(Rejected) as no:
        typed_cents(text)
    assert no.value.code == code
    assert not no.value.message.endswith(".")


def test_a_second_person_decides_above_the_limit_and_for_whoever_only_asks() -> None:
    assert not takes_two(10000, "billing", above=10000)
    assert takes_two(10001, "owner", above=10000)
    assert takes_two(1, "coordinator", above=10000)
    assert takes_two(4000, "billing", above=10000, alone_so_far=6001), "in small pieces it is no smaller"
