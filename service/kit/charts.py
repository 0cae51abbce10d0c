"""Where the points, bands and labels of a score chart lie. Pure: the template only draws what this says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple


@dataclass(frozen=True)
class Point:
    """One score on one day."""

    on: date
    value: float


class Band(NamedTuple):
    """A named range of the score, `low` to `high` inclusive. `tone` 0 (best) to 4 (worst) picks its colour.

    A tuple, because grounds are found by their bands, some of which each page looks up.
    """

    name: str
    low: float
    high: float
    tone: int


@dataclass(frozen=True)
class Strip:
    """A band as drawn."""

    name: str
    tone: int
    top: float
    height: float

    @property
    def middle(self) -> float:
        """Where its name stands."""
        return round(self.top + self.height / 2, 1)


@dataclass(frozen=True)
class Row:
    """A horizontal rule and its number."""

    at: float
    text: str


@dataclass(frozen=True)
class Column:
    """A day under the chart."""

    at: float
    on: date
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Dot:
    """A score as drawn. Only the first and the last carry their number."""

    x: float
    y: float
    label: str
    label_x: float
    label_y: float


@dataclass(frozen=True, eq=False)
class Ground:
    """What a drawing stands on, in units of its own viewBox: the same for everybody, whatever their scores.

    There is one of each kind (`_ground` keeps them), so that one is told from another by being itself.
    """

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    bands: tuple[Strip, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Drawing:
    """One person's drawing on its ground."""

    ground: Ground
    columns: tuple[Column, ...]
    dots: tuple[Dot, ...]
    path: str

    @property
    def last(self) -> Dot:
        """The newest score, drawn larger."""
        return self.dots[-1]


@dataclass(frozen=True)
class Chart:
    """A score over time, drawn for a wide and for a narrow place."""

    points: tuple[Point, ...]
    bands: tuple[Band, ...]
    wide: Drawing
    narrow: Drawing

    def say(self, value: float) -> str:
        """A score as people write it: 8, not 8.0."""
        return f"{value:g}"

    def band_of(self, value: float) -> str:
        """The name of the range a score falls in; empty where none is defined."""
        return next((band.name for band in self.bands if band.low <= value <= band.high), "")


def chart(points: Sequence[Point], *, low: float, high: float, bands: Sequence[Band] = ()) -> Chart:
    """Lay out `points` between `low` and `high`, the ends of the scale.

    Raises ValueError without points, with an empty scale, or with a score outside it.
    """
    if not points:
        raise ValueError("a chart needs at least one point")
    if high <= low:
        raise ValueError("a scale has a low and a higher end")
    if any(not low <= point.value <= high for point in points):
        raise ValueError("a score lies outside its scale")
    ordered = tuple(sorted(points, key=lambda point: point.on))
    return Chart(
        ordered,
        tuple(bands),
        _draw(ordered, _ground(tuple(bands), low, high, 760, 320, 640 if bands else 736), low, high, labels=5),
        _draw(ordered, _ground(tuple(bands), low, high, 340, 300, 246 if bands else 324), low, high, labels=3),
    )


def _down(value: float, low: float, high: float, top: int, bottom: int) -> float:
    return round(bottom - (bottom - top) * (value - low) / (high - low), 1)


@lru_cache(maxsize=64)
def _ground(bands: tuple[Band, ...], low: float, high: float, width: int, height: int, right: int) -> Ground:
    left, top, bottom = 40, 18, height - 34

    def down(value: float) -> float:
        return _down(value, low, high, top, bottom)

    edges = sorted({low, high, *(band.low for band in bands)})
    strips = []
    for band in bands:
        # A band ends where the next begins: scores are steps, colours should not leave gaps.
        ceiling = min((edge for edge in edges if edge > band.low), default=high)
        strips.append(Strip(band.name, band.tone, down(ceiling), round(down(band.low) - down(ceiling), 1)))
    if not bands:
        edges = [low + (high - low) * part / 4 for part in range(5)]
    return Ground(
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        bands=tuple(strips),
        rows=tuple(Row(down(edge), f"{edge:g}") for edge in edges),
    )


def _draw(points: Sequence[Point], ground: Ground, low: float, high: float, *, labels: int) -> Drawing:
    first, last = points[0].on, points[-1].on
    # A little air at both ends, so that no dot sits on the frame.
    start, end = ground.left + 18, ground.right - 18

    def across(on: date) -> float:
        days = (last - first).days
        return round(start + (end - start) * ((on - first).days / days if days else 0.5), 1)

    spots = [(across(point.on), _down(point.value, low, high, ground.top, ground.bottom)) for point in points]
    return Drawing(
        ground=ground,
        columns=_columns(points, [x for x, _ in spots], labels),
        dots=tuple(_dots(points, spots, ground.top)),
        path="M" + " L".join(f"{x} {y}" for x, y in spots),
    )


def _dots(points: Sequence[Point], spots: Sequence[tuple[float, float]], top: int) -> list[Dot]:
    ends = {0, len(points) - 1}
    out = []
    for index, (point, (x, y)) in enumerate(zip(points, spots, strict=True)):
        # The number stands above its dot, below where the roof is too near.
        label_y = y - 13 if y - top > 18 else y + 25
        out.append(Dot(x, y, f"{point.value:g}" if index in ends else "", x, round(label_y, 1)))
    return out


def _columns(points: Sequence[Point], xs: Sequence[float], most: int) -> tuple[Column, ...]:
    count = len(points)
    if count <= most:
        chosen = list(range(count))
    else:
        chosen = sorted({round(index * (count - 1) / (most - 1)) for index in range(most)})
    columns: list[Column] = []
    for index in chosen:
        # Two days a pixel apart would print over each other: the later one gives way.
        if columns and xs[index] - columns[-1].at < 58:
            continue
        columns.append(Column(xs[index], points[index].on, "middle"))
    return tuple(columns)
