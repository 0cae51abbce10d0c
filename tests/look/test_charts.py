"""A chart is laid out so that a phone and a wide screen both tell the same story."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.kit import charts
from tests.look.guide import BANDS, series

FIRST = date(2026, 9, 8)


def test_higher_scores_lie_higher_and_later_days_lie_further_right() -> None:
    dots = series().wide.dots
    assert [dot.x for dot in dots] == sorted(dot.x for dot in dots)
    assert dots[0].y < dots[-1].y


def test_the_bands_fill_the_scale_without_a_gap() -> None:
    drawing = series().narrow.ground
    assert round(sum(strip.height for strip in drawing.bands), 1) == drawing.bottom - drawing.top
    assert drawing.bands[-1].top == drawing.top


def test_everything_lies_inside_the_drawing() -> None:
    for drawing in (series().wide, series().narrow):
        edge = drawing.ground
        assert all(edge.left < dot.x < edge.right and edge.top <= dot.y <= edge.bottom for dot in drawing.dots)


def test_only_the_first_and_the_last_score_carry_their_number() -> None:
    assert [dot.label for dot in series().wide.dots] == ["17", "", "", "", "", "8"]


def test_one_score_stands_in_the_middle() -> None:
    drawing = charts.chart([charts.Point(FIRST, 12)], low=0, high=27).wide
    assert drawing.dots[0].x == pytest.approx((drawing.ground.left + drawing.ground.right) / 2)
    assert drawing.dots[0].label == "12"


def test_two_days_close_together_do_not_print_over_each_other() -> None:
    points = [charts.Point(FIRST + timedelta(days=gap), 5) for gap in (0, 1, 90)]
    assert len(charts.chart(points, low=0, high=10).narrow.columns) == 2


def test_a_score_on_the_edge_belongs_to_one_band() -> None:
    drawn = charts.chart([charts.Point(FIRST, 10)], low=0, high=27, bands=BANDS)
    assert drawn.band_of(10) == "Moderate"
    assert drawn.band_of(9) == "Mild"


@pytest.mark.parametrize("value", [-1, 28])
def test_a_score_outside_its_scale_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        charts.chart([charts.Point(FIRST, value)], low=0, high=27)


def test_a_chart_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        charts.chart([], low=0, high=27)
