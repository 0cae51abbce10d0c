"""Whoever reads with tired eyes, in the sun or on an old screen, can read it: the contrasts of WCAG 2.2 AA."""

from __future__ import annotations

import re

import pytest

from config.settings import HOUSE

THEME = (HOUSE / "service" / "static" / "css" / "theme.css").read_text("utf-8")
COLOURS = dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", THEME))

TEXT = [
    ("ink", "page"),
    ("ink", "paper"),
    ("ink", "brand-soft"),
    ("ink", "accent-soft"),
    ("ink", "danger-soft"),
    ("ink", "line-soft"),
    ("ink", "focus"),
    ("ink-soft", "page"),
    ("ink-soft", "paper"),
    ("ink-soft", "brand-soft"),
    ("brand", "page"),
    ("brand", "paper"),
    ("brand-ink", "brand-soft"),
    ("paper", "brand"),
    ("paper", "brand-ink"),
    ("paper", "danger"),
    ("paper", "night"),
    ("danger", "page"),
    ("danger", "danger-soft"),
    ("danger-ink", "danger-soft"),
    ("ok", "ok-soft"),
    ("info", "info-soft"),
    ("accent-ink", "accent-soft"),
]
EDGES = [
    ("line-strong", "paper"),
    ("line-strong", "page"),
    ("brand", "brand-soft"),
    ("ink", "focus"),
    ("danger", "paper"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """From 1 (none) to 21 (black on white)."""
    low, high = sorted((luminance(COLOURS[one]), luminance(COLOURS[other])))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_words_stand_out_from_what_is_behind_them(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_the_edges_of_things_to_press_can_be_seen(edge: str, ground: str) -> None:
    assert contrast(edge, ground) >= 3
