"""From answers to a score, its published band, and the red flags a person must hear about.

Instruments are data (config/instruments); sources of bands and cut-points: domain.md 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from service.catalog.rules.instruments import Instrument
from service.kit.errors import Rejected, words


@dataclass(frozen=True)
class Score:
    """A total with its band ("" where none is published). `flags` are alert codes, each once.

    `cut` is "below", "near" or "flag" where the instrument has cut-points; `provisional` says whether its symptom
    clusters are met, which is never a diagnosis. Both are None otherwise.
    """

    total: Decimal
    band: str
    flags: tuple[str, ...]
    cut: str | None = None
    provisional: bool | None = None


def score(instrument: Instrument, answers: Mapping[str, int]) -> Score:
    """Score `answers` (item id to value).

    Raises Rejected for a missing scored item ("answers_missing": nothing is estimated), an answer that is not on
    the scale ("answer_off_scale") and an item that does not exist ("answer_unknown").
    """
    _check(instrument, answers)
    total = _total(instrument, answers)
    return Score(total, _band(instrument, total), red_flags(instrument, answers), *_cuts(instrument, answers, total))


def red_flags(instrument: Instrument, answers: Mapping[str, int]) -> tuple[str, ...]:
    """The alert codes set off by single answers, whatever the total. Answers may still be incomplete."""
    codes = [
        flag.code
        for flag in instrument.red_flags
        if flag.item in answers and flag.least <= answers[flag.item] <= flag.most
    ]
    return tuple(dict.fromkeys(codes))


def missing_items(instrument: Instrument, answers: Mapping[str, int]) -> tuple[str, ...]:
    """Ids of scored items without an answer, in the instrument's order."""
    return tuple(item.id for item in instrument.scored_items if item.id not in answers)


def _check(instrument: Instrument, answers: Mapping[str, int]) -> None:
    items = {item.id: item for item in instrument.items}
    for item_id, value in answers.items():
        if item_id not in items:
            raise Rejected("answer_unknown", words("One of the answers belongs to another set of questions."))
        if isinstance(value, bool) or not items[item_id].allows(value):
            raise Rejected("answer_off_scale", words("Choose one of the answers on this page."))
    if missing_items(instrument, answers):
        raise Rejected("answers_missing", words("Answer every question, so that the result is right."))


def _total(instrument: Instrument, answers: Mapping[str, int]) -> Decimal:
    values = []
    for item in instrument.scored_items:
        value = answers[item.id]
        ends = min(o.value for o in item.options) + max(o.value for o in item.options)
        values.append(ends - value if item.reverse else value)
    if instrument.scoring == "sum":
        return Decimal(sum(values))
    return (Decimal(sum(values)) / len(values)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _band(instrument: Instrument, total: Decimal) -> str:
    return next((band.name for band in instrument.bands if band.lowest <= total <= band.highest), "")


def _cuts(instrument: Instrument, answers: Mapping[str, int], total: Decimal) -> tuple[str | None, bool | None]:
    cut = None
    if instrument.cut is not None:
        near = instrument.cut if instrument.near is None else instrument.near
        cut = "flag" if total >= instrument.cut else "near" if total >= near else "below"
    provisional = None
    if instrument.clusters:
        provisional = all(
            sum(answers[item] >= cluster.at_least for item in cluster.items) >= cluster.needed
            for cluster in instrument.clusters
        )
    return cut, provisional
