"""Jinja as we use it: where templates are, what a missing name means, and the words pages may call.

`install(app)` is for Flask; `email_environment(...)` is for workers, which have no app.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    Undefined,
    UndefinedError,
    select_autoescape,
)
from jinja2.utils import missing
from markupsafe import Markup

from config.brand import brand
from config.settings import Settings, current
from service.kit import assets, format, rendering

if TYPE_CHECKING:  # mail is rendered by workers, which know no Flask
    from flask import Flask

# The design system's macros ask whether these exist by using them.
PROBED = frozenset({"caller", "null", "undefined", "successBanner", "typeClass"})

# The design system's macros are handed plain values and look inside them; our own values are classes.
JSON = (dict, list, tuple, str, int, float, bool)


class Absent(Undefined):
    """What a template gets for something that is not there.

    A missing name, or a missing attribute of one of our values, is a mistake and raises. A missing key of a plain
    value is how the design system's macros say "left out", and is falsy. (Jinja's StrictUndefined breaks all of them.)
    """

    __slots__ = ()

    def _left_out(self) -> bool:
        if self._undefined_obj is missing:
            return self._undefined_name in PROBED
        return self._undefined_obj is None or isinstance(self._undefined_obj, JSON)

    def _refuse(self) -> NoReturn:
        raise UndefinedError(self._undefined_message)

    def __str__(self) -> str:
        return "" if self._left_out() else self._refuse()

    def __bool__(self) -> bool:
        return False if self._left_out() else self._refuse()

    def __iter__(self) -> Any:
        return iter(()) if self._left_out() else self._refuse()

    def __len__(self) -> int:
        return 0 if self._left_out() else self._refuse()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Undefined) if self._left_out() else self._refuse()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(type(self))


def loader(templates_dir: Path) -> BaseLoader:
    """Our templates, and the design system's macros under the prefix they import each other by."""
    vendored = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    return ChoiceLoader([FileSystemLoader(templates_dir), vendored])


@lru_cache(maxsize=512)
def _digest(path: Path, changed_ns: int) -> str:  # noqa: ARG001 (a changed file is a new key)
    return assets.digest(path)[:10]


def asset_url(static_dir: Path, prefix: str, name: str) -> str:
    """The address of a static file with a mark of its content, so that browsers may keep it for a year."""
    path = static_dir / name
    return f"{prefix}/{name}?v={_digest(path, path.stat().st_mtime_ns)}"


@lru_cache(maxsize=512)
def icon(name: str, static_dir: Path = assets.STATIC) -> Markup:
    """The drawing `name`, inline and hidden from screen readers: our own from `static/brand`, else a lucide icon.

    Raises FileNotFoundError for a name nobody vendored.
    """
    ours = static_dir / "brand" / f"{name}.svg"
    if ours.is_file():
        return Markup(ours.read_text("utf-8").strip())  # noqa: S704 (our own file)
    (found,) = static_dir.glob(f"vendor/lucide-static-*/{name}.svg")
    drawing = re.sub(r"<!--.*?-->|<svg[^>]*>|</svg>|\n\s*", "", found.read_text("utf-8"), flags=re.DOTALL)
    opening = '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">'
    return Markup(opening + drawing + "</svg>")  # noqa: S704 (a pinned, hashed file)


def filters(locale: Callable[[], str]) -> dict[str, Callable[..., str]]:
    """Money, days and moments as people of `locale()` read them."""
    return {
        "money": format.money,
        "day": lambda value, style="long": format.day(value, style, locale()),
        "hour": lambda value, zone, named=True: format.hour(value, zone, locale(), named),
        "moment": lambda value, zone, style="weekday": format.moment(value, zone, style, locale()),
    }


def _asset_urls(app: Flask, settings: Settings) -> Callable[[str], str]:
    url = partial(asset_url, settings.static_dir, app.static_url_path or "/static")
    # A deployed file does not change while it is served; one that somebody works on does.
    return lru_cache(maxsize=512)(url) if settings.environment == "production" else url


def install(app: Flask, settings: Settings | None = None) -> None:
    """Make `app` render our templates: loaders, missing names, `asset_url`, `icon`, `brand`, `sandbox`.

    Whatever depends on the reader's language comes from `kit.spoken`.
    """
    settings = settings or current()
    names = brand(settings.config_dir)
    app.jinja_options = {**app.jinja_options, "undefined": Absent}
    env = app.jinja_env
    env.undefined = Absent
    rendering.install(env)
    env.loader = loader(settings.templates_dir)
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.do")
    env.globals.update(
        asset_url=_asset_urls(app, settings),
        icon=partial(icon, static_dir=settings.static_dir),
        brand=names.model_copy(update={"support_phone": format.unbroken(names.support_phone)}),
        sandbox=settings.environment == "sandbox",
    )


def email_environment(
    templates_dir: Path, config_dir: Path, locale: str = "en", translations: NullTranslations | None = None
) -> Environment:
    """Jinja for mail: no Flask, escaping in `.html` only, words from `translations` (default: English as written)."""
    env = Environment(
        loader=FileSystemLoader(templates_dir),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=Absent,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    env.install_gettext_translations(translations or NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(filters(lambda: locale))
    env.globals.update(brand=brand(config_dir), locale=locale)
    return env
