"""The queue's page with a million enrollments against the same with a thousand: the real application over both."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.settings import Settings, as_environment
from service.accounts.models import Patient, User
from service.app import create_app
from service.enrollment.models import Enrollment
from service.enrollment.queries.queue.narrowing import LIVE, narrowed
from service.enrollment.queries.queue.pages import PAGE, Place, rows_at
from service.enrollment.rules.queue import Wanted
from service.kit import crypto, db
from service.sandbox.postgres import running_postgres
from service.sandbox.redis import running_redis
from tests.bench.clinic import NOW, filled
from tests.bench.frame import Result, compare
from tests.bench.servers import as_in_production, serving
from tests.client import Browser
from tests.factories.accounts import a_staff_member

NAME = "queue"
FEW, MANY = 1_000, 1_000_000
AT_MOST = 1.5
AGAIN = 6  # pages in one reading
ZONE = "America/New_York"
# What somebody looks at, in words; the last from the middle of everybody on.
LOOKS = {
    "who waits for us": Wanted(),
    "everybody": Wanted(status="all"),
    "nobody's, in New Jersey": Wanted(status="all", owner="nobody", state="NJ"),
    "everybody on hold": Wanted(status="all", flag="hold"),
    "everybody, from the middle on": Wanted(status="all"),
}


@dataclass(frozen=True)
class Clinic:
    """One clinic being served: its port, the path of each look, and the cookie of somebody who is signed in."""

    port: int
    paths: dict[str, str]
    cookie: str


def run() -> list[Result]:
    """Milliseconds of a page in both clinics, in turns."""
    began = time.monotonic()
    with ExitStack() as stack:
        server, redis = stack.enter_context(running_postgres()), stack.enter_context(running_redis())
        clinics = []
        for size in (FEW, MANY):
            url = filled(server.superuser_dsn(), f"clinic_{size}", size)
            settings = as_in_production(database_url=url, redis_url=redis.url)
            addresses, cookie = _prepared(settings)
            port = stack.enter_context(serving("service.app:create_app()", as_environment(settings)))
            clinics.append(Clinic(port, addresses, _opened(port, addresses, cookie)))
        few, many = clinics
        note = f"filled and served in {time.monotonic() - began:.0f} s; 500 holds and 500 clinicians in both"
        return [_compared(look, few, many, note if not number else "") for number, look in enumerate(LOOKS)]


def _compared(look: str, few: Clinic, many: Clinic, note: str) -> Result:
    for clinic in (few, many):  # statements prepared, templates compiled, what is read often in memory
        for _ in range(4):
            _milliseconds(clinic, look)
    found = compare(lambda: _milliseconds(many, look), lambda: _milliseconds(few, look))
    return Result(
        what=f"queue, {look}: {MANY:,} to {FEW:,}",
        ours=found.ours,
        peer=found.peer,
        ratio=found.ratio,
        unit="ms/page",
        at_most=AT_MOST,
        n=found.n,
        spread=found.spread,
        note=note,
    )


def _prepared(settings: Settings) -> tuple[dict[str, str], str]:
    """Seal the names of whoever is shown, which are bound to their rows, and sign a coordinator in.

    Returns the address of each look and the cookie.
    """
    app = create_app(settings)
    viewer = a_staff_member("coordinator").user_id
    addresses: dict[str, str] = {}
    with db.transaction() as session:
        _name_the_staff(session)
        for look, wanted in LOOKS.items():
            after = _middle(session) if "middle" in look else None
            rows, _ = rows_at(session, narrowed(session, wanted, viewer=viewer, zone=ZONE, now=NOW), after=after)
            assert len(rows) == PAGE, f"{look} shows {len(rows)} people: that is not a whole page"
            _name(session, [row.patient_id for row in rows])
            asked = {**wanted.address(), **({"after": str(after)} if after else {})}
            addresses[look] = "/staff/queue?" + urllib.parse.urlencode(asked)
    browser = Browser(app)
    browser.sign_in(viewer)
    found = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert found is not None
    db.configure(settings).dispose()  # this process has no more to ask
    return addresses, f"{found.key}={found.value}"


def _middle(session: Session) -> Place:
    half = (session.scalar(select(func.count()).select_from(Enrollment).where(LIVE)) or 0) // 2
    place = select(Enrollment.status_changed_at, Enrollment.id).where(LIVE)
    row = session.execute(place.order_by(Enrollment.status_changed_at, Enrollment.id).offset(half).limit(1)).one()
    return Place(*row)


def _name_the_staff(session: Session) -> None:
    ids = session.scalars(select(User.id).where(User.role.is_not(None), User.display_name_sealed.is_(None))).all()
    for one in ids:
        names = json.dumps(["Maya", "Lin"])
        sealed = crypto.seal(names, "users", "display_name", one)
        session.execute(update(User).where(User.id == one).values(display_name_sealed=sealed))


def _name(session: Session, patient_ids: list[UUID]) -> None:
    for one in patient_ids:
        told = {"given_name": "Ana", "family_name": "Rivera", "date_of_birth": "1990-05-17", "zip": "07102"}
        sealed = {f"{name}_sealed": crypto.seal(value, "patients", name, one) for name, value in told.items()}
        session.execute(update(Patient).where(Patient.id == one).values(**sealed))


def _milliseconds(clinic: Clinic, look: str) -> float:
    """One page after the other on one connection, as one colleague would ask."""
    with closing(HTTPConnection("127.0.0.1", clinic.port, timeout=60)) as line:
        line.connect()
        began = time.perf_counter()
        for _ in range(AGAIN):
            line.request("GET", clinic.paths[look], headers={"Host": "localhost", "Cookie": clinic.cookie})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, f"the queue was answered with {answer.status}"
        return (time.perf_counter() - began) * 1000 / AGAIN


def _opened(port: int, addresses: dict[str, str], cookie: str) -> str:
    """Open each page as a browser does, and see that it shows a whole page of people. Returns the next cookie."""
    for path in addresses.values():
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": cookie})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            page, renewed = answer.read().decode(), answer.headers["Set-Cookie"]
        cookie = str(renewed).partition(";")[0] if renewed else cookie
        assert page.count('name="enrollment"') == PAGE, f"{path} does not show a whole page of people"
    return cookie
