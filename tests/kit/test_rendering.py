"""A page rendered the short way says what Jinja itself would say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from jinja2 import DictLoader, Environment, UndefinedError, pass_context, pass_environment
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from markupsafe import Markup, escape

from service.kit import rendering
from service.kit.templates import Absent


class Card:
    """One of our values."""

    title = "Ana & Ben"

    def __html__(self) -> str:
        return "<b>card</b>"


@pytest.mark.parametrize("value", ["a", "<b>&'\"", Markup("<b>"), 7, 4.5, True, None, Card(), [1, "<"]])
def test_a_value_stands_in_a_page_as_escaped(value: object) -> None:
    assert rendering.said(value) == escape(value)


@pass_context
def of_context(context: Any, word: str) -> str:
    return f"{context.name}:{word}"


@pass_environment
def of_environment(environment: Environment, word: str) -> str:
    return f"{environment.block_start_string}{word}"


@pass_eval_context
def of_escaping(page: EvalContext, word: str) -> str:
    return f"{page.autoescape}{word}"


TEMPLATES = {
    "parts": "{% macro box(text, look='plain', more=None) %}<i class={{ look }}>{{ text }}{{ more }}"
    "{{ caller() if caller }}</i>{% endmacro %}",
    "base": "{% import 'parts' as ui %}<{% block inner %}{% endblock %}>{{ ui.box('<', more=late) }}",
    "page": "{% extends 'base' %}{% set late = 'l&' %}{% block inner %}{% for n in rows %}{{ loop.index }}"
    "{% call ui.box(n.name, look=n.look) %}{{ n.items }}{{ plain(n.name) }}{% endcall %}{% endfor %}"
    "{{ of_context('c<') }}{{ of_environment('e<') }}{{ of_escaping('x<') }}{{ card }}{{ card.title }}"
    "{{ rows[0]['name'] | upper }}{{ [1, 2].count(1) }}{% endblock %}",
}


def environment(install: Callable[[Environment], None]) -> Environment:
    made = Environment(loader=DictLoader(TEMPLATES), autoescape=True, undefined=Absent)
    install(made)
    made.globals.update(
        of_context=of_context, of_environment=of_environment, of_escaping=of_escaping, plain=str.title, card=Card()
    )
    return made


def test_a_whole_page_is_the_same() -> None:
    rows = [{"name": "a<b", "look": "x", "items": "own"}, {"name": "&", "look": 'q"'}]
    plain, short = (environment(how).get_template("page") for how in (lambda _: None, rendering.install))
    for _ in range(2):
        ours, theirs = short.render(rows=rows), plain.render(rows=rows)
        assert re.sub("at 0x[0-9a-f]+", "", ours) == re.sub("at 0x[0-9a-f]+", "", theirs)
        assert "&lt;" in ours


def test_what_is_not_there_is_still_a_mistake() -> None:
    short = environment(rendering.install)
    for source in ("{{ nobody }}", "{{ card.nothing }}", "{{ nobody('a') }}"):
        with pytest.raises(UndefinedError):
            short.from_string(source).render()
    assert short.from_string("{{ row.href }}").render(row={"key": 1}) == ""
