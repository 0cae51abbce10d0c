"""Demo people. Staff are let in as the command line would; patients walk the journey over HTTP, some of it weeks ago.

Nothing is written past the product: whoever has a score chart answered those check-ins, whoever is charged has paid.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pyotp

from config.settings import Settings
from service.accounts.actions import create_staff
from service.catalog.queries import catalog
from service.kit import process
from service.kit.actor import SYSTEM
from service.sandbox import alerts, money, walks
from service.sandbox.advance import Mover
from service.sandbox.running import Running
from service.sandbox.standin import Standin
from service.sandbox.walker import Walker, WalkError
from service.sandbox.walks import Colleague, Mailbox, Person
from service.visits.actions import add_clinician
from service.visits.rules.rota import TypedLicense, read_hours

T = TypeVar("T")
PASSWORD = "sunny porch swing"
PAST_DAYS = 57  # four fortnights and a day: five points on a chart
RULE_ENDS = date(2027, 1, 1)  # from then on every approval needs an exam in person (config/policies.toml)
CLINIC = ZoneInfo("America/New_York")
FILE = "people.json"
CLINICIAN, COORDINATOR, OWNER = "maya@staff.example", "sam@staff.example", "olive@staff.example"
ASKS_EVERY_TIME = "4000002760003184"  # without its owner there is nobody to say yes (docs.stripe.com/testing)
ANA_ANSWERS = (
    [2, 2, 2, 2, 2, 2, 2, 3, 0],
    [2, 2, 2, 2, 1, 2, 2, 2, 0],
    [2, 2, 1, 2, 1, 2, 2, 1, 0],
    [1, 2, 1, 1, 1, 2, 1, 1, 0],
    [1, 1, 1, 1, 1, 1, 1, 1, 0],
)
CALM = [1, 2, 1, 2, 1, 1, 1, 1, 0]
WORRYING = [2, 2, 2, 2, 1, 2, 2, 1, 1]

PATIENTS = {
    "ana": Person("Ana", "Rivera", "ana@example.com", PASSWORD),
    "hugo": Person("Hugo", "Marsh", "hugo@example.com", PASSWORD, "07102", date(1975, 9, 3)),
    "ella": Person("Ella", "Brandt", "ella@example.com", PASSWORD, "32501", date(1992, 1, 30)),
    "carla": Person("Carla", "Nunez", "carla@example.com", PASSWORD, "33602", date(1984, 7, 8)),
    "dev": Person("Dev", "Patel", "dev@example.com", PASSWORD, "08540", date(1996, 12, 2)),
    "ben": Person("Ben", "Carter", "ben@example.com", PASSWORD, "07030", date(1969, 3, 21)),
    "finn": Person("Finn", "Doyle", "finn@example.com", PASSWORD, "33139", date(1990, 10, 5)),
}
NOTES = {
    "ana": "active, with a score chart; had an in-person exam",
    "hugo": "active, no in-person exam: shows the block once the federal rule has ended",
    "ella": "a worrying answer: see the alerts",
    "carla": "decided by the clinician: a coordinator completes it",
    "dev": "approved: signs, chooses a plan, pays",
    "ben": "has a visit booked: a clinician decides",
    "finn": "a member whose bank asks each time: the last charge waits for a yes; the first one is disputed",
}
STAFF = (
    ("owner", "Olive Grant", "olive@staff.example"),
    ("clinician", "Maya Lee", "maya@staff.example"),
    ("clinician", "Noah Stein", "noah@staff.example"),
    ("coordinator", "Sam Okafor", "sam@staff.example"),
    ("coordinator", "Ines Duarte", "ines@staff.example"),
    ("billing", "Bo Lind", "bo@staff.example"),
)


@dataclass(frozen=True)
class Papers:
    """What a demo clinician shows: made-up numbers with right check digits."""

    npi: str
    licenses: tuple[tuple[str, str, str], ...]  # state, kind, number


PAPERS = {
    CLINICIAN: Papers(
        "1234567893",
        (
            ("FL", "physician", "ME0142857"),
            ("FL", "dea", "FL1428576"),
            ("NJ", "physician", "25MA01428570"),
            ("NJ", "dea", "FL1428588"),
            ("NJ", "cds", "D01428570"),
        ),
    ),
    "noah@staff.example": Papers(
        "1679576722",
        (
            ("FL", "physician", "ME0271828"),
            ("FL", "dea", "BS2718281"),
            ("NJ", "physician", "25MA02718280"),
            ("NJ", "dea", "BS2718293"),
            ("NJ", "cds", "D02718280"),
        ),
    ),
}


@dataclass(frozen=True)
class Places:
    """Where the sandbox is, and the moment its demo begins."""

    web: str
    mailbox: str
    standin: str
    settings: Settings
    start: datetime
    data: Path


@dataclass(frozen=True)
class Row:
    """A line of the table that the sandbox prints."""

    who: str
    email: str
    password: str
    totp_secret: str
    note: str


@dataclass(frozen=True)
class Booked:
    """Somebody with a visit booked: their browser, and when it begins."""

    walker: Walker
    begins: datetime

    @property
    def ends(self) -> datetime:
        """When it is over."""
        return self.begins + timedelta(minutes=25)


def first_moment(start: datetime) -> datetime:
    """Where business time begins, so that people have a past at `start`."""
    return _noon(start, PAST_DAYS)


def _noon(start: datetime, days_before: int) -> datetime:
    """Noon at the clinic, days before `start`: whatever the hour of `start`, a check-in of that day is open."""
    return datetime.combine(start.astimezone(CLINIC).date() - timedelta(days=days_before), time(12), CLINIC)


def load(places: Places, timetable: Callable[[], None], say: Callable[[str], None] = print) -> list[Row]:
    """Let the demo people live up to `places.start`. Does nothing where they already did. Returns their sign-ins.

    `timetable` starts what ticks every few seconds: once the past is lived, because moving time does the same work.
    """
    kept = places.data / FILE
    if kept.exists():
        timetable()
        return [Row(**row) for row in json.loads(kept.read_text("utf-8"))]
    town = _Town(places, say)
    try:
        rows = town.populate(timetable)
    finally:
        town.close()
    kept.touch(mode=0o600)
    kept.write_text(json.dumps([asdict(row) for row in rows]), "utf-8")
    return rows


class _Town:
    def __init__(self, places: Places, say: Callable[[str], None]) -> None:
        process.open_house(places.settings)
        owner = places.settings.owner_database_url
        assert owner is not None
        running = Running(
            pid=0,
            data=places.data,
            web=places.web,
            mailbox=places.mailbox,
            standin=places.standin,
            settings=places.settings,
            owner_database_url=owner.get_secret_value(),
            people=[],
        )
        self._places, self._say = places, say
        self._mover = Mover(running, lambda _: None)
        self._mailbox = Mailbox(places.mailbox)
        self._colleagues: dict[str, Colleague] = {}
        self._signed_in: dict[str, Walker] = {}

    def close(self) -> None:
        self._mover.close()

    def populate(self, timetable: Callable[[], None]) -> list[Row]:
        """Live through the weeks before the start, then the day itself."""
        start = self._places.start
        rows = [self._employ(*who) for who in STAFF]
        ana = self._active("ana", exam_on=first_moment(start).date() - timedelta(days=5))["ana"]
        others: dict[str, Walker] = {}
        for fortnight, answers in enumerate(ANA_ANSWERS):
            self._to(_noon(start, PAST_DAYS - 14 * fortnight), compare=True)
            self._answer(ana, answers)
            if fortnight < len(ANA_ANSWERS) - 1:
                alerts.acknowledge_all(self._as_staff(CLINICIAN))
            if fortnight == 1:
                self._active("finn", card=ASKS_EVERY_TIME)
            if fortnight == 3:
                others = self._active("hugo", "ella")
                self._answer(others["ella"], CALM)
        self._decided(self._booked("carla", "dev"))
        self._to(start - timedelta(hours=1, minutes=25))
        self._complete("dev")
        self._to(start - timedelta(minutes=40))
        self._booked("ben")
        self._answer(others["ella"], WORRYING)
        self._to(start, compare=True)
        timetable()
        self._move_money(start)
        patients = [
            Row(PATIENTS[name].full_name, PATIENTS[name].email, PASSWORD, "", note) for name, note in NOTES.items()
        ]
        return [*rows, *patients]

    def _to(self, moment: datetime, *, compare: bool = False) -> None:
        if moment > self._mover.now():
            self._mover.move_to(moment, compare=compare)

    def _booked(self, *names: str) -> dict[str, Booked]:
        """People who come at the same time, each with a visit booked."""
        came = self._at_once(names, self._joined)
        self._mover.do_now("accounts.mail_confirmations")
        self._at_once(names, lambda name: self._came_in(came[name], PATIENTS[name]))
        booked = {}
        for name in names:  # one after the other: two who want the same time at once are another story
            booked[name] = Booked(came[name], walks.book(came[name], reachable=True))
            self._say(f"  {PATIENTS[name].full_name} has a visit booked")
        return booked

    def _joined(self, name: str) -> Walker:
        person, walker = PATIENTS[name], Walker(self._places.web)
        walks.assess(walker, {**walks.CALM_ANSWERS, "zip": person.zip_code}, person.born_on).must("may")
        walks.join(walker, person)
        return walker

    def _came_in(self, walker: Walker, person: Person) -> None:
        walks.confirm(walker, person, self._mailbox)
        walks.sign_in(walker, person.email, person.password, self._mailbox).must(person.given_name)
        walks.become_reachable(walker)

    def _decided(self, visits: dict[str, Booked], exam_on: date | None = None) -> None:
        """The visits take place, and the clinician, who writes when the last is over, approves."""
        self._to(max(visit.ends for visit in visits.values()))
        for name, visit in visits.items():
            person, day = PATIENTS[name], visit.ends.date()
            walks.record_decision(
                self._as_staff(CLINICIAN),
                person,
                state="NJ" if person.zip_code.startswith("0") else "FL",
                in_person_exam_on=exam_on or (day - timedelta(days=3) if day >= RULE_ENDS else None),
                seen_at=visit.ends.astimezone(CLINIC).strftime("%m/%d/%Y %I:%M %p"),
            ).must("signed")

    def _complete(self, name: str) -> None:
        walks.complete(self._as_staff(COORDINATOR), PATIENTS[name])

    def _active(self, *names: str, exam_on: date | None = None, card: str = walks.GOOD_CARD) -> dict[str, Walker]:
        """People who come at the same time and become members."""
        visits = self._booked(*names)
        self._decided(visits, exam_on)
        for name in names:
            self._complete(name)
        self._at_once(names, lambda name: self._paid(visits[name].walker, PATIENTS[name], card))
        self._mover.settle()
        for name in names:
            visits[name].walker.until("/billing", "Next charge")
            self._say(f"  {PATIENTS[name].full_name} is a member")
        return {name: visit.walker for name, visit in visits.items()}

    def _paid(self, walker: Walker, person: Person, card: str) -> None:
        walks.sign_consents(walker, person)
        money.say_yes(walker, walks.pay(walker, card=card))

    def _at_once(self, names: tuple[str, ...], do: Callable[[str], T]) -> dict[str, T]:
        with ThreadPoolExecutor(len(names)) as pool:
            return dict(zip(names, pool.map(do, names), strict=True))

    def _move_money(self, start: datetime) -> None:
        """What lists and figures about money have to show, besides a charge that failed."""
        self._mover.settle()
        owner = self._as_staff(OWNER)
        money.give_back(owner, PATIENTS["ana"].email, "40")
        money.give_back(self._as_staff(COORDINATOR), PATIENTS["ella"].email, "25")  # a coordinator only asks
        money.dispute(Standin(self._places.standin), PATIENTS["finn"].email)
        secret = self._places.settings.stripe_webhook_secrets.get_secret_value()
        money.send_strange_message(owner, secret, int(start.timestamp()))
        self._mover.settle()

    def _answer(self, walker: Walker, answers: list[int]) -> None:
        page = walker.get("/check-ins")
        path = next((href for href, _ in page.links if walks.CHECK_IN.search(href)), None)
        if path is None:
            raise WalkError(f"no check-in is open: {page.text[:400]}")
        walks.answer_check_in(walker, path, answers)

    def _employ(self, role: str, name: str, email: str) -> Row:
        now, secret = self._mover.now(), pyotp.random_base32()
        if role == "clinician":
            until, paper = (self._places.start + timedelta(days=700)).date(), PAPERS[email]
            add_clinician(
                email=email,
                password=PASSWORD,
                display_name=name,
                credentials="MD",
                time_zone="America/New_York",
                licenses=[TypedLicense(state, number, until, kind) for state, kind, number in paper.licenses],
                board="American Board of Psychiatry and Neurology",
                npi=paper.npi,
                phone="+13055550142",
                source="Entered for the sandbox",
                hours=read_hours("mon-sun:08:00-20:00"),
                states=catalog(self._places.settings.config_dir).states,
                totp_secret=secret,
                actor=SYSTEM,
                now=now,
            )
        else:
            create_staff(
                email=email,
                password=PASSWORD,
                display_name=name,
                role=role,
                totp_secret=secret,
                actor=SYSTEM,
                now=now,
            )
        self._colleagues[email] = Colleague(email, PASSWORD, secret)
        return Row(f"{name}, {role}", email, PASSWORD, secret, "")

    def _as_staff(self, email: str) -> Walker:
        if email not in self._signed_in:
            walker = Walker(self._places.web)
            walks.staff_sign_in(walker, self._colleagues[email]).must("Queue")
            self._signed_in[email] = walker
        return self._signed_in[email]
