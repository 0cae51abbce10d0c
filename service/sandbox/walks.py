"""Stretches of the journey as a person walks them, over HTTP. Used by the demo people and by smoke."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import pyotp

from service.kit.clock import wall_now
from service.sandbox.walker import FRAME, Page, Values, Walker, WalkError

GOOD_CARD = "4242424242424242"
CHECK_IN = re.compile(r"/check-ins/[0-9a-f-]{36}$")
CODE_SUBJECT = "Your sign-in code"
_devices: dict[tuple[str, str], str] = {}  # by sandbox and person: the browser that is known already
CALM_ANSWERS: dict[str, str] = {
    "zip": "33101",
    "condition": "depression",
    "safety": "none",
    "blood_pressure": "usual",
    "pressure_readings": "",
    "heart": "none",
    "mind": "none",
    "highs": "no",
    "pregnancy": "no",
    "substances": "none",
    "body": "none",
    "medicines": "none",
    "tried_medicines": "none",
    "therapy": "none",
    "earlier_treatments": "none",
    "home": "none",
    # asked only of some
    "losing_track": "no",
    "so_far": "none",
    "how_it_went": "none",
    "keeping_steady": "steady",
    "planning": "yes",
    "just_now": "well",
}


@dataclass(frozen=True)
class Person:
    """Somebody who walks."""

    given_name: str
    family_name: str
    email: str
    password: str
    zip_code: str = "33101"
    born_on: date = date(1988, 4, 12)

    @property
    def full_name(self) -> str:
        """As they sign."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True)
class Colleague:
    """A member of staff."""

    email: str
    password: str
    totp_secret: str


class Mailbox:
    """The sandbox's mailbox, read over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def mails(self, to: str) -> list[dict[str, str]]:
        """The mails to one address, oldest first."""
        with urllib.request.urlopen(f"{self._url}/api/mails", timeout=10) as answer:
            everything = json.load(answer)
        return [mail for mail in everything if to.lower() in str(mail["to"]).lower()]

    def wait_for(self, to: str, subject: str, *, after: int = 0, seconds: float = 25) -> dict[str, str]:
        """The newest mail to `to` with `subject` in its subject, beyond the first `after` such mails."""
        end = time.monotonic() + seconds
        while True:
            found = [mail for mail in self.mails(to) if subject.lower() in mail["subject"].lower()]
            if len(found) > after:
                return found[-1]
            if time.monotonic() > end:
                subjects = [mail["subject"] for mail in self.mails(to)]
                raise WalkError(f"no mail “{subject}” to {to} within {seconds:g} s; there are {subjects}")
            time.sleep(0.2)


def path_in(mail: dict[str, str], pattern: str) -> str:
    """The path of the first link in `mail` that matches `pattern`."""
    for link in re.findall(r"https?://[^\s<>\"]+", mail["text"]):
        parts = urlsplit(link)
        if re.search(pattern, parts.path):
            return str(parts.path)
    raise WalkError(f"no link {pattern} in the mail “{mail['subject']}”: {mail['text'][:400]}")


def assess(walker: Walker, answers: dict[str, str], born_on: date = date(1988, 4, 12)) -> Page:
    """Take the assessment until it ends or asks for something that `answers` does not say."""
    walker.get("/assessment")
    page = walker.fill({}, "/assessment")
    for _ in range(40):
        question = page.path.rpartition("/")[2]
        if not page.path.startswith("/assessment/") or question == "result" or page.status != 200:
            return page
        if question == "check":
            page = walker.fill({})
            continue
        names = {name for form in page.forms for name in (*form.values, *form.choices)}
        if "answer" not in names and "answer-month" not in names:
            return page
        values: Values = (
            {"answer-month": str(born_on.month), "answer-day": str(born_on.day), "answer-year": str(born_on.year)}
            if "answer-month" in names
            else {"answer": answers[question]}
        )
        page = walker.fill(values, "answer" if "answer" in names else "answer-month")
    raise WalkError("the assessment does not end")


def join(walker: Walker, person: Person) -> Page:
    """Make an account from the assessment just taken."""
    walker.get("/join")
    return walker.fill(
        {
            "given_name": person.given_name,
            "family_name": person.family_name,
            "email": person.email,
            "password": person.password,
            "notices": "y",
        },
        "password",
    ).must("Check your email")


def confirm(walker: Walker, person: Person, mailbox: Mailbox) -> Page:
    """Open the link in the mail and enter the password chosen at joining."""
    walker.get(path_in(mailbox.wait_for(person.email, "Confirm"), r"^/confirm/")).must("Confirm")
    return walker.fill({"password": person.password}, "/confirm/")


def sign_in(walker: Walker, email: str, password: str, mailbox: Mailbox | None = None) -> Page:
    """Sign in with a password, and on a new device with the code from the mail. An offer is answered "not now".

    Whoever came in once brings the same device again, as people do: it is not asked for a code any more.
    """
    walker.bring_device(_devices.get((walker.base, email), ""))
    walker.get("/sign-in")
    page = enter(walker, email, password, mailbox)
    if any(form.action.endswith("/not-now") for form in page.forms):
        page = walker.fill({}, "/not-now")
    if page.path != "/second-factor":
        _devices[walker.base, email] = walker.device()
    return page


def the_house_moved(before: str, after: str) -> None:
    """The sandbox has another address now: people come with the devices that they had."""
    for base, email in [known for known in _devices if known[0] == before]:
        _devices[after, email] = _devices[base, email]


def enter(walker: Walker, email: str, password: str, mailbox: Mailbox | None = None) -> Page:
    """Send the form that asks for the password and, where a code is asked for, the one that was mailed."""
    before = len(_codes(mailbox, email)) if mailbox else 0
    page = walker.fill({"email": email, "password": password}, "password")
    if page.path == "/second-factor" and mailbox is not None:
        mail = mailbox.wait_for(email, CODE_SUBJECT, after=before)
        page = walker.fill({"code": code_in(mail), "remember": "y"}, "code")  # on a device of their own
    return page


def _codes(mailbox: Mailbox, email: str) -> list[dict[str, str]]:
    return [mail for mail in mailbox.mails(email) if CODE_SUBJECT in mail["subject"]]


def code_in(mail: dict[str, str]) -> str:
    """The eight digits of a mailed code."""
    found = re.search(r"^\d{8}\b", mail["text"], re.MULTILINE)
    if found is None:
        raise WalkError(f"no code in the mail “{mail['subject']}”: {mail['text'][:400]}")
    return found.group()


def staff_sign_in(walker: Walker, colleague: Colleague) -> Page:
    """Sign in with a password and a code. A code works once: when it was just used, wait for the next."""
    page = sign_in(walker, colleague.email, colleague.password)
    for _ in range(4):
        if page.path != "/second-factor":
            return page
        page = walker.fill({"code": pyotp.TOTP(colleague.totp_secret).at(wall_now())}, "code")
        if page.path == "/second-factor":
            time.sleep(31 - time.time() % 30)
    raise WalkError(f"the second factor of {colleague.email} was not accepted")


def book(walker: Walker, *, with_whom: str = "Maya", own_words: str = "", reachable: bool = False) -> datetime:
    """Book the first open time of one clinician. Returns when it begins. `reachable`: they told how, freshly proved."""
    if not reachable:
        become_reachable(walker)
    page = walker.get("/visits/book")
    days = [href for href, _ in page.links if re.search(r"/visits/book/\d{4}-", href)]
    if not days:
        raise WalkError(f"no day is open: {page.text[:400]}")
    page = walker.get(days[0])
    own = [href for href, name in page.links if with_whom in name and "with=" in href]
    page = walker.get(own[0]) if own else page
    slot = page.form("slot").choices["slot"][0]
    walker.fill({"slot": slot}, "slot").must("We keep this time for you until")
    walker.fill({"own_words": own_words}, "own_words").must("booked")
    return datetime.fromtimestamp(int(slot.rpartition("_")[2]), UTC)


def go_in(walker: Walker, person: Person, *, county: str, address: str, callback: str) -> Page:
    """Sign what comes before a visit, say where one is, in its state, and stand before the video room. It is time."""
    sign_consents(walker, person)
    page = walker.get("/visits")
    walker.get(page.link("Open the room"))
    answers: Values = {"where": "here", "county": county, "help_to": "at", "address": address, "callback": callback}
    return walker.fill(answers, "callback").must("Go to the video room")


def sign_consents(walker: Walker, person: Person) -> int:
    """Read and sign every text that is asked for; not those that are only offered. Returns how many."""
    signed, read = 0, set[str]()
    for href, _ in walker.get("/consents").links:
        path = urlsplit(href).path
        if not _ASKED.fullmatch(path) or path in read:
            continue
        page = walker.get(path)
        while "typed_name" in _names(page):
            read.add(page.path)
            sitter: Values = {"name": "Luis Rivera", "relation": "brother", "phone": "(305) 555-0199"}
            filled = sitter if "relation" in _names(page) else {}
            page = walker.fill({"agreed": "y", "typed_name": person.full_name, **filled}, "agreed")
            if "how you sign" in page.heading:  # a name unlike the account's is asked about once
                page = walker.fill({"sure": "y"}, "typed_name")
            signed += 1
    return signed


_ASKED = re.compile(r"/consents/(?!emergency|signed|marketing|roi_)[a-z_]+")


def _names(page: Page) -> set[str]:
    return {name for form in page.forms for name in (*form.values, *form.choices)}


def open_record(walker: Walker, person: Person) -> Page:
    """Find somebody in the queue and open the record."""
    page = walker.get("/staff/queue?status=all")
    return walker.get(page.link(person.family_name))


def take(walker: Walker, person: Person) -> Page:
    """Look after somebody whom nobody has taken yet, from the queue; open the record of somebody one looks after."""
    page = walker.get("/staff/queue?status=all")
    record = urlsplit(page.link(person.family_name)).path
    forms = [form for form in page.forms if form.action == f"{record}/take"]
    return walker.send(forms[0]) if forms else walker.get(record)


def add_colleague(walker: Walker, person: Person, name: str) -> Page:
    """Somebody on the care team asks a colleague onto it."""
    walker.get(f"{urlsplit(open_record(walker, person).url).path}/team")
    assert walker.page is not None
    found = re.search(rf'<option value="([0-9a-f-]+)">{name}', walker.page.html)
    if found is None:
        raise WalkError(f"{name} cannot be added: {walker.page.text[:400]}")
    return walker.fill({"user_id": found.group(1)}, "user_id").must("on the care team now")


def record_decision(
    walker: Walker, person: Person, *, state: str, in_person_exam_on: date | None = None, seen_at: str
) -> Page:
    """As a clinician: sign the visit and approve. `seen_at` is the clinician's clock, "11/23/2026 10:15 AM"."""
    record = open_record(walker, person)
    walker.get(record.path + "/encounter")
    values = a_visit(state=state, seen_at=seen_at)
    if in_person_exam_on is not None:
        values |= day_values("in_person_exam_on", in_person_exam_on)
    return walker.fill(values, "decision")


def a_visit(*, state: str, seen_at: str) -> Values:
    """What a clinician fills in who approves, in full. When it began, the page knows; it ended at `seen_at`."""
    return {
        "modality": "video",
        "platform": "The practice's video room",
        "ended_at": seen_at,
        "practitioner_state": state,
        "patient_state": state,
        "place_confirmed": "y",
        "emergency_address": f"1 Main Street, {state}",
        "callback": "(305) 555-0123",
        "identity_method": "photo_id",
        "document": "drivers_license",
        "issued_by": state,
        "last4": "1234",
        **day_values("document_expires_on", date(2031, 5, 17)),
        "id_matches": ["name", "birth_date", "address"],
        "agreed_to_telehealth": "y",
        "disclosed": ["physician"],
        "pdmp_checked_at": seen_at,
        "pdmp_finding": "none",
        "history_reviewed": "y",
        "medicines_reconciled": "y",
        "systolic_1": "122",
        "diastolic_1": "78",
        "heart_rate": "68",
        "sitter": "settled",
        "monitor": "settled",
        "assessment": "As the assessment said. Alert, oriented, no acute risk.",
        "diagnoses": "F33.1",
        "plan": "Begin with the first parcel, check in each week.",
        "safety_plan_given": "y",
        "visit_level": "99204",
        "notes": "Spoke for thirty minutes. History taken, options and risks discussed, questions answered.",
        "decision": "approve",
    }


def day_values(name: str, day: date) -> Values:
    """A day as the three boxes of its field."""
    return {f"{name}-month": str(day.month), f"{name}-day": str(day.day), f"{name}-year": str(day.year)}


def become_reachable(walker: Walker) -> None:
    """Tell a street, a telephone and whom to call, as far as that is not told yet. Needs a fresh proof."""
    told: tuple[tuple[str, str, Values], ...] = (
        ("/settings/address", "line1", {"line1": "1 Main Street", "city": "Springfield"}),
        ("/settings/phone", "phone", {"phone": "(305) 555-0123"}),
        (
            "/settings/emergency-contact",
            "name",
            {"name": "Luis Rivera", "relation": "brother", "phone": "(305) 555-0199"},
        ),
    )
    for path, field, values in told:
        page = walker.get(path)
        if field not in _names(page):
            raise WalkError(f"{path} does not ask for {field}: {page.text[:400]}")
        if not any(form.values.get(field) for form in page.forms):
            walker.fill(values, field).must("changed")


def complete(walker: Walker, person: Person) -> Page:
    """As a coordinator: take it where nobody has, go through the checklist, and complete the approval."""
    record = take(walker, person)
    checklist = walker.get(f"{urlsplit(record.url).path}/complete")
    return walker.send(checklist.form("/complete"))


def pay(walker: Walker, *, card: str = GOOD_CARD) -> Page:
    """Choose the first plan, agree, and pay on the hosted page with one of its test cards."""
    page = walker.get("/membership")
    form = page.form("agreed")
    plan = form.choices.get("plan", [""])[0] or form.values.get("plan", "")
    hosted = walker.send(form, {"agreed": "y", "plan": plan})
    for form in hosted.forms:
        for name, values in form.choices.items():
            if card in values:
                return walker.send(form, {name: card})
    raise WalkError(f"no card “{card}” on {hosted.url}: {[form.choices for form in hosted.forms]}")


def answer_check_in(walker: Walker, path: str, answers: list[int]) -> tuple[Page, list[Page]]:
    """Open a check-in, answer item by item (0 to what is asked beyond `answers`), and send it.

    Returns the last page and the safety pages met on the way.
    """
    page, given, safety = walker.get(path), iter(answers), list[Page]()
    for _ in range(2 * len(answers) + 6):
        form = next((one for one in page.forms if one.method == "post" and not one.action.endswith(FRAME)), None)
        if form is not None and "answer" in form.choices:
            page = walker.send(form, {"answer": str(next(given, 0))})
        elif form is not None:
            page = walker.send(form)
        else:
            onwards = [href for href, _ in page.links if re.search(r"/check-ins/[0-9a-f-]{36}/(\d+|check)$", href)]
            if not onwards or page.path.endswith("/result"):
                return page, safety
            page = walker.get(onwards[-1])
            continue
        if "Get help now" in page.text:
            safety.append(page)
    return page, safety
