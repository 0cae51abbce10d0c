"""Where the bars of a chart of months lie. Pure: the template only draws what this says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10

STEPS = 4  # lines above nothing, at most about so many
LETTER = 10  # the most that a letter of the number above a bar is wide


@dataclass(frozen=True)
class Bar:
    """One bar as drawn, with the name under it where there is room. `above`: its number, on the last one."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    name: str
    text: str
    labelled: bool
    text_y: float


@dataclass(frozen=True)
class Line:
    """A horizontal rule and its number."""

    at: float
    text: str


@dataclass(frozen=True)
class Picture:
    """The drawing, in units of its own viewBox."""

    width: int
    height: int
    left: int
    right: int
    zero: float
    under: float
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Bars:
    """Values in order, drawn for a wide and for a narrow place."""

    rows: tuple[tuple[str, str], ...]
    wide: Picture
    narrow: Picture


def bars(values: Sequence[tuple[str, int]], *, say: Callable[[int], str], axis: Callable[[int], str]) -> Bars:
    """Lay out (name, value) as bars from nothing up, or down where a value is negative.

    `say` is a value in words, `axis` the same, shorter. Raises ValueError without values.
    """
    if not values:
        raise ValueError("a chart needs at least one value")
    return Bars(
        tuple((name, say(value)) for name, value in values),
        _picture(values, say, axis, 760, 300, names=13),
        _picture(values, say, axis, 340, 280, names=4),
    )


def steps(low: int, high: int) -> list[int]:
    """Round numbers from at most `low` to at least `high`, nothing always among them."""
    span = max(high, 0) - min(low, 0) or 1
    rough = max(span / STEPS, 1)
    power = 10 ** floor(log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough)
    step = max(1, round(step))
    return [number * step for number in range(floor(min(low, 0) / step), ceil(max(high, 0) / step) + 1)]


def _picture(
    values: Sequence[tuple[str, int]],
    say: Callable[[int], str],
    axis: Callable[[int], str],
    width: int,
    height: int,
    *,
    names: int,
) -> Picture:
    marks = steps(min(value for _, value in values), max(value for _, value in values))
    if len(marks) == 1:
        marks = [0, 1]
    left, right, top, bottom = 64, width - 8, 26, height - 34

    def down(value: float) -> float:
        return round(bottom - (bottom - top) * (value - marks[0]) / (marks[-1] - marks[0]), 1)

    slot = (right - left) / len(values)
    thick = round(min(slot * 0.68, 64), 1)
    every = ceil(len(values) / names)
    drawn = []
    for number, (name, value) in enumerate(values):
        x = left + slot * number + (slot - thick) / 2
        y, zero = down(value), down(0)
        last = number == len(values) - 1
        drawn.append(
            Bar(
                x=round(x, 1),
                y=min(y, zero),
                width=thick,
                height=round(abs(zero - y), 1),
                middle=round(x + thick / 2, 1),
                name=name if (len(values) - 1 - number) % every == 0 else "",
                text=say(value),
                labelled=last,
                text_y=0,
            )
        )
    drawn[-1] = replace(drawn[-1], text_y=_clear(drawn, right))
    return Picture(
        width=width,
        height=height,
        left=left,
        right=right,
        zero=down(0),
        under=bottom + 22,
        lines=tuple(Line(down(mark), axis(mark)) for mark in marks),
        bars=tuple(drawn),
    )


def _clear(drawn: Sequence[Bar], right: float) -> float:
    """Where the last bar's number stands above every bar it reaches over: it ends at the right edge."""
    *others, last = drawn
    begins = right - LETTER * len(last.text)
    return round(min([last.y, *(bar.y for bar in others if bar.x + bar.width >= begins)]) - 8, 1)
