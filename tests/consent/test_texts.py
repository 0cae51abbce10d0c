"""Names, and texts as pieces of paper."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.consents import render
from service.consent import gateway
from service.consent.rules import blanks
from service.consent.rules.blocks import blocks, html
from service.consent.rules.names import is_a_name, looks_like

CATALOG = catalog(HOUSE / "config")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["Al", "李明", "Ana R.", "José"])
def test_two_letters_of_any_script_may_be_a_name(typed: str) -> None:
    assert is_a_name(typed)


@pytest.mark.parametrize("typed", ["", " ", "A", "X.", "--", "12", "a 1"])
def test_one_letter_a_dash_or_a_number_is_nobody(typed: str) -> None:
    assert not is_a_name(typed)


@pytest.mark.parametrize(
    "typed",
    ["José Muñoz-Díaz", "jose munoz diaz", "JOSE A. MUNOZ-DIAZ", "Muñoz Díaz, José", "Pepe Muñoz Díaz"],
)
def test_accents_capitals_order_and_a_middle_name_do_not_matter(typed: str) -> None:
    assert looks_like(typed, "José", "Muñoz-Díaz", "Pepe")


@pytest.mark.parametrize("typed", ["José", "Muñoz Díaz", "Joe Munoz", "Josef Muñoz Díaz", "JMD"])
def test_half_a_name_or_another_one_is_asked_about(typed: str) -> None:
    assert not looks_like(typed, "José", "Muñoz-Díaz", "Pepe")


@given(st.text(max_size=40), st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_whatever_is_typed_has_an_answer(typed: str, given_name: str, family: str) -> None:
    assert looks_like(typed, given_name, family) in (True, False)


@pytest.mark.parametrize("document", CATALOG.consents, ids=lambda one: f"{one.key}{one.state}")
def test_each_text_can_be_read_as_a_page_and_kept_as_a_tagged_file(document) -> None:
    text = render(document, blanks(CATALOG.practice, CATALOG.from_price_cents))
    found = blocks(text.text)
    assert found[0]["kind"] == "heading"
    words = " ".join(run["text"] for block in found for run in block.get("runs", ()))
    assert text.statement.rstrip(".") in words
    assert "{{" not in html(text.body)
    made = gateway.pdf(
        {
            "title": document.title,
            "language": "en",
            "practice": "Homeward",
            "footer": "",
            "intro": [],
            "blocks": found[1:],
            "parts": [],
        },
        templates_dir=HOUSE / "templates",
        made_at=NOW,
    )
    assert made.startswith(b"%PDF-")
    assert b"/MarkInfo" in made


def test_no_word_of_a_text_is_lost_on_paper() -> None:
    text = "# T\n\nA **bold** word\nand more.\n\n- one\n- two **2**\n\n"
    text += "| a | b |\n|---|---|\n| 1 | 2 |\n\n<b>x</b>\n\n    code\n"
    found = blocks(text)
    assert [block["kind"] for block in found] == ["heading", "paragraph", "list", "table", "paragraph", "paragraph"]
    assert "".join(run["text"] for run in found[1]["runs"]) == "A bold word and more."
    assert [run["bold"] for run in found[1]["runs"]].count(True) == 1
    assert found[3]["rows"] == [[[{"text": "1", "bold": False}], [{"text": "2", "bold": False}]]]
    assert "&lt;b&gt;" in html(text)
