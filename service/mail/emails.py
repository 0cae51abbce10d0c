"""From a template's name and its facts to a mail that can leave."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from config.settings import Settings
from service.kit.templates import email_environment
from service.mail.rules import Rendered

_SPACES = re.compile(r"[ \t]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")
_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


@lru_cache(maxsize=8)
def _environment(templates_dir: Path, config_dir: Path, public_url: str, locale: str) -> Environment:
    environment = email_environment(templates_dir, config_dir, locale)

    @pass_context
    def url(_: Context, path: str) -> str:
        return public_url.rstrip("/") + path

    environment.globals["url"] = url
    return environment


def render(settings: Settings, template: str, facts: dict[str, Any], *, given_name: str, locale: str) -> Rendered:
    """Render `templates/emails/<template>/`. Raises jinja2's errors for a missing template or fact."""
    environment = _environment(settings.templates_dir, settings.config_dir, settings.public_url, locale)
    context = {**facts, "given_name": given_name}

    def part(name: str) -> str:
        return environment.get_template(f"emails/{template}/{name}").render(context)

    text = _BLANK_LINES.sub("\n\n", _SPACES.sub("\n", part("body.txt"))).strip() + "\n"
    return Rendered(
        subject=" ".join(part("subject.txt").split()),
        text=text,
        html=_inliner.inline(part("body.html")),
    )
