"""What is kept for everybody says nothing about anybody."""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import nodes

from config.settings import HOUSE

TEMPLATES = sorted(path.relative_to(HOUSE / "templates").as_posix() for path in (HOUSE / "templates").rglob("*.html"))
# The clinic's own: the same for every reader of one language.
OF_THE_HOUSE = {"_", "ngettext", "language", "brand", "sandbox", "icon", "asset_url", "ui", "loop"}
INCLUDED = {"ui/disclaimer.html"}


def kept_parts(app: Flask, name: str) -> list[nodes.CallBlock]:
    """Each `{% call kept(...) %}` of a template."""
    tree = app.jinja_env.parse((HOUSE / "templates" / name).read_text("utf-8"))
    blocks = tree.find_all(nodes.CallBlock)
    return [block for block in blocks if isinstance(block.call.node, nodes.Name) and block.call.node.name == "kept"]


def strangers(block: nodes.CallBlock) -> set[str]:
    """What a kept part draws on that is neither the house's nor part of its key."""
    key = {name.name for argument in block.call.args for name in named(argument)}
    within = [name for part in block.body for name in named(part)]
    own = {name.name for name in within if name.ctx == "store"}
    included = {part.template.as_const() for part in block.find_all(nodes.Include)}
    return ({name.name for name in within} - own - key - OF_THE_HOUSE) | (included - INCLUDED)


def named(node: nodes.Node) -> list[nodes.Name]:
    """Every name in `node`, itself too."""
    return [*([node] if isinstance(node, nodes.Name) else []), *node.find_all(nodes.Name)]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_kept_part_depends_on_its_key_and_the_house_alone(app: Flask, name: str) -> None:
    for block in kept_parts(app, name):
        assert strangers(block) == set(), f"{name}, line {block.lineno}"


def test_the_layout_keeps_something_so_that_the_test_above_tests_something(app: Flask) -> None:
    assert len(kept_parts(app, "layouts/base.html")) >= 3


def test_a_name_of_the_reader_would_be_found(app: Flask) -> None:
    source = '{% call kept("hello") %}{{ current_user.given_name }}{% include "a.html" %}{% endcall %}'
    (block,) = app.jinja_env.parse(source).find_all(nodes.CallBlock)
    assert strangers(block) == {"current_user", "a.html"}


def test_each_key_is_used_once_so_that_no_part_stands_in_for_another(app: Flask) -> None:
    keys = [block.call.args[0].as_const() for name in TEMPLATES for block in kept_parts(app, name)]
    assert len(keys) == len(set(keys))
