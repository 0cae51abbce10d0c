"""How often one line (kit.network) may knock. Kept in Redis; while that is away, each process counts for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from config.settings import Settings
from service.kit.network import line_of

View = TypeVar("View", bound=Callable[..., Any])


class _OfForms(Limiter):
    """Limits are on forms alone, so a page that is only read is not looked up among them."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if request.method == "POST":
            super()._check_request_limit(callable_name, in_middleware)


limiter = _OfForms(lambda: line_of(get_remote_address()), strategy="moving-window")


def install(app: Flask, settings: Settings) -> None:
    """Count in the settings' Redis; the tests of other things count nothing."""
    app.config.update(
        RATELIMIT_ENABLED=settings.environment != "test",
        RATELIMIT_STORAGE_URI=settings.redis_url.get_secret_value(),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=False,
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_KEY_PREFIX="homeward",
    )
    limiter.init_app(app)


def per_address(limit: str) -> Callable[[View], View]:
    """At most `limit` ("20 per minute") form posts from one line: an IPv4 address, or 64 bits of an IPv6 one."""
    return cast(Callable[[View], View], limiter.limit(limit, methods=["POST"]))
