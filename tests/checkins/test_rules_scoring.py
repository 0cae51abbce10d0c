"""Scores, bands and red flags: the vectors of domain.md 11.2, and what must hold for every answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.instruments import Band, Instrument, Item, Option
from service.checkins.rules.scoring import missing_items, red_flags, score
from service.kit.errors import Rejected

INSTRUMENTS = catalog(HOUSE / "config").instruments
PHQ9, GAD7, PEG, PCL5 = (INSTRUMENTS[key] for key in ("phq9", "gad7", "peg", "pcl5"))


def answered(*values: int) -> dict[str, int]:
    return {str(number): value for number, value in enumerate(values, 1)}


@pytest.mark.parametrize(
    ("values", "total", "band", "flags"),
    [
        ([1] * 9, 9, "mild", ("RF-SI-LOW",)),
        ([3] * 9, 27, "severe", ("RF-SI",)),
        ([0] * 8 + [1], 1, "minimal", ("RF-SI-LOW",)),
        ([0] * 8 + [2], 2, "minimal", ("RF-SI",)),
        ([0] * 9, 0, "minimal", ()),
        ([3] * 8 + [0], 24, "severe", ()),
    ],
)
def test_the_phq_9_as_specified(values, total, band, flags):
    result = score(PHQ9, answered(*values))
    assert (result.total, result.band, result.flags) == (total, band, flags)


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (4, "minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "moderately severe"),
        (19, "moderately severe"),
        (20, "severe"),
    ],
)
def test_phq_9_bands_change_where_they_were_published_to_change(total, band):
    values = [min(3, max(0, total - 3 * position)) for position in range(8)] + [0]
    assert sum(values) == total
    assert score(PHQ9, answered(*values)).band == band


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [([2] * 7, 14, "moderate"), ([2, 2, 2, 2, 2, 2, 3], 15, "severe"), ([0] * 7, 0, "minimal")],
)
def test_the_gad_7_as_specified(values, total, band):
    result = score(GAD7, answered(*values))
    assert (result.total, result.band, result.flags) == (total, band, ())


@pytest.mark.parametrize(
    ("values", "mean"), [((7, 8, 6), "7.0"), ((1, 1, 2), "1.3"), ((0, 0, 0), "0.0"), ((5, 5, 6), "5.3")]
)
def test_the_peg_is_a_mean_to_one_decimal_rounded_half_up(values, mean):
    assert str(score(PEG, answered(*values)).total) == mean


def test_half_a_tenth_rounds_up():
    options = tuple(Option(value, str(value)) for value in range(11))
    items = tuple(Item(str(n), "?", options, scored=True, reverse=False) for n in range(1, 21))
    twenty = Instrument("t", "1", "T", "own", "us", False, "", "", 7, "mean", items, (), None, None, (), ())
    assert score(twenty, answered(*[1] * 5, *[0] * 15)).total == Decimal("0.3")  # 0.25


def test_the_pcl_5_as_specified():
    everything = score(PCL5, answered(*[2] * 20))
    assert (everything.total, everything.cut, everything.provisional, everything.band) == (
        40,
        "flag",
        True,
        "",
    )
    two_items = score(PCL5, answered(4, 4, *[0] * 18))
    assert (two_items.total, two_items.cut, two_items.provisional) == (8, "below", False)


@pytest.mark.parametrize(("total", "cut"), [(30, "below"), (31, "near"), (32, "near"), (33, "flag")])
def test_pcl_5_cut_points(total, cut):
    values = [min(4, max(0, total - 4 * position)) for position in range(20)]
    assert score(PCL5, answered(*values)).cut == cut


def test_pcl_5_risk_taking_calls_a_clinician():
    values = [0] * 20
    values[15] = 3
    assert score(PCL5, answered(*values)).flags == ("RF-RISK",)


def test_nothing_is_estimated_for_a_missing_answer():
    eight = answered(*[1] * 8)
    assert missing_items(PHQ9, eight) == ("9",)
    with pytest.raises(Rejected) as caught:
        score(PHQ9, eight)
    assert caught.value.code == "answers_missing"


def test_the_official_extra_question_may_stay_open_and_never_counts():
    assert score(PHQ9, {**answered(*[1] * 9), "difficulty": 3}).total == 9
    assert "difficulty" not in missing_items(PHQ9, {})


@pytest.mark.parametrize("value", [-1, 4, 99, True])
def test_an_answer_that_is_not_on_the_scale_is_refused(value):
    with pytest.raises(Rejected) as caught:
        score(PHQ9, answered(*[1] * 8, value))
    assert caught.value.code == "answer_off_scale"


def test_an_answer_to_another_instrument_is_refused():
    with pytest.raises(Rejected) as caught:
        score(PHQ9, {**answered(*[1] * 9), "10": 1})
    assert caught.value.code == "answer_unknown"


def test_a_red_flag_is_heard_before_the_rest_is_answered():
    assert red_flags(PHQ9, {"9": 2}) == ("RF-SI",)


def test_a_reversed_item_counts_from_the_other_end():
    options = tuple(Option(value, str(value)) for value in range(11))
    items = (
        Item("1", "?", options, scored=True, reverse=False),
        Item("2", "?", options, scored=True, reverse=True),
    )
    band = (Band(Decimal(0), Decimal(10), "all"),)
    own = Instrument("o", "1", "O", "own", "us", False, "", "", 7, "mean", items, band, None, None, (), ())
    assert score(own, {"1": 4, "2": 10}).total == Decimal("2.0")


@settings(database=None, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_whatever_is_answered_the_phq_9_adds_up_has_a_band_and_never_misses_item_nine(values):
    result = score(PHQ9, answered(*values))
    assert result.total == sum(values)
    assert result.band
    assert bool(result.flags) == (values[8] >= 1)
