"""Words in the reader's language, for pages. A page says some fifty of them, so each is looked up once and kept.

What is kept is the clinic's own text under its language, never a value that is filled in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import flask_babel
from flask import Flask, has_request_context
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from service.kit.rendering import said
from service.kit.templates import filters

_language: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """The language of this page, asked once for each: "en". An error page must still say something."""
    known = _language.get()
    if known is None:
        known = str(flask_babel.get_locale() or "en")
        if has_request_context():
            _language.set(known)
    return known


def _forget(_error: BaseException | None = None) -> None:
    """The next request on this thread is somebody else's."""
    _language.set(None)


def install(app: Flask) -> None:
    """Let the templates of `app` speak: `_`, `gettext`, `ngettext`, `language`, and the filters for days and money."""
    app.teardown_appcontext(_forget)
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.newstyle_gettext = True  # type: ignore[attr-defined]
    env.globals.update(language=language, kept=_keeper(), _=_one, gettext=_one, ngettext=_counted)
    env.filters.update(filters(language))


def _keeper() -> Callable[..., str]:
    """`{% call kept("foot") %}...{% endcall %}`: a part that says the same to all, written once for each language.

    What it depends on is its key. A test refuses every other name in it (tests/look/test_kept.py), so that nothing of
    one person can be kept for another.
    """
    written: dict[Any, str] = {}

    def kept(*key: Any, caller: Callable[[], str]) -> str:
        mark = (language(), *key)
        found = written.get(mark)
        if found is None:
            found = written[mark] = caller()
        return found

    return kept


@pass_eval_context
def _one(page: EvalContext, text: str, **values: Any) -> str:
    if not page.autoescape:
        return _text(language(), text) % values
    return _filled(_text(language(), text), values) if values else _whole(language(), text)


def _said(text: str) -> Markup:
    return _whole(language(), text)


_one.whole = _said  # type: ignore[attr-defined] # `_("...")` in a page, which kit.rendering writes as this


@pass_eval_context
def _counted(page: EvalContext, one: str, many: str, num: int, **values: Any) -> str:
    found: str = _translations(language()).ungettext(one, many, num)
    filled = {"num": num, **values}
    return _filled(found, filled) if page.autoescape else found % filled


def _filled(text: str, values: dict[str, Any]) -> Markup:
    """`Markup(text) % values`, for values that are written as text (%(name)s), as all of ours are."""
    return Markup(text % {name: said(value) for name, value in values.items()})  # noqa: S704 (our text, values escaped)


@lru_cache(maxsize=16)
def _translations(language: str) -> Any:  # noqa: ARG001 (the language is the key; get_translations knows it too)
    return flask_babel.get_translations()


@lru_cache(maxsize=4096)
def _text(language: str, text: str) -> str:
    found: str = _translations(language).ugettext(text)
    return found


@lru_cache(maxsize=4096)
def _whole(language: str, text: str) -> Markup:
    return _filled(_text(language, text), {})  # a sentence without values is a pattern too: %% is one sign
