"""The vendored macros draw what the vendored style sheet expects: the design system's own examples, all of them."""

from __future__ import annotations

import gzip
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from jinja2 import Environment

from config.settings import HOUSE
from service.kit.templates import Absent, loader

FIXTURES = Path(__file__).parent / "govuk_fixtures.json.gz"


class Outline(HTMLParser):
    """HTML as a list of what a browser would make of it: no white space between, attributes in no order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[Any] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, sorted((key, " ".join((value or "").split())) for key, value in attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.seen.append("/" + tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.seen.append(" ".join(data.split()))


def draw(environment: Environment, component: str, options: dict[str, Any]) -> str:
    """What the Python port makes of one example."""
    macro = "govuk" + "".join(part.capitalize() for part in component.split("-"))
    inner = options.get("caller") or options.get("callBlock")
    source = f'{{% from "govuk_frontend_jinja/components/{component}/macro.html" import {macro} %}}'
    if inner:
        source += f"{{% call {macro}(params) %}}{inner}{{% endcall %}}"
    else:
        source += f"{{{{ {macro}(params) }}}}"
    return environment.from_string(source).render(params=options)


def test_the_macros_draw_every_example_of_the_design_system_as_it_does_itself() -> None:
    environment = Environment(loader=loader(HOUSE / "templates"), autoescape=True, undefined=Absent)
    environment.trim_blocks = environment.lstrip_blocks = True
    fixtures = json.loads(gzip.decompress(FIXTURES.read_bytes()))["fixtures"]
    different = [
        f"{component}: {example['name']}"
        for component, examples in fixtures.items()
        for example in examples
        if Outline(draw(environment, component, example["options"])).seen != Outline(example["html"]).seen
    ]
    assert sum(len(examples) for examples in fixtures.values()) == 657
    assert different == []
