"""A member's billing page with a million memberships against a thousand: the real application over both."""

from __future__ import annotations

import time
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from uuid import UUID

from sqlalchemy import select, text, update

from config.settings import Settings, as_environment
from service.accounts.models import Patient
from service.app import create_app
from service.kit import crypto, db
from service.sandbox.postgres import running_postgres
from service.sandbox.redis import running_redis
from tests.bench.frame import Result, compare
from tests.bench.members import with_members
from tests.bench.servers import as_in_production, serving
from tests.client import Browser

NAME = "billing"
FEW, MANY = 1_000, 1_000_000
AT_MOST = 1.3
AGAIN = 10  # pages in one reading
PATH = "/billing"
MUST_SAY = ("$250.00", "4242")


@dataclass(frozen=True)
class Clinic:
    """One clinic being served, and the cookie of a member who is signed in."""

    port: int
    cookie: str


def run() -> list[Result]:
    """Milliseconds of the page in both clinics, in turns."""
    began = time.monotonic()
    with ExitStack() as stack:
        server, redis = stack.enter_context(running_postgres()), stack.enter_context(running_redis())
        few, many = (_served(stack, server.superuser_dsn(), redis.url, size) for size in (FEW, MANY))
        note = f"filled and served in {time.monotonic() - began:.0f} s"
        for clinic in (few, many):  # statements prepared, templates compiled, what is read often in memory
            for _ in range(4):
                _milliseconds(clinic)
        found = compare(lambda: _milliseconds(many), lambda: _milliseconds(few))
    return [
        Result(
            what=f"a member's billing page: {MANY:,} to {FEW:,}",
            ours=found.ours,
            peer=found.peer,
            ratio=found.ratio,
            unit="ms/page",
            at_most=AT_MOST,
            n=found.n,
            spread=found.spread,
            note=note,
        )
    ]


def _served(stack: ExitStack, superuser: str, redis: str, size: int) -> Clinic:
    settings = as_in_production(database_url=with_members(superuser, f"members_{size}", size), redis_url=redis)
    cookie = _signed_in(settings, size // 2 + 1)
    port = stack.enter_context(serving("service.app:create_app()", as_environment(settings)))
    return Clinic(port, _opened(port, cookie))


def _signed_in(settings: Settings, number: int) -> str:
    """Seal the names of the one who is shown, which are bound to their row, and sign them in."""
    app = create_app(settings)
    with db.transaction() as session:
        patient_id: UUID = session.execute(text("SELECT uid('patient', :n)"), {"n": number}).scalar_one()
        told = {"given_name": "Ana", "family_name": "Rivera", "date_of_birth": "1990-05-17", "zip": "33101"}
        sealed = {f"{name}_sealed": crypto.seal(value, "patients", name, patient_id) for name, value in told.items()}
        session.execute(update(Patient).where(Patient.id == patient_id).values(**sealed))
        user_id = session.scalars(select(Patient.user_id).where(Patient.id == patient_id)).one()
    browser = Browser(app)
    browser.sign_in(user_id)
    found = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert found is not None
    db.configure(settings).dispose()  # this process has no more to ask
    return f"{found.key}={found.value}"


def _opened(port: int, cookie: str) -> str:
    """Open the page as a browser does, and see that it is the page. Returns the next cookie."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", headers={"Cookie": cookie})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        page, renewed = answer.read().decode(), answer.headers["Set-Cookie"]
    for words in MUST_SAY:
        assert words in page, f"the billing page does not say {words!r}"
    return str(renewed).partition(";")[0] if renewed else cookie


def _milliseconds(clinic: Clinic) -> float:
    """One page after the other on one connection."""
    with closing(HTTPConnection("127.0.0.1", clinic.port, timeout=60)) as line:
        line.connect()
        began = time.perf_counter()
        for _ in range(AGAIN):
            line.request("GET", PATH, headers={"Host": "localhost", "Cookie": clinic.cookie})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, f"the billing page was answered with {answer.status}"
        return (time.perf_counter() - began) * 1000 / AGAIN
