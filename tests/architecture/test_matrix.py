"""Every route, tried as everybody: the door decides, then the object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service.kit import access, db
from tests.architecture.matrix import people, things
from tests.architecture.matrix.expected import Cell, Heard, expected
from tests.architecture.matrix.people import EVERYBODY, Who
from tests.architecture.matrix.things import Somebody
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_staff_member
from tests.factories.care import looking_after

COOKIE = "__Host-homeward"
HOW_TO = (
    "\nA door is declared above the view (service/kit/access.py). What follows from an object stands in "
    "tests/architecture/matrix/expected.py: change it there only where the page is right and the table is not."
)


def routes(app: Flask) -> list[tuple[Rule, str]]:
    """Every route with every method a person can use."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in ("GET", "POST")
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]


def cell(app: Flask, rule: Rule, method: str, who: Who) -> Cell:
    view = app.view_functions[rule.endpoint]
    door = access.door_of(view)
    assert door is not None, f"{rule.endpoint} does not say who may enter" + HOW_TO
    return Cell(
        endpoint=rule.endpoint,
        method=method,
        door=door,
        step_up=access.needs_step_up(view),
        urgent=method == "POST" and access.is_urgent(view),
        arguments=frozenset(rule.arguments),
        who=who,
    )


def heard(answer: TestResponse) -> Heard | int:
    """What an answer says, in the words of `expected`; a status for what no door may say."""
    path = urlsplit(answer.headers.get("Location", "")).path
    if answer.status_code == 303:
        if path == "/sign-in":
            return "sign in"
        if path in ("/second-factor", "/settings/second-step/start"):
            return "half-way"
        if path == "/prove-it-is-you":
            return "prove"
        if path.endswith("/break-glass") and path.startswith("/staff/patients/"):
            return "break the glass"
    if answer.status_code == 503:
        return "away"
    if answer.status_code >= 500:
        return answer.status_code
    known: dict[int, Heard] = {401: "help first", 403: "refused", 404: "absent"}
    return known.get(answer.status_code, "in")


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not happen, so that each cell meets the same house."""
    with db.reading() as session:
        connection = session.connection()
    inside = connection.begin_nested()
    try:
        yield
    finally:
        inside.rollback()


@pytest.fixture
def patients(house: House) -> tuple[Somebody, Somebody]:
    """Ana, whose objects they are, and Bea, another patient."""
    things.a_clinician_to_book()
    a_staff_member("owner")  # a second owner, so that the one who knocks is not the last
    return things.a_whole_patient(house, "Ana"), things.a_whole_patient(house, "Bea")


def somebody(who: Who, ana: Somebody) -> Person:
    """The account that knocks."""
    if who.kind != "staff":
        return ana.person
    person = a_staff_member(who.role or "")
    return looking_after(person, ana.patient_id) if who.team else person


def address(rule: Rule, who: Who, own: Somebody, ana: Somebody, bea: Somebody) -> str | None:
    """The path for `rule` with the objects this person names; None where there is no id to forge."""
    made: dict[str, things.Value] = {}
    for name in rule.arguments:
        personal = name in things.PERSONAL
        whose = {"another's": bea}.get(who.objects, own if personal and who.kind == "staff" else ana)
        made[name] = things.value(name, whose)
    ids = [name for name, one in made.items() if isinstance(one, UUID)]
    if who.only_objects and not ids:
        return None
    for name in ids:
        if who.objects == "nobody's":
            made[name] = uuid4()
        elif who.objects == "of another kind":
            made[name] = ana.user_id if name != "user_id" else ana.patient_id
    if who.objects == "no id at all":
        return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda m: "me" if m[1] in ids else str(made[m[1]]), rule.rule)
    built = rule.build(made)
    assert built is not None, (rule, made)
    return built[1]


def visiting(app: Flask, who: Who, user_id: UUID) -> Callable[[], Browser]:
    """Signs this person in once. Each call gives a browser as it was then, whatever happened in the one before."""
    first = app.test_client()
    assert isinstance(first, Browser)
    people.come_in(first, who, user_id)
    first.csrf_token()
    cookie = first.get_cookie(COOKIE, domain="localhost")
    assert cookie is not None

    def again() -> Browser:
        client = app.test_client()
        assert isinstance(client, Browser)
        client.set_cookie(COOKIE, cookie.value, domain="localhost", secure=True)
        return client

    return again


def ask(client: Browser, method: str, path: str) -> TestResponse:
    return client.get(path) if method == "GET" else client.submit(path)


@pytest.mark.parametrize("who", EVERYBODY, ids=str)
def test_everybody_hears_at_every_door_what_they_must(
    app: Flask, house: House, patients: tuple[Somebody, Somebody], who: Who
) -> None:
    ana, bea = patients
    person = somebody(who, ana)
    own = Somebody(house, person) if who.kind == "staff" else ana
    wrong = []
    prepared = [
        (rule, method, path)
        for rule, method in routes(app)
        if (path := address(rule, who, _owner_of(rule, own, ana), ana, bea)) is not None
    ]
    came_in = visiting(app, who, person.user_id)
    for rule, method, path in prepared:
        with undone():
            answer, square = heard(ask(came_in(), method, path)), cell(app, rule, method, who)
        if answer not in expected(square):
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}): heard {answer}, expected {sorted(expected(square))}")
    assert not wrong, f"as {who}:\n" + "\n".join(wrong) + HOW_TO


def _owner_of(rule: Rule, own: Somebody, ana: Somebody) -> Somebody:
    """Staff have no check-ins, visits or copies of their own: at those doors they name a patient's."""
    return ana if rule.arguments & {"checkin_id", "visit_id", "copy_id"} else own


@pytest.mark.parametrize("who", [Who("patient", objects="another's")], ids=str)
def test_what_is_anothers_looks_exactly_like_what_does_not_exist(
    app: Flask, house: House, patients: tuple[Somebody, Somebody], who: Who
) -> None:
    ana, bea = patients
    tried = 0
    for rule, method in routes(app):
        door = access.door_of(app.view_functions[rule.endpoint])
        if not rule.arguments & things.PERSONAL.keys() or door is None or door.kind == "staff":
            continue
        nobodys = Who("patient", objects="nobody's")
        answers = []
        for one in (who, nobodys):
            with undone():
                client = app.test_client()
                assert isinstance(client, Browser)
                people.come_in(client, one, ana.user_id)
                path = address(rule, one, ana, ana, bea)
                assert path is not None
                answers.append(ask(client, method, path))
        assert [answer.status_code for answer in answers] == [404, 404], rule.endpoint
        assert _same(answers[0]) == _same(answers[1]), rule.endpoint
        tried += 1
    assert tried > 8, "the walk found none: it no longer fits the addresses"


def _same(answer: TestResponse) -> str:
    """A page without what is new on each of them: the token of its forms and the address one is at."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", text)


def test_every_name_in_an_address_has_an_object_behind_it(app: Flask) -> None:
    names = set[str]().union(*(rule.arguments for rule in app.url_map.iter_rules()))
    unknown = names - things.MADE_BY.keys() - things.WORDS.keys()
    assert not unknown, f"add {sorted(unknown)} to a table in tests/architecture/matrix/things.py"


def test_the_rules_about_objects_speak_of_doors_there_are(app: Flask) -> None:
    from tests.architecture.matrix.expected import ASKS_STRIPE, NOTHING_YET, OUTSIDE, REFUSED_BY_OBJECT

    assert OUTSIDE.keys() | REFUSED_BY_OBJECT.keys() | ASKS_STRIPE | NOTHING_YET <= app.view_functions.keys()
