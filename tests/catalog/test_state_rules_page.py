"""The page that says which step asks what says it as the engine does, and its words are the files'."""

from __future__ import annotations

import re

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.dated import DISCLOSURE, LICENSE_KINDS, NEEDED, PROGRAM, PROGRAM_VALUES, REGISTRATION_KINDS
from service.catalog.rules.engine import ASKS

PAGE = (HOUSE / "docs" / "state-rules.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the table that begins with `heading`."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_the_table_of_steps_is_the_engines_own():
    head, _, *body = rows("| Asked |")
    told = {step: tuple(row[0].split("`")[1] for row in body if row[at] == "yes") for at, step in enumerate(head) if at}
    assert told == ASKS
    assert all(cell in ("", "yes") for row in body for cell in row[1:])


def test_every_topic_a_state_may_have_is_described():
    described = {name for row in rows("| `topic` |")[2:] for name in re.findall(r"`([^`]+)`", row[0])}
    assert described == {*NEEDED, f"{PROGRAM}<key>", f"{DISCLOSURE}<key>"}
    for word in (*LICENSE_KINDS, *REGISTRATION_KINDS, *(f'"{value}"' for value in PROGRAM_VALUES)):
        assert f"`{word}`" in PAGE


def test_the_day_the_page_names_is_the_day_the_authority_ends():
    federal = [policy for policy in catalog(HOUSE / "config").policies if policy.jurisdiction == "US"]
    assert f"ends on {max(policy.effective_to for policy in federal):%Y-%m-%d}" in PAGE
