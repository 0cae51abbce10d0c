"""What a bench says, and how two things are compared on a machine that others use too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

PAIRS = 15


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `ratio` is ours to the peer's; a bound that is None does not bind.

    `n` counts the pairs or runs behind it, `spread` is the distance between the ratio's quartiles.
    """

    what: str
    ours: float
    peer: float
    ratio: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    n: int = 1
    spread: float = 0.0
    note: str = ""

    @property
    def bound(self) -> str:
        """The bound in signs, empty where there is none."""
        sides = (("≥", self.at_least), ("≤", self.at_most))
        return " ".join(f"{sign} {value:g}" for sign, value in sides if value is not None)

    @property
    def held(self) -> bool:
        """Is the ratio within its bounds?"""
        low = self.at_least is None or self.ratio >= self.at_least
        return low and (self.at_most is None or self.ratio <= self.at_most)


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians of several pairs. `ratio` is the median of the pairs' own ratios."""

    ours: float
    peer: float
    ratio: float
    n: int
    spread: float


def compare(ours: Callable[[], float], peer: Callable[[], float], *, pairs: int = PAIRS) -> Compared:
    """Measure both in turns, ours and peer, so that whatever else the machine does meets both alike.

    The order changes with each pair: being second is no advantage.
    """
    found: list[tuple[float, float]] = []
    for number in range(pairs):
        if number % 2:
            second, first = peer(), ours()
        else:
            first, second = ours(), peer()
        found.append((first, second))
    ratios = [first / second for first, second in found]
    return Compared(
        ours=median(first for first, _ in found),
        peer=median(second for _, second in found),
        ratio=median(ratios),
        n=pairs,
        spread=spread(ratios),
    )


def spread(values: Sequence[float]) -> float:
    """The distance between the quartiles; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4)
    return high - low


HEAD = ("what", "ours", "peer or limit", "ratio", "spread", "n", "bound", "held")


def table(results: Sequence[Result]) -> str:
    """The results in columns, each note on a line of its own below its row."""
    rows = [
        (
            result.what,
            f"{_number(result.ours)} {result.unit}",
            f"{_number(result.peer)} {result.unit}",
            f"{result.ratio:.3f}",
            f"{result.spread:.3f}",
            str(result.n),
            result.bound or "-",
            "-" if not result.bound else "yes" if result.held else "NO",
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in (HEAD, *rows)) for column in range(len(HEAD))]
    lines = [_line(HEAD, widths), _line(["-" * width for width in widths], widths)]
    for row, result in zip(rows, results, strict=True):
        lines.append(_line(row, widths))
        if result.note:
            lines.append(f"  {result.note}")
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
