"""A text in Markdown as the pieces that a page of paper is laid out from. Pure.

Only what our texts use: headings, paragraphs, lists, bold words and tables. Anything else stays as its letters.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
Run = dict[str, Any]  # {"text": ..., "bold": ...}
Block = dict[str, Any]  # {"kind": "heading" | "paragraph" | "list" | "table", ...}


def html(markdown: str) -> str:
    """The text as HTML. Tags in it are shown, not run. Each cell has its column's title, for where there is no room."""
    tokens = _markdown.parse(markdown)
    titles: list[str] = []
    column = 0
    for token, inside in pairwise(tokens):
        if token.type == "table_open":
            titles = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            titles.append(inside.content)
        elif token.type == "td_open":
            token.attrSet("data-label", titles[column])
            column += 1
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


def blocks(markdown: str) -> list[Block]:
    """The text, piece by piece, in reading order."""
    tokens = iter(_markdown.parse(markdown))
    found: list[Block] = []
    for token in tokens:
        if token.type == "heading_open":
            found.append({"kind": "heading", "level": int(token.tag[1:]), "runs": _runs(next(tokens))})
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            found.append({"kind": "list", "items": _items(tokens, token.type.replace("open", "close"))})
        elif token.type == "table_open":
            found.append({"kind": "table", **_table(tokens)})
        elif token.type == "inline":
            found.append({"kind": "paragraph", "runs": _runs(token)})
        elif token.content:
            found.append({"kind": "paragraph", "runs": [{"text": token.content, "bold": False}]})
    return found


def _items(tokens: Iterator[Token], end: str) -> list[list[Run]]:
    items: list[list[Run]] = []
    for token in tokens:
        if token.type == end:
            return items
        if token.type == "inline":
            items.append(_runs(token))
    return items


def _table(tokens: Iterator[Token]) -> dict[str, Any]:
    rows: list[list[list[Run]]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_runs(token))
    return {"head": rows[0], "rows": rows[1:]}


def _runs(token: Token) -> list[Run]:
    """Words in a row, each plain or bold."""
    runs: list[Run] = []
    bold = 0
    for child in token.children or ():
        if child.type in ("strong_open", "strong_close"):
            bold += 1 if child.type == "strong_open" else -1
        elif child.type in ("softbreak", "hardbreak"):
            runs.append({"text": " ", "bold": bool(bold)})
        elif child.content:
            runs.append({"text": child.content, "bold": bool(bold)})
    return runs
