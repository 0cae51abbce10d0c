"""A signed-in patient's home against an empty view: the same server, the same load, in turns."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from config.settings import Settings, as_environment
from service.app import create_app
from service.catalog.queries import catalog
from service.kit import db
from service.kit.clock import wall_now
from tests.bench.frame import Result, compare
from tests.bench.load import load
from tests.bench.servers import a_house, serving
from tests.client import Browser
from tests.factories.checkins import a_due_checkin, a_member, fortnightly, scores

NAME = "home"
AT_LEAST = 0.14
SECONDS = 2.0
TOTALS = (17, 15, 13, 14, 8)
MUST_SAY = ("Check-in due", "$250.00", "Your score went down from 17 to 8", "chart__drawing")


def run() -> list[Result]:
    """Requests per second, in pairs."""
    load_before, cores = os.getloadavg()[0], os.cpu_count() or 1
    with a_house() as settings:
        cookie = _a_signed_in_patient(settings)
        with serving("tests.bench.empty:app", os.environ) as empty, _ours(settings) as ours:
            home, nothing = _request("/home", _page_once(ours, cookie)), _request("/")
            for port, request in ((ours, home), (empty, nothing)):
                load(port, request, SECONDS)  # templates compiled, statements prepared, connections open
            found = compare(lambda: load(ours, home, SECONDS), lambda: load(empty, nothing, SECONDS))
    return [
        Result(
            "a patient's home : an empty view",
            found.ours,
            found.peer,
            found.ratio,
            "requests/s",
            at_least=AT_LEAST,
            n=found.n,
            spread=found.spread,
            # Our page waits for Postgres, which must be given a turn too; the peer waits for nobody.
            note=""
            if load_before < cores / 2
            else f"The machine was busy (load {load_before:.1f}): repeat this in quiet.",
        )
    ]


@contextmanager
def _ours(settings: Settings) -> Iterator[int]:
    without_owner = settings.model_copy(update={"owner_database_url": None})
    with serving("service.app:create_app()", as_environment(without_owner)) as port:
        yield port


def _a_signed_in_patient(settings: Settings) -> str:
    """A member with five scores and a check-in due now. Returns the cookie of their sign-in."""
    app = create_app(settings)
    facts, now = fortnightly(catalog(settings.config_dir)), wall_now()
    began = now - timedelta(days=14 * (len(TOTALS) + 1) + 1)  # the last one opened yesterday, whatever the hour is now
    person = a_member(began=began)
    scores(facts, person, *TOTALS, first=began + timedelta(days=15))
    a_due_checkin(facts, person, now)
    browser = Browser(app)
    browser.sign_in(person.user_id)
    found = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert found is not None
    db.configure(settings).dispose()  # this process has no more to ask
    return f"{found.key}={found.value}"


def _request(path: str, cookie: str = "") -> str:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "User-Agent: bench", "Accept: text/html"]
    return "\r\n".join([*lines, *([f"Cookie: {cookie}"] if cookie else []), "", ""])


def _page_once(port: int, cookie: str) -> str:
    """Open the page as a browser does at first, and see that it is the page: a fast answer to another question would
    be no measure. Returns the cookie that a browser sends from then on.
    """
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/home", headers={"Cookie": cookie})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        page, renewed = answer.read().decode(), answer.headers["Set-Cookie"]
    for words in MUST_SAY:
        assert words in page, f"the home page does not say {words!r}"
    return str(renewed).partition(";")[0] if renewed else cookie
